/* What is remembered of each process from one look at all of them to the next. */
#pragma once

#include "kernel/process.h"

#include <stddef.h>

struct seen_process {
    uint64_t pid;
    uint64_t inode; /* of its folder in /proc; 0 where that was not looked at */
    uint64_t start_ticks;
    uint64_t minor_faults;
    uint64_t major_faults;
    enum { SEEN_USER, SEEN_KERNEL_THREAD, SEEN_UNREAD } kind;
};

/* By pid. A zeroed one is empty. */
struct seen_processes {
    struct seen_process *list;
    size_t count;
    size_t room;
    size_t next; /* where the one looked for is, if they are looked for in their order */
};

/* Makes room for COUNT. Returns 0 or -ENOMEM. */
int seen_processes_reserve(struct seen_processes *seen, size_t count);
void seen_processes_free(struct seen_processes *seen);

/* Forgets them all; the memory stays. */
void seen_processes_clear(struct seen_processes *seen);

/* NULL where there is none of that pid. */
const struct seen_process *seen_processes_find(struct seen_processes *seen, uint64_t pid);

/* Adds one whose pid is not there yet. Returns 0 or -ENOMEM; allocates only where there is no room. */
int seen_processes_add(struct seen_processes *seen, const struct seen_process *process);
