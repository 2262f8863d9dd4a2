/*
 * A walk over all groups of a hierarchy, from one of them down: each before those below it, in the kernel's
 * order. It opens the folder of each group and closes it again, but for those that it is below. Nothing is
 * allocated.
 *
 *     cgroup_walk_begin, cgroup_walk_next until it gives no more, cgroup_walk_end
 *
 * Groups may come and go meanwhile: one that is removed is left out, one that is made or renamed may be.
 */
#pragma once

#include "kernel/entries.h"
#include "kernel/process.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum {
    CGROUP_PATH_MAX = PROCESS_CGROUP_MAX, /* longer paths are cut */
    CGROUP_DEPTH_MAX = 32,                /* levels below the first group */
    CGROUP_LIST_BYTES = 4096,
};

/* A group that the walk is at, or below. */
struct cgroup_level {
    int fd;
    bool leaf; /* no group is below it */
    struct entries entries;
    size_t path_length; /* of its path in that of the walk; 0 for the first group */
    _Alignas(uint64_t) char memory[CGROUP_LIST_BYTES];
};

/* It stays where it began. */
struct cgroup_walk {
    struct cgroup_level levels[CGROUP_DEPTH_MAX + 1];
    size_t depth; /* how many of them there are */
    dev_t device;
    uint64_t too_deep; /* groups so far that lie deeper; neither they nor those below them are walked over,
                          and the latter are not counted */
    char path[CGROUP_PATH_MAX];
};

struct cgroup_found {
    int fd;           /* its folder, until the next one; a negative errno where that cannot be opened */
    uint64_t inode;   /* of its folder: as long as it is the same, so is the group */
    const char *path; /* "/" for the first one, "/a/b" below it: any bytes; until the next one */
};

/* Goes to the group in FOLDER. Returns 1, or a negative errno; the walk has ended then, and *GROUP is as it
 * was. */
int cgroup_walk_begin(struct cgroup_walk *walk, const char *folder, struct cgroup_found *group);

/* The next one. Returns 1, 0 at the end, or a negative errno where what is below a group cannot be listed;
 * *GROUP is as it was but for 1. */
int cgroup_walk_next(struct cgroup_walk *walk, struct cgroup_found *group);

/* Closes what is open, at the end or before it. */
void cgroup_walk_end(struct cgroup_walk *walk);
