/*
 * Who is killed: from the kernel's log, or where that may not be read, from the tracepoint oom:mark_victim,
 * where perf allows that.
 */
#pragma once

#include "base/loop.h"
#include "kernel/oom_kill.h"

#include <stdint.h>

enum oom_names_source { OOM_NAMES_LOG, OOM_NAMES_TRACE, OOM_NAMES_NONE };

/* Whom names are told, from within the loop. */
struct oom_names_listener {
    /* A victim. WALL_NS: when it was killed. */
    void (*named)(void *context, const struct oom_kill *kill, uint64_t wall_ns);
    /* A kill that was told before, and that the kernel has counted once more. */
    void (*repeated)(void *context, const struct oom_kill *kill);
    /* Names may have been among records that were overwritten, or come no more; it has been said. */
    void (*lost)(void *context);
    void *context;
};

struct oom_names;

/*
 * Opens the best source there is, for what comes from now on; KMSG_PATH and TRACEFS_PATH stay the caller's.
 * What is lacking is said on standard error, with what it would need. Sets *NAMES, to be closed with
 * oom_names_close(). Returns 0 or -ENOMEM.
 */
int oom_names_open(struct oom_names **names, struct loop *loop, const char *kmsg_path,
                   const char *tracefs_path, const struct oom_names_listener *listener);

/* NULL is allowed. */
void oom_names_close(struct oom_names *names);

/* It may become OOM_NAMES_NONE when reading fails, which is said. */
enum oom_names_source oom_names_source(const struct oom_names *names);

/* Tells of all that the kernel has named by now. */
void oom_names_read(struct oom_names *names);
