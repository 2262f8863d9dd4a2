/*
 * The processes below one: its children, their children and so on, as /proc/PID/task/TID/children lists them
 * (since 3.5, CONFIG_PROC_CHILDREN; fs/proc/array.c). A tree that changes meanwhile may be told with some
 * missing; one that has ended by now may be among them.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Fills PIDS[ROOM] with the processes below ROOT, the nearer ones first, ROOT not among them. Returns how
 * many there are: ROOM where there may be more; or a negative errno: -ENOENT where ROOT is gone. Allocates
 * nothing.
 */
ssize_t process_tree_list(pid_t root, pid_t *pids, size_t room);

/*
 * The same by the parents of all processes (/proc/PID/stat), which process_tree_list() does by itself where
 * the kernel does not list children: for tests.
 */
ssize_t process_tree_list_by_parents(pid_t root, pid_t *pids, size_t room);

/* Whether PID is below ROOT, however many there are. */
bool process_tree_has(pid_t root, pid_t pid);
