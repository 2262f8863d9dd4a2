/* The kernel's count of OOM kills: of the machine, or of one memory cgroup. */
#pragma once

#include "base/problem.h"
#include "kernel/source.h"

#include <stdbool.h>
#include <sys/types.h>

struct oom_counter {
    struct source *source; /* NULL: of a v1 group */
    struct value *values;
    int oom_kill;  /* its place among them */
    int folder_fd; /* of a v1 group, whose count and those below are added up here; else -1 */
    ino_t folder;  /* which one PATH was */
    int change_fd; /* readable when the count may have changed (inotify, cgroup v2); -1: it has to be looked
                      at */
};

#define OOM_COUNTER_CLOSED                                                                                   \
    {                                                                                                        \
        .folder_fd = -1, .change_fd = -1                                                                     \
    }

/* The machine's, from /proc/vmstat below PROC_PATH; of a kernel without it, before 4.13, it is absent. On a
 * closed one. Returns 0 or -ENOMEM. */
int oom_counter_open(struct oom_counter *counter, const char *proc_path);

/* That of the cgroup whose folder is PATH, and of those below it. On a closed one. Returns 0, or a negative
 * errno with *PROBLEM set. */
int oom_counter_open_cgroup(struct oom_counter *counter, const char *path, struct problem *problem);

/* Of a closed one nothing becomes. */
void oom_counter_close(struct oom_counter *counter);

/* Whether the cgroup at PATH is still the one that was opened, and not gone, or a later one of that name. */
bool oom_counter_is_of(const struct oom_counter *counter, const char *path);

/* Kills so far. Of a v1 group this walks through all groups below it. */
struct value oom_counter_read(struct oom_counter *counter);

/* Makes change_fd silent until the next change. */
void oom_counter_hush(const struct oom_counter *counter);
