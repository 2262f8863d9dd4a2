/*
 * A cgroup and those below it, as one: who is in them, their end, their removal. By the descriptor of its
 * folder, open for reading; of either version. Documentation/admin-guide/cgroup-v2.rst,
 * cgroup-v1/cgroups.rst.
 *
 * Only what is no more than CGROUP_DEPTH_MAX (cgroup_walk.h) levels down is seen, but for the kernel's own
 * killing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/* Writes WORD to a file of the group: the kernel takes it whole or not at all. Returns 0 or a negative errno.
 */
int cgroup_write(int folder_fd, const char *file, const char *word);

/* Moves process PID there, with all its threads; 0 is the caller. Returns 0 or a negative errno: -ESRCH where
 * it has ended. */
int cgroup_move(int folder_fd, pid_t pid);

/*
 * The processes of the group itself, or of it and those below it. Those that fit PIDS[ROOM] stand there;
 * *COUNT is how many there are, and may exceed ROOM. A process of another pid namespace, which has no number
 * in this one, counts and stands there as 0; those that have ended do not count, waited for or not. A process
 * that moves or forks meanwhile may be missed, or be there twice. Returns 0 or a negative errno, *COUNT is 0
 * then: -EOPNOTSUPP where v2's group is a threaded one.
 */
int cgroup_processes(int folder_fd, pid_t *pids, size_t room, size_t *count);
int cgroup_tree_processes(int folder_fd, pid_t *pids, size_t room, size_t *count);

/* Whether process PID is in the group itself; *ALONE, if no other is. Returns 0 or a negative errno, as
 * above. */
int cgroup_holds(int folder_fd, pid_t pid, bool *holds, bool *alone);

/*
 * Kills all processes in the group and below it, and returns when none is left. By cgroup.kill where the
 * kernel has it (v2, 5.14); else by signals: all are stopped before any is killed, again and again until no
 * new one turns up, so that those that fork find no room that the dead have left. Returns 0, or a negative
 * errno: -ETIMEDOUT where some are left after 10 s (in an uninterruptible wait, say), -EPERM where they are
 * somebody else's.
 *
 * The caller must not be among them.
 */
int cgroup_tree_kill(int folder_fd);

/*
 * Removes the groups below the one that is called NAME in the folder ABOVE_FD, and then that one. The kernel
 * does not let go of a group until its last process has been taken apart, so this tries for up to 2 s.
 * Returns 0, also where it has gone already, or a negative errno: -EBUSY where processes are in it.
 */
int cgroup_tree_remove(int above_fd, const char *name);
