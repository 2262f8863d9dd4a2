/*
 * OOM kills of whom it is not known whose they were. Without a cgroup of its own a job's victim is known by
 * its place in the tree of processes, where it may not be any more; and then by how a process of the job
 * ended.
 */
#pragma once

#include "kernel/oom_kill.h"

#include <stddef.h>
#include <sys/types.h>

enum { SUSPECTS_MAX = 16 };

/* The last ones. A zeroed one has none. */
struct suspects {
    struct oom_kill list[SUSPECTS_MAX];
    size_t next;
};

void suspects_add(struct suspects *suspects, const struct oom_kill *kill);

/* A process of the job was ended by SIGKILL: fills *KILL with the kill that it was, and forgets that. False
 * where there is none of that pid. */
bool suspects_take(struct suspects *suspects, pid_t pid, struct oom_kill *kill);
