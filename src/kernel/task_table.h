/*
 * All processes, summed from the records that a task iterator gives of their threads (bpf/task_record.h). The
 * records come as a stream of bytes, in pieces of any size, ascending by the kernel's number of a task.
 */
#pragma once

#include "kernel/process.h"

#include <stddef.h>

/* STAT is as /proc/PID/stat has it. */
struct task_process {
    struct process_stat stat;
    uint64_t uid; /* the effective one */
    uint64_t swap_pages;
};

struct task_record_process;

/* What the record of a process says. */
void task_process_from_record(struct task_process *process, const struct task_record_process *record,
                              uint64_t ns_per_tick);

struct task_share;

/* A zeroed one is empty. */
struct task_table {
    struct task_process *processes; /* ascending by pid */
    size_t count;
    size_t room;

    /* its own */
    struct task_share
        *early; /* threads that come before the first one of their process: numbers have wrapped */
    size_t early_count;
    size_t early_room;
    uint64_t ns_per_tick;
};

/* Makes room for COUNT processes. Returns 0 or -ENOMEM. */
int task_table_reserve(struct task_table *table, size_t count);
void task_table_free(struct task_table *table);

/* Empties it, for the next stream; memory stays. */
void task_table_begin(struct task_table *table);

/*
 * Takes the records that lie whole within BYTES[LENGTH], aligned for a uint64_t. Sets *USED to how many bytes
 * these are: the rest is to be given again, with more behind it. Returns 0, or a negative errno: -ENOMEM, or
 * -EBADMSG where that is no such stream. Allocates only for more processes than ever before.
 */
int task_table_take(struct task_table *table, const void *bytes, size_t length, size_t *used);

/* After the last record. Threads whose process has not come are left out: it began after its turn. */
void task_table_end(struct task_table *table);
