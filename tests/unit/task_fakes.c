#include "task_fakes.h"

#include "kernel/process_exits.h"
#include "kernel/task_iterator.h"
#include "support.h"

struct task_fakes kernel;

int __wrap_task_iterator_open(struct task_iterator **iterator);
int __wrap_task_iterator_read(struct task_iterator *iterator, const struct task_table **tasks);
void __wrap_task_iterator_free(struct task_iterator *iterator);
int __wrap_process_exits_open(struct process_exits **exits);
bool __wrap_process_exits_read(struct process_exits *exits, struct task_process *process);
uint64_t __wrap_process_exits_lost(const struct process_exits *exits);
void __wrap_process_exits_free(struct process_exits *exits);

int __wrap_task_iterator_open(struct task_iterator **iterator)
{
    *iterator = kernel.iterator_error < 0 ? NULL : (struct task_iterator *)(void *)&kernel;
    kernel.iterators += *iterator != NULL;
    return kernel.iterator_error;
}

int __wrap_task_iterator_read(struct task_iterator *iterator, const struct task_table **tasks)
{
    static struct task_table table;

    assert_ptr_equal(iterator, &kernel);
    table = (struct task_table){.processes = kernel.processes, .count = kernel.count};
    *tasks = &table;
    kernel.walks++;
    kernel.ended_in_walk = 0;
    return kernel.read_error;
}

void __wrap_task_iterator_free(struct task_iterator *iterator)
{
    kernel.iterators -= iterator != NULL;
}

int __wrap_process_exits_open(struct process_exits **exits)
{
    *exits = kernel.exits_error < 0 ? NULL : (struct process_exits *)(void *)&kernel;
    kernel.exits += *exits != NULL;
    return kernel.exits_error;
}

bool __wrap_process_exits_read(struct process_exits *exits, struct task_process *process)
{
    assert_ptr_equal(exits, &kernel);
    if (kernel.ended_read + kernel.ended_in_walk >= kernel.ended_count)
        return false;
    *process = kernel.ended[kernel.ended_read++];
    return true;
}

uint64_t __wrap_process_exits_lost(const struct process_exits *exits)
{
    assert_ptr_equal(exits, &kernel);
    return kernel.lost;
}

void __wrap_process_exits_free(struct process_exits *exits)
{
    kernel.exits -= exits != NULL;
}
