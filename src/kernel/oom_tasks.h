/*
 * The table of tasks in an OOM report (mm/oom_kill.c, dump_tasks()), of which the largest are kept:
 *
 *     [  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name
 *     [   4242]  1000  4242   123456    65536   524288        0             0 python3
 *
 * Kernels differ in the columns; the headings tell which there are. Memory is in pages of the machine that
 * wrote the log, page tables are in bytes.
 */
#pragma once

#include "kernel/oom_kill.h"
#include "kernel/span.h"

/* The columns that are of use. */
enum task_column {
    TASK_UID,
    TASK_TGID,
    TASK_TOTAL_VM,
    TASK_RSS,
    TASK_PGTABLES,
    TASK_SWAP,
    TASK_ADJ,
    TASK_COLUMNS,
};

enum { TASK_TABLE_COLUMNS_MAX = 16 };

struct task_row {
    struct value numbers[TASK_COLUMNS];
    char comm[OOM_COMM_MAX];
};

/* A zeroed one is empty. */
struct oom_tasks {
    enum task_column columns[TASK_TABLE_COLUMNS_MAX]; /* as they come, TASK_COLUMNS: of no use */
    size_t column_count;                              /* 0: no table yet */
    struct task_row rows[OOM_TASKS_MAX];              /* the largest first */
    size_t row_count;
};

void oom_tasks_forget(struct oom_tasks *tasks);

/* Each returns whether the line is one of theirs. Headings begin a new table; one that has no tgid or no rss
 * is none. */
bool oom_tasks_take_headings(struct oom_tasks *tasks, struct span line);
bool oom_tasks_take_row(struct oom_tasks *tasks, struct span line);

/* Gives a victim what the table has of it and the line of the kill, of an older kernel, does not; and the
 * largest tasks. */
void oom_tasks_add_to(const struct oom_tasks *tasks, struct oom_kill *kill);
