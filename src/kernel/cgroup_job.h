/*
 * A cgroup of a job's own, made beside or below the one that this program is in, and removed when the job is
 * over.
 *
 *     cgroup_job_make, fork whoever outlives this program, cgroup_job_limit, cgroup_job_place,
 *     cgroup_job_read again and again, cgroup_job_kill, cgroup_job_remove
 *
 * Limits of memory that hold for this program hold for the job. Where it goes with v1:
 *
 * Below the own group of the memory controller. Before 5.11 a group may not add up what is below it
 * (memory.use_hierarchy is 0): the job's one is made to, for the groups that the job makes; and where the own
 * one does not, and has a limit, which would not hold below it, that is -EPERM. Where v2 is mounted besides,
 * without the memory controller, a second group is made below the own one there, for the stalls and the
 * kernel's killing of a whole group; that this cannot be done is no error.
 *
 * With v2 a group that has processes cannot hand the memory controller down, but for the root. The first of
 * these that is possible:
 *
 * Below the root, where this program is in it. The memory controller is handed down if it is not so already,
 * for all groups there.
 *
 * Below the own group, where this program is alone in it and may write to it: the program moves itself into a
 * group "NAME.keeper", and the job's one is made beside that. Nobody else sees anything of it, and limits of
 * all kinds hold. This is what `systemd-run --scope -p Delegate=yes` makes room for (without Delegate systemd
 * may take the controller away, and the files with it, at the next daemon-reload).
 *
 * Beside the own group, where the one above it hands the memory controller down and may be written to. The
 * own group must have no memory.max, memory.high, memory.swap.max or memory.zswap.max, which the job would
 * escape, and be of no other job made here, whose bill it would escape. It does escape what the own group has
 * of other limits (pids.max, cpu.max), and whoever ends all that is in the own group, as systemd does.
 *
 * A forked process may do all this as well, as long as it has not called exec, also when the one that made
 * the group has been killed; one of them at a time, and cgroup_job_remove() one alone. Where all of them are
 * killed, the groups stay: their names begin with CGROUP_JOB_PREFIX.
 */
#pragma once

#include "base/problem.h"
#include "kernel/cgroup_account.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define CGROUP_JOB_PREFIX "faultline-run-"
#define CGROUP_JOB_KEEPER ".keeper"
enum { CGROUP_JOB_NAME_MAX = 64 };

/* The folder of a group, and of the one above it; -1 where there is none. */
struct cgroup_job_folder {
    int above_fd;
    int fd;
    bool made; /* and not removed yet */
};

struct cgroup_job {
    int version;                     /* CGROUP_V1, CGROUP_V2 of the hierarchy of the memory controller */
    struct cgroup_job_folder memory; /* in that one */
    struct cgroup_job_folder stalls; /* of v1: in the hierarchy of v2; of v2 none, MEMORY has them */
    struct cgroup_job_folder
        keeper;       /* where the maker has moved to; above it is the group that it came from */
    bool handed_down; /* the memory controller, to what is below memory.above_fd */
    char name[CGROUP_JOB_NAME_MAX];
    char path[PATH_MAX]; /* as the kernel's log calls the group of the memory controller, if not cut off from
                            it by a cgroup namespace: "/user.slice/faultline-run-123" */
};

/*
 * Makes it. NAME begins with CGROUP_JOB_PREFIX, has no slash, is shorter than CGROUP_JOB_NAME_MAX, and no
 * group is called so. Returns 0, or a negative errno with its story and the mend in *PROBLEM, as it was
 * before then:
 *
 *     -EACCES   an ordinary user without a delegated group
 *     -EROFS    cgroups are mounted read-only, as containers have them
 *     -EBUSY    of v2: nothing but a group beside could be made, and what is above is out of sight
 *     -EBUSY    the program is in a job's group itself
 *     -EPERM    a limit would be escaped
 *     -ENOTSUP  no memory controller, or it is not handed down this far
 *     -EEXIST   there is a group of that name
 *     -ENOENT   the own group cannot be found
 *     -EINVAL   of NAME
 */
int cgroup_job_make(struct cgroup_job *job, const char *name, struct problem *problem);

/*
 * The most memory that the job may have, in bytes, rounded down to pages: memory.max, memory.limit_in_bytes.
 * Swap counts to it with v1, where it is accounted for (memory.memsw.limit_in_bytes); with v2 the job may
 * swap as before, as memory.swap.max is left alone. May be called again. Returns 0 or a negative errno:
 * -EBUSY of v1 where the job has more already and it cannot be reclaimed; v2 kills then.
 */
int cgroup_job_limit(struct cgroup_job *job, uint64_t bytes);

/*
 * Moves process PID, which is not 0, into all folders of the job. What it has of memory by then stays on the
 * bill of the group that it came from: place it before it calls exec. Returns 0, or a negative errno, and it
 * is in none of them then, if it could be moved back.
 */
int cgroup_job_place(const struct cgroup_job *job, pid_t pid);

/* As cgroup_account_read(). The peak has what the CPUs hold in stock of the group's pages: up to 64 each. */
int cgroup_job_read(const struct cgroup_job *job, struct cgroup_account *account);

/* The processes in it and in groups that the job has made below it: as cgroup_tree_processes(). */
int cgroup_job_processes(const struct cgroup_job *job, pid_t *pids, size_t room, size_t *count);

/* Kills them all: as cgroup_tree_kill(). */
int cgroup_job_kill(const struct cgroup_job *job);

/*
 * Removes it, and all groups below it. What it made room with is as it was: the processes that moved, and
 * those that they have forked, are in the own group again, and the memory controller is not handed down any
 * more (but from v2's root, while other groups are there). Takes up to 2 s until the kernel has taken the
 * last processes apart. All is closed then. Returns 0, or a negative errno, -EBUSY where processes are in it
 * yet: the rest is done as far as it goes, and may be tried again.
 */
int cgroup_job_remove(struct cgroup_job *job);

/* Closes what is open of it and leaves the group to another process; cgroup_job_remove() does so itself. */
void cgroup_job_close(struct cgroup_job *job);

/* One that is none; cgroup_job_make() fills it. Closing and removing it do nothing. */
struct cgroup_job cgroup_job_none(void);
