#include "render/process_table.h"

#include "render/cells.h"

#include <math.h>

enum {
    PID_CELL = 12,
    UID_CELL = 7,
    SIZE_CELL = 7,
    RATE_CELL = 8,
    COMM_CELL = 16,
    LINE_EXTRA = 128,
};

size_t process_table_max(size_t count)
{
    return (count + 1) * ((PROCESS_COMM_MAX + PROCESS_CGROUP_MAX) * 4 + LINE_EXTRA);
}

static double rate(struct value since, double seconds)
{
    return since.present && seconds > 0 ? (double)since.number / seconds : NAN;
}

static void put_headings(struct text *text)
{
    cell_word(text, "pid", PID_CELL);
    cell_word(text, "uid", UID_CELL);
    cell_word(text, "rss", SIZE_CELL);
    cell_word(text, "swap", SIZE_CELL);
    cell_word(text, "min/s", RATE_CELL);
    cell_word(text, "maj/s", RATE_CELL);
    text_char(text, ' ');
    cell_name(text, "command", COMM_CELL);
    text_string(text, " cgroup\n");
}

static void put_row(struct text *text, const struct process_row *row, double seconds)
{
    cell_number(text, (struct value){row->pid, true}, PID_CELL);
    cell_number(text, row->uid, UID_CELL);
    cell_size(text, (struct value){row->rss_bytes, true}, SIZE_CELL);
    cell_size(text, row->swap_bytes, SIZE_CELL);
    cell_decimal(text, rate(row->minor_faults_since, seconds), 0, RATE_CELL);
    cell_decimal(text, rate(row->major_faults_since, seconds), 0, RATE_CELL);
    text_char(text, ' ');
    cell_name(text, row->comm, COMM_CELL);
    text_char(text, ' ');
    cell_name(text, row->cgroup, 0);
    text_char(text, '\n');
}

void process_table_put(struct text *text, const struct process_row *rows, size_t count, double seconds)
{
    put_headings(text);
    for (size_t i = 0; i < count; i++)
        put_row(text, &rows[i], seconds);
}
