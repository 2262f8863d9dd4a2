/* A cgroup by the number that the kernel has for it: its folder's inode. */
#pragma once

#include <stdint.h>

/* A zeroed one is none. */
struct cgroup_id {
    int version; /* CGROUP_V1, then of the memory controller's hierarchy; CGROUP_V2 */
    uint64_t number;
};

/*
 * Sets *ID to the cgroup whose folder is PATH. Returns 0 or a negative errno: -ENOTSUP where it lies on no
 * cgroup file system, or on one of v1 that has another controller.
 */
int cgroup_id_of(const char *path, struct cgroup_id *id);
