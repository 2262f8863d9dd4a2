/* How a job is going: the figures of the time since the last row. */
#pragma once

#include "job/footprint.h"
#include "kernel/cgroup_account.h"
#include "kernel/perf_inherit.h"

#include <stdint.h>

/* What is known of a job at an instant. */
struct job_instant {
    uint64_t monotonic_ns;
    struct perf_inherit_counts counts;
    struct cgroup_account account; /* of its own cgroup; all absent without one */
};

/* Absent ones are NAN. */
struct job_row {
    double seconds; /* since the job began */
    double minor_faults_per_second;
    double major_faults_per_second;
    double cpu_percent; /* of one processor */
    double memory_full_stall_percent;
    double io_full_stall_percent;
    struct value rss_bytes;
    struct value cgroup_bytes;
    struct value processes;
};

/* Fills ROW with what happened from BEFORE to NOW, of a job that began at BEGAN_NS. */
void job_row_make(struct job_row *row, const struct job_instant *before, const struct job_instant *now,
                  const struct footprint *footprint, uint64_t began_ns);
