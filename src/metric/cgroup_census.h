/*
 * One pass over all memory cgroups of a hierarchy, and what each of them did since the last pass.
 *
 *     cgroup_census_new, cgroup_census_open, then cgroup_census_run again and again
 *
 * A group is known by the inode of its folder: one that is made anew under the same name is another one, one
 * that is renamed is not (if a pass misses it, as it may in that very moment, it counts as new in the next).
 */
#pragma once

#include "kernel/cgroup_memory.h"

#include <stdint.h>

struct cgroup_row {
    const char *path; /* "/" for the group that the pass begins with, "/a/b" for those below it: any bytes,
                         cut at CGROUP_PATH_MAX (cgroup_walk.h); until the visitor returns */
    struct cgroup_memory memory;

    /* Since the last pass; for a group that was not there then, since its start. Absent in the first pass,
     * where the last one or this one could not read it, where the last one may have missed it, as the folder
     * of some group could not be opened, and where its count went backwards. */
    struct value minor_faults_since;
    struct value major_faults_since;
    struct value some_stall_us_since;
    struct value full_stall_us_since;
    struct value kills_since;
};

struct cgroup_census_result {
    uint64_t groups;   /* all there are that have to do with memory, the unread ones among them */
    uint64_t unread;   /* those that are there and could not be read; they are not visited */
    uint64_t too_deep; /* those more than CGROUP_DEPTH_MAX levels down, which are left out with all that is
                          below them; only the topmost of these count, and none of them in GROUPS */
};

struct cgroup_census;

/* NULL without memory. Free with cgroup_census_free(). */
struct cgroup_census *cgroup_census_new(void);
void cgroup_census_free(struct cgroup_census *census);

/*
 * Begins with the group of VERSION (CGROUP_V1, CGROUP_V2; see cgroup_memory_mount()) in FOLDER, and makes
 * room for twice as many groups as there are now. Once. Returns 0 or a negative errno: -EINVAL of another
 * version.
 */
int cgroup_census_open(struct cgroup_census *census, const char *folder, int version);

/*
 * Reads all groups and visits each that could be read, those above before those below. Nothing stays open: a
 * FOLDER that was made anew is what is read next.
 *
 * Allocates nothing, unless there are more groups than there is room for. Returns 0 or a negative errno
 * (-EBADF where none was opened): *RESULT is as it was then, what has been visited does not count, and the
 * next pass counts from the last that succeeded.
 */
int cgroup_census_run(struct cgroup_census *census,
                      void (*visit)(void *context, const struct cgroup_row *row), void *context,
                      struct cgroup_census_result *result);
