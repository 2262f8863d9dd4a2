/*
 * All processes in one read: a program in the kernel walks its tasks and writes a record of each
 * (bpf/tasks.bpf.c). On 6.18 5,000 processes take a fifteenth of the time that opening, reading and closing
 * their /proc/PID/stat does.
 */
#pragma once

#include "kernel/task_table.h"

struct task_iterator;

/*
 * Loads the program. Sets *ITERATOR, to be freed with task_iterator_free(); NULL where it fails. Returns 0 or
 * a negative errno, for bpf_why(): -EXDEV also in a PID namespace that is not the kernel's first, as the
 * records have that one's numbers.
 */
int task_iterator_open(struct task_iterator **iterator);

/* NULL is allowed. */
void task_iterator_free(struct task_iterator *iterator);

/* Reads all tasks. The table stays valid until the next read. Returns 0 or a negative errno. Allocates only
 * for more processes than ever before. */
int task_iterator_read(struct task_iterator *iterator, const struct task_table **table);
