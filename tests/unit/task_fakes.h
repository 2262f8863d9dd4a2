/*
 * What the kernel tells of processes through eBPF, made up: stands in place of task_iterator.h and
 * process_exits.h, which the linker replaces (wrap_bpf in meson.build).
 */
#pragma once

#include "kernel/task_table.h"

enum { TASK_FAKES_MAX = 16, ENDED_FAKES_MAX = 6000 };

/* Zero is a kernel that has eBPF and no processes. */
struct task_fakes {
    int iterator_error; /* of its opening */
    int exits_error;
    int read_error; /* of the next walks */
    struct task_process processes[TASK_FAKES_MAX];
    size_t count;
    struct task_process ended[ENDED_FAKES_MAX];
    size_t ended_count;
    size_t ended_read;
    size_t ended_in_walk; /* so many of them show up only while the walk goes on */
    uint64_t lost;
    unsigned iterators, exits; /* that are open */
    unsigned walks;
};

extern struct task_fakes kernel;
