/*
 * The processes that end, each as it does: what came and went between two looks at the rest. A program on the
 * raw tracepoint sched_process_exit tells of them (bpf/exits.bpf.c).
 */
#pragma once

#include "kernel/task_table.h"

#include <stdbool.h>

struct process_exits;

/* Loads the program. Sets *EXITS, to be freed with process_exits_free(); NULL where it fails. Returns 0 or a
 * negative errno, as task_iterator_open() does. */
int process_exits_open(struct process_exits **exits);

/* NULL is allowed. */
void process_exits_free(struct process_exits *exits);

/* Takes the next one, in the order in which they ended. Its memory had gone by then. False where there is
 * none. */
bool process_exits_read(struct process_exits *exits, struct task_process *process);

/* How many there was no room for until now. */
uint64_t process_exits_lost(const struct process_exits *exits);
