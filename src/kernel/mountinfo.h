/* Lines of /proc/self/mountinfo (proc_pid_mountinfo(5), fs/proc_namespace.c):
 *
 *     36 35 0:30 / /sys/fs/cgroup/memory rw,relatime shared:15 - cgroup cgroup rw,memory
 */
#pragma once

#include "kernel/span.h"

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

struct mount_line {
    uint32_t device;      /* 12 bits major number, 20 bits minor number */
    char root[PATH_MAX];  /* what of its file system is mounted; any bytes, terminated, as is the next */
    char point[PATH_MAX]; /* where */
};

/* Reads a line without its newline. False where it has no such form, or a path is too long. */
bool mountinfo_read(struct mount_line *mount, struct span line);
