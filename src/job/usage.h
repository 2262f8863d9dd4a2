/*
 * What the processes of a job used up: by what the kernel adds up where a process is waited for
 * (getrusage(2)), and by who counts those that nobody waits for as well: a program that sees every thread end
 * (kernel/process_deaths.h), or perf's events, which follow every process that is forked
 * (kernel/perf_inherit.h).
 *
 * Each misses something: getrusage a process whose parent ignores SIGCHLD; perf the faults that the kernel
 * takes on a process's behalf (get_user_pages), and as an ordinary user those taken in the kernel's mode; the
 * program what it cannot be loaded for. None counts anything twice, so that the larger is the better one.
 */
#pragma once

#include "kernel/perf_inherit.h"

#include <stdint.h>
#include <sys/resource.h>

struct job_usage {
    uint64_t minor_faults;
    uint64_t major_faults;
    double user_seconds;
    double system_seconds;
    uint64_t voluntary_switches;
    uint64_t involuntary_switches;
    uint64_t read_bytes; /* from disks, and written to them: what the page cache had is not among it */
    uint64_t written_bytes;
    uint64_t largest_rss_bytes;  /* of the largest process */
    double unwaited_cpu_seconds; /* of processes that nobody waited for; not among the others */
};

/* ALL is of all that were waited for, BEFORE what the command's process had used up before it began, COUNTS
 * what was counted beside. */
void job_usage_make(struct job_usage *usage, const struct rusage *all, const struct rusage *before,
                    const struct perf_inherit_counts *counts);
