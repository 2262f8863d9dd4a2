/* File systems that are full: a page of a file there that is written through a mapping, and has no room, is a
 * SIGBUS. From /proc/self/mountinfo and statvfs(3). */
#pragma once

#include "kernel/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FILE_SYSTEM_PATH_MAX = 256 }; /* longer ones are cut */

struct file_system {
    char path[FILE_SYSTEM_PATH_MAX]; /* where it is mounted: any bytes, terminated */
    uint64_t size_bytes;
    uint64_t free_bytes; /* for whoever is not root */
};

/* Looks at the one that PATH lies on. Returns 0 or a negative errno; -ENODATA where it has none worth the
 * name (1 MiB). */
int file_system_look(struct file_system *found, const char *path);

/* Whether there is no room for 16 pages. */
bool file_system_is_full(const struct file_system *looked);

/* Fills FULL with the first one that can be written to and is full, DEVICE alone where that is not 0 (as
 * st_dev, 12 bits major number and 20 bits minor number). Returns 1, 0 where there is none, or a negative
 * errno; *FULL is as it was but for 1.
 */
int file_system_find_full(struct file_system *full, uint32_t device);
