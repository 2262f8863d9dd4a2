/*
 * What the processes of one name have done, as counters that never step back while processes come and go, for
 * at most so many names; the rest is counted together, so that it is bounded how many there are.
 *
 *     comm_counters_new, comm_counters_open, then comm_counters_look again and again
 *
 * Each fault counts once: for its name where that has a place of its own by then, else for the rest. Names
 * get places by what they did lately and what they hold. One that takes another's begins at zero, as
 * Prometheus expects of a series that begins.
 */
#pragma once

#include "metric/process_census.h"

enum { COMM_COUNTERS_MAX = 100 };

struct comm_counter {
    char comm[PROCESS_COMM_MAX]; /* raw bytes; of the rest "" */
    uint64_t processes;          /* now */
    uint64_t resident_bytes;     /* now, as the processes see it: shared memory counts for each of them */
    struct value swap_bytes;     /* now; absent where it was not read */
    uint64_t minor_faults;       /* since it has its place, so far as they were seen */
    uint64_t major_faults;
    double weight; /* who has the most keeps its place */
};

struct comm_counters;

/* For GROUPS names, 1 to COMM_COUNTERS_MAX. NULL without memory. Free with comm_counters_free(), NULL is
 * allowed. */
struct comm_counters *comm_counters_new(size_t groups);
void comm_counters_free(struct comm_counters *counters);

/* Opens PROC_PATH, or eBPF where that is possible. Returns 0 or a negative errno. */
int comm_counters_open(struct comm_counters *counters, const char *proc_path);

/* Looks at all processes. Allocates only for more of them, or more names, than ever before. Returns 0 or a
 * negative errno: then all is as it was. */
int comm_counters_look(struct comm_counters *counters);

/* Those with a place of their own, COUNT of them, in no order. */
const struct comm_counter *comm_counters_named(const struct comm_counters *counters, size_t *count);
const struct comm_counter *comm_counters_rest(const struct comm_counters *counters);
