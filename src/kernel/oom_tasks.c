#include "kernel/oom_tasks.h"

#include <string.h>
#include <unistd.h>

static const char *const column_names[TASK_COLUMNS] = {
    [TASK_UID] = "uid",
    [TASK_TGID] = "tgid",
    [TASK_TOTAL_VM] = "total_vm",
    [TASK_RSS] = "rss",
    [TASK_PGTABLES] = "pgtables_bytes",
    [TASK_SWAP] = "swapents",
    [TASK_ADJ] = "oom_score_adj",
};

void oom_tasks_forget(struct oom_tasks *tasks)
{
    tasks->column_count = 0;
    tasks->row_count = 0;
}

static enum task_column column_named(struct span name)
{
    enum task_column column = 0;

    while (column < TASK_COLUMNS && !span_is(name, column_names[column]))
        column++;
    return column;
}

static bool has_column(const struct oom_tasks *tasks, enum task_column column)
{
    for (size_t i = 0; i < tasks->column_count; i++) {
        if (tasks->columns[i] == column)
            return true;
    }
    return false;
}

bool oom_tasks_take_headings(struct oom_tasks *tasks, struct span line)
{
    if (!span_take_prefix(&line, "["))
        return false;
    span_skip_blanks(&line);
    if (!span_take_prefix(&line, "pid") || !span_take_until(&line, "]", NULL))
        return false;
    oom_tasks_forget(tasks);
    while (tasks->column_count < TASK_TABLE_COLUMNS_MAX) {
        struct span name = span_take_word(&line);
        if (name.length == 0 || span_is(name, "name"))
            break;
        tasks->columns[tasks->column_count++] = column_named(name);
    }
    if (!has_column(tasks, TASK_TGID) || !has_column(tasks, TASK_RSS))
        oom_tasks_forget(tasks); /* it says neither who nor how much */
    return true;
}

/* Keeps the largest, in order. */
static void keep_row(struct oom_tasks *tasks, const struct task_row *row)
{
    size_t place = tasks->row_count;

    while (place > 0 && tasks->rows[place - 1].numbers[TASK_RSS].number < row->numbers[TASK_RSS].number)
        place--;
    if (place == OOM_TASKS_MAX)
        return;
    if (tasks->row_count < OOM_TASKS_MAX)
        tasks->row_count++;
    memmove(&tasks->rows[place + 1], &tasks->rows[place],
            (tasks->row_count - place - 1) * sizeof(*tasks->rows));
    tasks->rows[place] = *row;
}

bool oom_tasks_take_row(struct oom_tasks *tasks, struct span line)
{
    struct task_row row = {0};

    if (!span_take_prefix(&line, "["))
        return false;
    span_skip_blanks(&line);
    if (!span_take_number(&line).present || !span_take_prefix(&line, "]"))
        return false;
    for (size_t i = 0; i < tasks->column_count; i++) {
        span_skip_blanks(&line);
        struct value number = span_take_number(&line);
        if (!number.present)
            return true; /* a row of another form: left out */
        if (tasks->columns[i] < TASK_COLUMNS)
            row.numbers[tasks->columns[i]] = number;
    }
    /* Printed as %d: those from 2^31 on come with a minus. */
    row.numbers[TASK_UID].number = (uint32_t)row.numbers[TASK_UID].number;
    if (tasks->column_count > 0 && span_take_prefix(&line, " ")) {
        SPAN_KEEP(row.comm, line);
        keep_row(tasks, &row);
    }
    return true;
}

static const struct task_row *row_of(const struct oom_tasks *tasks, struct value pid)
{
    for (size_t i = 0; i < tasks->row_count; i++) {
        if (tasks->rows[i].numbers[TASK_TGID].number == pid.number)
            return &tasks->rows[i];
    }
    return NULL;
}

/* The table counts pages, the kill KiB: where the log is from another machine, that tells its page size. */
static uint64_t page_size(const struct task_row *victim, const struct oom_kill *kill)
{
    if (victim && victim->numbers[TASK_TOTAL_VM].number > 0 && kill->total_vm_bytes.present) {
        uint64_t size = kill->total_vm_bytes.number / victim->numbers[TASK_TOTAL_VM].number;
        if (size >= 4096 && size <= 65536 && (size & (size - 1)) == 0)
            return size;
    }
    return (uint64_t)sysconf(_SC_PAGESIZE);
}

static void list(const struct oom_tasks *tasks, uint64_t page, struct oom_kill *kill)
{
    kill->task_count = tasks->row_count;
    for (size_t i = 0; i < tasks->row_count; i++) {
        const struct task_row *row = &tasks->rows[i];
        struct oom_task *task = &kill->tasks[i];
        task->pid = row->numbers[TASK_TGID];
        task->uid = row->numbers[TASK_UID];
        task->rss_bytes = value_times(row->numbers[TASK_RSS], page);
        task->swap_bytes = value_times(row->numbers[TASK_SWAP], page);
        task->oom_score_adj = row->numbers[TASK_ADJ];
        memcpy(task->comm, row->comm, sizeof(task->comm));
    }
}

/* Up to 5.5 page tables were printed in bytes, and called kB (mended by commit 941f762bcb27): the table of
 * tasks tells, or that they would be larger than all that they map. */
static void mend_pgtables(const struct task_row *victim, struct oom_kill *kill)
{
    uint64_t bytes = kill->pgtables_bytes.number / 1024;
    bool as_in_row =
        victim && victim->numbers[TASK_PGTABLES].present && victim->numbers[TASK_PGTABLES].number == bytes;
    bool too_large =
        kill->total_vm_bytes.present && kill->pgtables_bytes.number > kill->total_vm_bytes.number;

    if (kill->pgtables_bytes.present && (as_in_row || too_large))
        kill->pgtables_bytes.number = bytes;
}

static void fill_in(struct value *value, struct value from_table)
{
    if (!value->present)
        *value = from_table;
}

void oom_tasks_add_to(const struct oom_tasks *tasks, struct oom_kill *kill)
{
    const struct task_row *victim = row_of(tasks, kill->pid);

    mend_pgtables(victim, kill);
    if (victim) {
        fill_in(&kill->uid, victim->numbers[TASK_UID]);
        fill_in(&kill->oom_score_adj, victim->numbers[TASK_ADJ]);
        fill_in(&kill->pgtables_bytes, victim->numbers[TASK_PGTABLES]);
    }
    list(tasks, page_size(victim, kill), kill);
}
