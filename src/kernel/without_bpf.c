/* In place of what loads programs into the kernel, where those could not be built. */
#include "kernel/major_fault_counts.h"
#include "kernel/process_exits.h"
#include "kernel/task_iterator.h"

#include <errno.h>
#include <stddef.h>

int task_iterator_open(struct task_iterator **iterator)
{
    *iterator = NULL;
    return -ENOSYS;
}

void task_iterator_free(struct task_iterator *iterator)
{
    (void)iterator;
}

int task_iterator_read(struct task_iterator *iterator, const struct task_table **table)
{
    (void)iterator;
    (void)table;
    return -ENOSYS;
}

int process_exits_open(struct process_exits **exits)
{
    *exits = NULL;
    return -ENOSYS;
}

void process_exits_free(struct process_exits *exits)
{
    (void)exits;
}

bool process_exits_read(struct process_exits *exits, struct task_process *process)
{
    (void)exits;
    (void)process;
    return false;
}

uint64_t process_exits_lost(const struct process_exits *exits)
{
    (void)exits;
    return 0;
}

int major_fault_counts_open(struct major_fault_counts **counts)
{
    *counts = NULL;
    return -ENOSYS;
}

void major_fault_counts_free(struct major_fault_counts *counts)
{
    (void)counts;
}

void major_fault_counts_turn(struct major_fault_counts *counts)
{
    (void)counts;
}

int major_fault_counts_read(struct major_fault_counts *counts,
                            void (*take)(void *context, const struct major_fault_count *count), void *context)
{
    (void)counts;
    (void)take;
    (void)context;
    return -ENOSYS;
}
