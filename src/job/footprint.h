/*
 * How much memory the processes of a job have in use, looked at again and again: soon after its start often,
 * later a few times a second, and less often where looking costs more than a hundredth of the time. A page
 * that several processes share counts for each of them.
 */
#pragma once

#include "kernel/cgroup_job.h"
#include "kernel/file_system.h"
#include "kernel/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { FOOTPRINT_PROCESSES_MAX = 4096 };

/* A process at its largest. */
struct footprint_process {
    pid_t pid; /* 0: none */
    char comm[PROCESS_COMM_MAX];
    uint64_t rss_bytes;
};

/* The address space of the process that came nearest to its limit. */
struct footprint_space {
    struct footprint_process process; /* pid 0: no process had a limit */
    uint64_t used_bytes;
    uint64_t limit_bytes;
};

struct footprint {
    uint64_t rss_bytes; /* of all, when last looked at */
    size_t processes;
    uint64_t peak_bytes;
    size_t most_processes;
    struct footprint_process largest;
    struct footprint_space space;
    struct file_system shared_memory; /* /dev/shm when there was the least room; size 0: not looked at */
    uint64_t looks;
    bool cut; /* there were more processes than FOOTPRINT_PROCESSES_MAX at a time */

    /* its own */
    uint64_t next_ns; /* when to look again: CLOCK_MONOTONIC */
    uint64_t pause_ns;
    int proc_fd;
    pid_t *pids;
};

/* Returns 0 or a negative errno. Free with footprint_free(). */
int footprint_init(struct footprint *footprint);
void footprint_free(struct footprint *footprint);

/* Looks at the processes of CGROUP, or where that is NULL at those below KEEPER. Allocates nothing. */
void footprint_look(struct footprint *footprint, const struct cgroup_job *cgroup, pid_t keeper);

/* Whether PID was there when last looked at. */
bool footprint_has(const struct footprint *footprint, pid_t pid);
