#include "render/trace_table.h"

#include "base/clock.h"
#include "base/size.h"
#include "render/cells.h"

#include <inttypes.h>

enum {
    PID_CELL = 8,
    COMM_CELL = 15,
    COUNT_CELL = 8,
    TIME_CELL = 7,
    CLOCK_CELL = 12,
    ADDRESS_CELL = 15,
    OFFSET_CELL = 12,
    SUMMARY_MAX = 4096, /* totals, headings, others and the histogram */
};

size_t trace_table_max(const struct fault_rows *rows)
{
    return SUMMARY_MAX + 8192 + (rows->count + 1) * (size_t)TRACE_TABLE_LINE_MAX;
}

/* -- cells -- */

void trace_table_put_time(struct text *text, uint64_t ns)
{
    static const char *const units[] = {"ns", "us", "ms", "s"};
    enum { UNITS = sizeof(units) / sizeof(*units) };
    double number = (double)ns;
    size_t unit = 0;

    for (; number >= 999.5 && unit < UNITS - 1; unit++)
        number /= 1000;
    text_decimal(text, number, number < 9.95 && unit > 0 && ns > 0 ? 1 : 0);
    text_string(text, units[unit]);
}

static void cell_time(struct text *text, uint64_t ns, bool present)
{
    size_t start = text->length;

    if (present)
        trace_table_put_time(text, ns);
    else
        text_char(text, '-');
    cell_fill_left(text, start, TIME_CELL);
}

void trace_table_put_file(struct text *text, const struct fault_key *key, const struct fault_pair *pair)
{
    static const char *const signs[] = {[FAULT_FILE] = "",
                                        [FAULT_SHMEM] = "[shmem] ",
                                        [FAULT_SWAP] = "[swap]",
                                        [FAULT_UNKNOWN] = "[unknown]"};
    bool has_path = key->backing == FAULT_FILE || key->backing == FAULT_SHMEM;

    text_string(text, signs[key->backing <= FAULT_UNKNOWN ? key->backing : FAULT_UNKNOWN]);
    if (!has_path)
        return;
    if (pair && pair->path && pair->path[0])
        text_printable(text, pair->path);
    else
        text_format(text, "[device %" PRIu32 ":%" PRIu32 " inode %" PRIu64 "]", key->device >> 20,
                    key->device & 0xfffffU, (uint64_t)key->inode);
    if (pair && pair->deleted)
        text_string(text, " (deleted)");
}

/* -- rows -- */

static bool has_process(enum fault_grouping grouping)
{
    return grouping == FAULTS_BY_PAIR || grouping == FAULTS_BY_PROCESS;
}

static const char *last_heading(enum fault_grouping grouping)
{
    static const char *const headings[] = {
        [FAULTS_BY_PAIR] = "file",
        [FAULTS_BY_PROCESS] = "cgroup",
        [FAULTS_BY_FILE] = "file",
        [FAULTS_BY_CGROUP] = "cgroup",
    };
    return headings[grouping];
}

static void put_headings(struct text *text, enum fault_grouping grouping)
{
    static const char *const times[] = {"total", "p50", "p90", "p99", "max"};

    if (has_process(grouping)) {
        cell_word(text, "pid", PID_CELL);
        text_char(text, ' ');
        cell_name(text, "command", COMM_CELL);
    }
    cell_word(text, "faults", COUNT_CELL);
    for (size_t i = 0; i < sizeof(times) / sizeof(*times); i++)
        cell_word(text, times[i], TIME_CELL);
    cell_word(text, "waits", COUNT_CELL);
    cell_word(text, "waited", TIME_CELL);
    text_char(text, ' ');
    text_string(text, last_heading(grouping));
    text_char(text, '\n');
}

static void put_latency(struct text *text, const struct latency *latency, bool has_waits)
{
    static const unsigned percents[] = {50, 90, 99};
    bool any = latency->faults > 0;

    cell_number(text, (struct value){latency->faults, true}, COUNT_CELL);
    cell_time(text, latency->total_ns, any);
    for (size_t i = 0; i < sizeof(percents) / sizeof(*percents); i++)
        cell_time(text, latency_percentile_ns(latency, percents[i]), any);
    cell_time(text, latency->max_ns, any);
    cell_number(text, (struct value){latency->waits, has_waits}, COUNT_CELL);
    cell_time(text, latency->wait_ns, has_waits && latency->waits > 0);
    text_char(text, ' ');
}

static void put_row(struct text *text, const struct fault_row *row, enum fault_grouping grouping,
                    bool has_waits)
{
    const struct fault_pair *pair = row->pair;

    if (has_process(grouping)) {
        cell_number(text, (struct value){pair->key.pid, true}, PID_CELL);
        text_char(text, ' ');
        cell_name(text, pair->comm, COMM_CELL);
    }
    put_latency(text, &row->latency, has_waits);
    if (grouping == FAULTS_BY_PAIR || grouping == FAULTS_BY_FILE)
        trace_table_put_file(text, &pair->key, pair);
    else
        cell_name(text, pair->cgroup ? pair->cgroup : "", 0);
    text_char(text, '\n');
}

static void put_others(struct text *text, const struct fault_rows *rows, enum fault_grouping grouping,
                       bool has_waits)
{
    if (rows->others_latency.faults + rows->others_latency.waits == 0)
        return;
    if (has_process(grouping)) {
        cell_word(text, "", PID_CELL);
        text_char(text, ' ');
        cell_name(text, "others", COMM_CELL);
    }
    put_latency(text, &rows->others_latency, has_waits);
    if (rows->others > 0)
        text_format(text, "[%zu others]\n", rows->others);
    else
        text_string(text, "[others]\n"); /* which there was no room for */
}

/* -- the histogram: one line for each power of two -- */

enum { OCTAVES = FAULT_OCTAVE_END - FAULT_OCTAVE_FIRST + 2, BAR_CELL = 47 };

static size_t octave_of(size_t bucket)
{
    return (bucket + FAULT_OCTAVE_BUCKETS - 1) / FAULT_OCTAVE_BUCKETS;
}

static void fold_octaves(const struct latency *latency, uint64_t *octaves)
{
    for (size_t i = 0; i < FAULT_BUCKETS; i++)
        octaves[octave_of(i)] += latency->buckets[i];
}

/* Eighths of a character where the terminal shows them. */
static void put_bar(struct text *text, uint64_t count, uint64_t most, bool signs)
{
    static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
    enum { PARTS = sizeof(parts) / sizeof(*parts) };
    uint64_t eighths = (uint64_t)((double)count / (double)most * BAR_CELL * PARTS + 0.5);

    if (eighths == 0 && count > 0)
        eighths = 1;
    for (uint64_t i = 0; i < eighths / PARTS; i++)
        text_string(text, signs ? "█" : "#");
    if (signs)
        text_string(text, parts[eighths % PARTS]);
    else if (eighths < PARTS && count > 0)
        text_char(text, '#');
}

static void put_range(struct text *text, size_t octave)
{
    size_t start = text->length;
    size_t first = octave == 0 ? 0 : 1 + (octave - 1) * FAULT_OCTAVE_BUCKETS;

    trace_table_put_time(text, latency_bucket_begin(first));
    cell_fill_left(text, start, TIME_CELL);
    text_string(text, octave < OCTAVES - 1 ? " to " : " on ");
    start = text->length;
    if (octave < OCTAVES - 1)
        trace_table_put_time(text, latency_bucket_begin(1 + octave * FAULT_OCTAVE_BUCKETS));
    cell_fill_right(text, start, TIME_CELL);
}

static void put_histogram(struct text *text, const struct latency *latency, bool signs)
{
    uint64_t octaves[OCTAVES] = {0};
    uint64_t most = 0;
    size_t first = OCTAVES;
    size_t last = 0;

    fold_octaves(latency, octaves);
    for (size_t i = 0; i < OCTAVES; i++) {
        if (octaves[i] == 0)
            continue;
        most = octaves[i] > most ? octaves[i] : most;
        first = first < OCTAVES ? first : i;
        last = i;
    }
    for (size_t i = first; most > 0 && i <= last; i++) {
        put_range(text, i);
        cell_number(text, (struct value){octaves[i], true}, COUNT_CELL + 4);
        text_string(text, octaves[i] > 0 ? " " : "");
        put_bar(text, octaves[i], most, signs);
        text_char(text, '\n');
    }
}

/* -- all -- */

static void put_counted(struct text *text, uint64_t count, const char *what)
{
    text_unsigned(text, count);
    text_char(text, ' ');
    text_string(text, what);
    text_string(text, count == 1 ? "" : "s");
}

static void put_totals(struct text *text, const struct fault_rows *rows, const struct trace_summary *summary)
{
    put_counted(text, rows->all.faults, "major fault");
    text_string(text, " took ");
    trace_table_put_time(text, rows->all.total_ns);
    text_string(text, " in ");
    text_duration(text, summary->seconds);
    if (rows->all.waits > 0) {
        text_string(text, "; ");
        put_counted(text, rows->all.waits, "wait");
        text_string(text, " for pages took ");
        trace_table_put_time(text, rows->all.wait_ns);
    }
    text_char(text, '\n');
}

/* What is not told, where there is any. */
static void put_gaps(struct text *text, const struct fault_rows *rows, const struct trace_summary *summary)
{
    const struct {
        uint64_t count;
        const char *words;
    } gaps[] = {
        {rows->unknown, "on a file that could not be told: the memory map was locked"},
        {summary->beyond, "among the others, as there was no room for their process and file: see --pairs"},
        {summary->unstarted, "left out: they had begun before the trace did"},
        {summary->lost, "names and events lost: they came faster than they were read"},
    };

    for (size_t i = 0; i < sizeof(gaps) / sizeof(*gaps); i++) {
        if (gaps[i].count > 0)
            text_format(text, "%" PRIu64 " %s\n", gaps[i].count, gaps[i].words);
    }
}

void trace_table_put(struct text *text, const struct fault_rows *rows, enum fault_grouping grouping,
                     const struct trace_summary *summary, const struct style *style)
{
    put_totals(text, rows, summary);
    put_gaps(text, rows, summary);
    if (rows->count == 0 && rows->all.faults + rows->all.waits == 0)
        return;
    text_char(text, '\n');
    put_headings(text, grouping);
    for (size_t i = 0; i < rows->count; i++)
        put_row(text, &rows->list[i], grouping, summary->has_waits);
    put_others(text, rows, grouping, summary->has_waits);
    if (rows->all.faults == 0)
        return;
    text_char(text, '\n');
    put_histogram(text, &rows->all, style->signs);
}

/* -- events -- */

static void put_clock(struct text *text, uint64_t wall_ns)
{
    size_t start = text->length;

    clock_put_time_of_day(text, wall_ns);
    text_format(text, ".%03u", (unsigned)(wall_ns % NS_PER_SECOND / 1000000));
    cell_fill_right(text, start, CLOCK_CELL);
}

static void cell_hex(struct text *text, uint64_t number, bool present, size_t width)
{
    size_t start = text->length;

    text_format(text, present ? "0x%" PRIx64 : "-", number);
    cell_fill_left(text, start, width);
}

void trace_table_put_event_header(struct text *text)
{
    cell_name(text, "time", CLOCK_CELL);
    cell_word(text, "pid", PID_CELL);
    cell_word(text, "tid", PID_CELL);
    text_char(text, ' ');
    cell_name(text, "command", COMM_CELL);
    cell_word(text, "took", TIME_CELL);
    text_string(text, "  what ");
    cell_word(text, "address", ADDRESS_CELL);
    cell_word(text, "offset", OFFSET_CELL);
    text_string(text, " file\n");
}

void trace_table_put_event(struct text *text, const struct trace_event *event)
{
    const struct fault_record_event *fault = event->fault;
    char comm[FAULT_COMM_BYTES + 1] = {0};
    struct text name = text_over(comm, FAULT_COMM_BYTES);

    text_bytes(&name, fault->comm, FAULT_COMM_BYTES);
    put_clock(text, event->wall_ns);
    cell_number(text, (struct value){fault->key.pid, true}, PID_CELL);
    cell_number(text, (struct value){fault->tid, true}, PID_CELL);
    text_char(text, ' ');
    cell_name(text, comm, COMM_CELL);
    cell_time(text, fault->ns, true);
    text_string(text, fault->waited ? "  wait " : "  major");
    cell_hex(text, fault->address, true, ADDRESS_CELL);
    cell_hex(text, fault->offset, fault->key.backing <= FAULT_SHMEM, OFFSET_CELL);
    text_char(text, ' ');
    trace_table_put_file(text, &fault->key, event->pair);
    text_char(text, '\n');
}
