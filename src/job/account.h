/* What a job cost, when it has ended: everything that its summary tells. */
#pragma once

#include "job/deaths.h"
#include "job/footprint.h"
#include "job/usage.h"
#include "kernel/cgroup_account.h"
#include "metric/fault_book.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JOB_LEFT_OUT_MAX = 8 };

/* Time in which processes stood still, in seconds; NAN where the kernel does not say. */
struct job_stalls {
    bool of_machine; /* of all that ran meanwhile, as the job has no cgroup of its own */
    double cpu_some;
    double memory_some; /* one of them at least */
    double memory_full; /* all that were not idle */
    double io_some;
    double io_full;
};

/* Pages that had been evicted and came back, in bytes; NAN where the kernel does not say. */
struct job_refaults {
    bool of_machine;
    double file_bytes;
    double swap_bytes;
    double machine_read_bytes; /* all that was read from disks meanwhile */
};

/* A failed allocation, as an explanation of why a job ended badly. */
struct job_allocations {
    struct value failed; /* calls of mmap(2) and mremap(2) that had no room; absent: not counted */
    bool strict;         /* vm.overcommit_memory is 2 */
};

struct job_account {
    char *const *command; /* terminated */
    uint64_t end_wall_ns;
    double seconds;
    int status; /* of the command, as of waitpid(2) */
    struct job_usage usage;
    const struct footprint *footprint;
    struct job_stalls stalls;
    struct job_refaults refaults;
    struct job_allocations allocations;
    double memory_bytes;        /* that it could have had: its limit, one above it, or the machine's; NAN */
    double peak_anon_bytes;     /* of its cgroup, sampled; NAN */
    const char *cgroup;         /* of its own; NULL: none */
    struct value limit_bytes;   /* that it was given */
    struct cgroup_account last; /* of its own cgroup, at the end; all absent without one */
    struct job_deaths *deaths;
    struct value ended_processes; /* absent: not counted */
    unsigned ended_by_us;
    unsigned left;
    const struct fault_rows *faults; /* with --trace: pairs; else NULL */

    const char *left_out[JOB_LEFT_OUT_MAX]; /* what could not be told, and why, a line each */
    size_t left_out_count;
};

/* The command's exit status as a shell has it: 128 + N for signal N. */
int job_exit_status(const struct job_account *account);
