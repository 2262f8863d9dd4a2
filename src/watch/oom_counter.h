/* The kernel's count of OOM kills: of the machine, or of one memory cgroup. */
#pragma once

#include "base/problem.h"
#include "kernel/source.h"

#include <stdbool.h>
#include <stdint.h>

struct oom_counter {
    struct source *source;
    struct value *values;
    int oom_kill;      /* its place among them */
    struct value last; /* when it was last looked at */
    int tree_fd;       /* of a v1 group, whose count and those below are added up here; -1 */
    int change_fd; /* readable when the count may have changed (inotify, cgroup v2); -1: it has to be looked
                      at */
};

/* The machine's, from /proc/vmstat below PROC_PATH; a kernel without it, before 4.13, never counts. Returns 0
 * or -ENOMEM. */
int oom_counter_open(struct oom_counter *counter, const char *proc_path);

/* That of the cgroup whose folder is PATH, and of those below it. Returns 0, or a negative errno with
 * *PROBLEM set. */
int oom_counter_open_cgroup(struct oom_counter *counter, const char *path, struct problem *problem);

/* Of a zeroed one nothing becomes. */
void oom_counter_close(struct oom_counter *counter);

/* How many kills there were since it was last looked at. */
uint64_t oom_counter_read(struct oom_counter *counter);

/* KILLS since it was last looked at are known from elsewhere. */
void oom_counter_skip(struct oom_counter *counter, uint64_t kills);

/* Makes change_fd silent until the next change. */
void oom_counter_hush(const struct oom_counter *counter);
