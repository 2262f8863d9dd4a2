/*
 * Perf events that count a process and all that it will start, in whatever depth (perf_event_open(2),
 * inherit). They go on counting where processes have ended, and nobody needs to wait for those.
 *
 * What a program that gains rights by being executed (setuid) does is left out by the kernel, for who may not
 * look into it.
 */
#pragma once

#include "kernel/scan.h"

#include <stdbool.h>
#include <sys/types.h>

enum perf_inherit_event {
    PERF_INHERIT_MINOR_FAULTS,
    PERF_INHERIT_MAJOR_FAULTS,
    PERF_INHERIT_CONTEXT_SWITCHES,
    PERF_INHERIT_CPU_TIME,
    PERF_INHERIT_FAILED_MMAPS,
    PERF_INHERIT_FAILED_MREMAPS,
    PERF_INHERIT_EVENTS
};

/*
 * USER_MODE_ONLY: the user may not count what happens in the kernel's mode. Faults that it takes for the
 * process, copying from and to its memory, are not among the faults then, and context switches, all of which
 * happen there, are not counted at all.
 */
struct perf_inherit {
    int fds[PERF_INHERIT_EVENTS]; /* -1: not open */
    bool user_mode_only;
};

#define PERF_INHERIT_CLOSED                                                                                  \
    {                                                                                                        \
        .fds = { -1, -1, -1, -1, -1, -1 }                                                                    \
    }

/*
 * Each event takes part in every fork and in every end of a process: on a virtual machine the four together
 * cost a short process some 90 us, of 700 that it takes without.
 *
 * Opens the events but those of failed allocations, for a child PID that has one thread and has yet to
 * execute its program: they count from there, so that what the fork itself took is not among it. Returns 0,
 * or a negative errno; then none is open:
 *
 *     -EACCES   kernel.perf_event_paranoid is 3 or more (Debian's kernels know that)
 *     -EPERM    PID is somebody else's
 *     -EMFILE   there are no more descriptors
 */
int perf_inherit_open(struct perf_inherit *events, pid_t pid);

/*
 * Also opens those of failed allocations, system calls that end in ENOMEM: of mmap, which is where malloc()
 * of glibc and musl ends as well when brk has failed (that says so by no error), and of mremap. It slows all
 * system calls of the machine down a little as long as they are open. TRACEFS is the folder that has events/.
 * System calls of 32-bit programs on a 64-bit kernel are not seen. Returns 0, or a negative errno; the others
 * stay open then:
 *
 *     -ENOENT   no such tracepoint (CONFIG_FTRACE_SYSCALLS), or tracefs is not mounted
 *     -EACCES   tracefs may not be read, which takes root; or as above
 */
int perf_inherit_open_failed_allocations(struct perf_inherit *events, pid_t pid, const char *tracefs);

/* Closes all; what is not open stays so. */
void perf_inherit_close(struct perf_inherit *events);

/* Absent what is not counted. */
struct perf_inherit_counts {
    struct value minor_faults; /* without those by which the kernel fills memory in advance (MAP_POPULATE) */
    struct value major_faults;
    struct value context_switches; /* voluntary or not, without the one that a thread ends with */
    struct value cpu_ns;           /* without what ending a thread takes at last */
    struct value failed_allocations;
};

/* What they have counted until now. */
void perf_inherit_read(const struct perf_inherit *events, struct perf_inherit_counts *counts);
