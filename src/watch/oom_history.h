/*
 * The OOM kills that a log holds: of the running kernel, from the oldest record that is kept, or of one that
 * somebody saved.
 */
#pragma once

#include "kernel/oom_kill.h"

#include <stdio.h>

/* Whom kills are told. What is not 0 ends the reading, and is returned by it. */
typedef int (*oom_history_tell)(void *context, const struct oom_kill *kill, const struct oom_moment *moment);

struct oom_history;

/* Opens the log of the running kernel. Returns 0 or a negative errno. */
int oom_history_open(struct oom_history **history, const char *kmsg_path, oom_history_tell tell,
                     void *context);

/* NULL is allowed. */
void oom_history_close(struct oom_history *history);

/* To be waited for with EPOLLIN. */
int oom_history_fd(const struct oom_history *history);

/* Tells of the kills in the records that are there by now, so many of them that a flood does not hold up all
 * else. Returns 1 where there may be more, 0, or a negative errno. */
int oom_history_read(struct oom_history *history);

/* Whether records were overwritten before they could be read, since this was last asked, and how many: 0
 * where the log does not tell. */
bool oom_history_lost(struct oom_history *history, uint64_t *records);

/* Whether what the log once began with was overwritten; then *BEGIN is of the oldest record that is left. */
bool oom_history_is_cut(const struct oom_history *history, struct oom_moment *begin);

/* What kind of file it was. */
struct oom_saved {
    uint64_t lines;
    bool dated; /* some had the time stamp of a kernel's log */
};

/* Tells of the kills in a saved log, of which FILE and *SAVED are as in saved_log.h. Returns 0 or a negative
 * errno. */
int oom_history_read_saved(FILE *file, uint64_t now_ns, oom_history_tell tell, void *context,
                           struct oom_saved *saved);
