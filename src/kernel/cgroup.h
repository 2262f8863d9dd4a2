/*
 * A memory cgroup, by its folder: which files of which version it has, and what the kernel's log calls it
 * (Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst).
 */
#pragma once

#include "kernel/source.h"
#include "kernel/span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { CGROUP_V1 = 1, CGROUP_V2 = 2 };

/*
 * The version of the memory cgroup in the folder: CGROUP_V2 where it has memory.events, which counts the
 * kills of the groups below as well (since 5.2), CGROUP_V1 where it has memory.oom_control. -ENOENT where it
 * has neither: v2's root, a group without the memory controller, or no cgroup at all.
 */
int cgroup_version(int folder_fd);

/*
 * What the kernel's log calls the group in FOLDER: its path below the root of its hierarchy, from the mount
 * that it lies on (MOUNTINFO has the form of /proc/self/mountinfo). Returns 0, or -ENOENT where FOLDER lies
 * on no cgroup mount, -ENAMETOOLONG.
 */
int cgroup_path(const char *mountinfo, const char *folder, char *path, size_t size);

/*
 * Where the hierarchy of the memory controller is mounted (MOUNTINFO as above), and its version: v1's where
 * there is one, else that of v2, whose controller may be missing all the same. Of several mounts the one that
 * shows the most of it. Returns 0, or -ENOENT where there is none, -ENAMETOOLONG; *VERSION is as it was then.
 */
int cgroup_memory_mount(const char *mountinfo, char *path, size_t size, int *version);

/* The same of this program's own /proc/self/mountinfo, with the errors of reading that besides. */
int cgroup_memory_find(char *path, size_t size, int *version);

/*
 * The folder of the group PATH, "/a/b" below the root of its hierarchy: of v1 that of the memory controller,
 * of v2 whatever controllers it has (MOUNTINFO as above). Of several mounts that show it the one that shows
 * the most. Nothing says that there is such a folder. Returns 0, or -ENOENT where no mount shows the group:
 * it may be outside of this program's cgroup namespace ("/../a"), -ENAMETOOLONG.
 */
int cgroup_folder(const char *mountinfo, int version, const char *path, char *folder, size_t size);

/*
 * The `oom_kill` of a v1 group and of those that are below it now, which v1 does not add up itself. Returns
 * 0, or a negative errno: -ENODATA where the kernel does not count (before 4.13).
 */
int cgroup_v1_kills(int folder_fd, uint64_t *kills);

/* The memory cgroup of a process in TEXT, a string of the form of /proc/PID/cgroup: part of TEXT, empty where
 * it has none. */
struct span cgroup_in(const char *text);

/* The same of VERSION's hierarchy alone: of v2 whether or not it has the memory controller. */
struct span cgroup_in_version(const char *text, int version);

/*
 * The memory cgroup of process PID, which must be called COMM, as PROC_PATH/PID/cgroup tells it; a process
 * that has just been killed is still there, as a rule. Returns 0, -ESRCH, -ENOENT where it has none or shows
 * the root, as all that are exiting do, or -ENAMETOOLONG.
 */
int cgroup_of_process(const char *proc_path, uint64_t pid, const char *comm, char *path, size_t size);

/* Whether the group INNER is OUTER or lies below it. */
bool cgroup_is_within(const char *inner, const char *outer);
