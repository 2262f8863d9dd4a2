/*
 * The tracepoint oom:mark_victim (since 4.14), through perf_event_open(2): who is about to be killed, for
 * those who may trace but not read the kernel's log. Fires once for each victim, after the counter oom_kill
 * was raised and before the log's line (mm/oom_kill.c); also for a victim that is exiting by itself, which is
 * neither counted nor killed.
 *
 * Its fields are read from its `format` file: a pid alone before commit 72ba14deb40a (6.9, and backported),
 * then also comm, sizes in KiB, uid, oom_score_adj. The pid is that of the initial namespace.
 */
#pragma once

#include "kernel/oom_kill.h"

#include <stddef.h>

struct mark_victim;

/*
 * Opens the tracepoint on every CPU. TRACEFS is the folder that has events/, e.g. /sys/kernel/tracing. Sets
 * *MARK, to be freed with mark_victim_free(); NULL where it fails. Returns 0 or a negative errno:
 *
 *     -ENOENT   no such tracepoint, or tracefs is not mounted
 *     -EACCES   tracefs may not be read, or perf not be used: that needs CAP_PERFMON, or a
 *     -EPERM    kernel.perf_event_paranoid of -1; where it is 3 (Debian's kernels), CAP_SYS_ADMIN.
 *               -EPERM also where kernel.perf_event_mlock_kb and RLIMIT_MEMLOCK leave no room even
 *               for the smallest buffers
 *     -EMFILE   one descriptor for each CPU is too many
 *     -EINVAL   an id or a format that is not understood
 */
int mark_victim_open(struct mark_victim **mark, const char *tracefs);

/* NULL is allowed. */
void mark_victim_free(struct mark_victim *mark);

/*
 * The descriptors to be waited for with EPOLLIN, one for each CPU that was online; what happens on one that
 * comes later is not seen. The kernel tells each victim once (kernel/events/core.c, perf_poll()): read until
 * there is none.
 */
const int *mark_victim_fds(const struct mark_victim *mark, size_t *count);

/*
 * Takes the next victim, the oldest of all CPUs: fills *KILL with what the tracepoint says of it, and where
 * it says a pid alone, with the comm of /proc/PID while that is still there; not in a PID namespace, where
 * another process may have that number. Returns 1, or 0 when there is none. Allocates nothing.
 */
int mark_victim_read(struct mark_victim *mark, struct oom_kill *kill);

/* How many the kernel had no room for in the buffers, since the last call. It tells so with the next victim
 * for which there is room, and is understood when that one is read. */
uint64_t mark_victim_lost(struct mark_victim *mark);
