/*
 * One pass over all processes, and those of them that matter: which hold the most memory, and which took the
 * most major faults since the last pass. Kernel threads are counted, and never among them.
 *
 *     process_scan_new, process_scan_open, then process_scan_run again and again
 */
#pragma once

#include "kernel/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PROCESS_SCAN_MOST_MAX = 50 };

/* Faults are those of all its threads. */
struct process_row {
    uint64_t pid;
    uint64_t start_ticks; /* since boot, in units of 1/sysconf(_SC_CLK_TCK) seconds */
    char comm[PROCESS_COMM_MAX];
    uint64_t rss_bytes;
    struct value swap_bytes; /* absent where the kernel does not say, or the process has gone meanwhile */
    uint64_t minor_faults;
    uint64_t major_faults;

    /* Since the last scan; for a process that was not there then, since its start. Absent in the first scan,
     * where the process could not be read in the last one, and where its count went backwards. */
    struct value minor_faults_since;
    struct value major_faults_since;

    /* As they were when the process was selected after a scan in which it was not, and from then on in each
     * 16th scan; the uid in each scan in which swap is read. */
    struct value uid;                /* the effective one; absent where it cannot be read */
    char cgroup[PROCESS_CGROUP_MAX]; /* of its memory; "" where there is none, or where it cannot be read */
};

struct process_scan_result {
    const struct process_row *rows; /* the largest rss_bytes first, ties by pid; until the next scan */
    size_t count;                   /* at most twice as many as were asked for */
    uint64_t processes;             /* all there are, kernel threads and the unread ones among them */
    uint64_t unread;                /* those that are there and could not be read */
};

struct process_scan;

/* MOST processes by each criterion: 1 to PROCESS_SCAN_MOST_MAX. NULL without memory. Free with
 * process_scan_free(). */
struct process_scan *process_scan_new(size_t most);
void process_scan_free(struct process_scan *scan);

/* Opens PROC_PATH, and makes room for twice as many processes as there are now. Once. Returns 0 or a negative
 * errno. */
int process_scan_open(struct process_scan *scan, const char *proc_path);

/*
 * Reads all processes and selects: the MOST with the most resident memory, above 0, and the MOST with the
 * most major faults since the last scan, above 0. Where SWAP_IN_USE is false, nobody's swap is read: it is 0.
 *
 * Allocates nothing, unless there are more processes than there is room for. Returns 0 or a negative errno:
 * *RESULT and its rows are as they were then, and the next scan counts from the last that succeeded.
 */
int process_scan_run(struct process_scan *scan, bool swap_in_use, struct process_scan_result *result);
