/*
 * One look at all processes after the other, and what each has done since the last: through a program in the
 * kernel (eBPF) where that is allowed, or through /proc.
 *
 *     process_census_new, process_census_open, then process_census_run again and again
 *
 * Through /proc a kernel thread is read in one look of 16 only, and as soon as its folder is another one, as
 * that of a process which has got its pid is. One that turned into a program (a helper that the kernel
 * starts) may be missed for 15 looks.
 */
#pragma once

#include "kernel/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum process_source { PROCESS_SOURCE_AUTO, PROCESS_SOURCE_BPF, PROCESS_SOURCE_PROC };

struct process_change {
    const struct process_stat *stat;
    struct value uid;        /* the effective one; absent where it would have to be read */
    struct value swap_bytes; /* likewise */

    /* Since the last look; for a process that was not there then, since its start. Absent in the first look,
     * where the process could not be read in the last one, and where its count went backwards. */
    struct value minor_faults_since;
    struct value major_faults_since;
    bool ended; /* within the interval; its memory had gone by then */
};

struct process_census_result {
    uint64_t processes;  /* all there are, kernel threads and the unread ones among them */
    uint64_t unread;     /* those that are there and could not be read */
    struct value ended;  /* since the last look; absent where nobody tells of them */
    uint64_t ended_lost; /* those among them of which nothing more is known */
};

struct process_census;

/* NULL without memory. Free with process_census_free(). */
struct process_census *process_census_new(void);
void process_census_free(struct process_census *census);

/*
 * Opens SOURCE, and makes room for twice as many processes as there are now. Once. PROC_PATH is looked at in
 * any case; AUTO takes eBPF where it is possible and PROC_PATH is the machine's own, "/proc". ENDS: also of
 * processes that end, where they can be told of. Returns 0 or a negative errno: -ENOTSUP where SOURCE is BPF
 * and that is not possible.
 */
int process_census_open(struct process_census *census, const char *proc_path, enum process_source source,
                        bool ends);

/* Which it is: BPF or PROC. */
enum process_source process_census_source(const struct process_census *census);

/* What eBPF would need, in words; NULL where it is there, or was not tried. */
const char *process_census_why_not_bpf(const struct process_census *census);

/* The folder that proc is mounted on, for process_read_status() and the like. */
int process_census_proc_fd(const struct process_census *census);

/*
 * Calls VISIT for each process that is no kernel thread and could be read; the change is valid within the
 * call. Allocates nothing, unless there are more processes than there is room for. Returns 0 or a negative
 * errno: then the next look counts from the last that succeeded.
 */
int process_census_run(struct process_census *census,
                       void (*visit)(void *context, const struct process_change *change), void *context,
                       struct process_census_result *result);

/* Whether in this look, from within VISIT or behind it, what is remembered of PID for longer is to be read
 * anew: in each 16th, and not for all in the same. */
bool process_census_is_due(const struct process_census *census, uint64_t pid);
