/* In place of what loads programs into the kernel, where those could not be built. */
#include "kernel/fault_trace.h"
#include "kernel/major_fault_counts.h"
#include "kernel/process_deaths.h"
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

int process_deaths_open(struct process_deaths **deaths)
{
    *deaths = NULL;
    return -ENOSYS;
}

void process_deaths_free(struct process_deaths *deaths)
{
    (void)deaths;
}

void process_deaths_watch(struct process_deaths *deaths, uint32_t keeper_pid)
{
    (void)deaths;
    (void)keeper_pid;
}

int process_deaths_fd(const struct process_deaths *deaths)
{
    (void)deaths;
    return -1;
}

bool process_deaths_read(struct process_deaths *deaths, struct process_death *death)
{
    (void)deaths;
    (void)death;
    return false;
}

uint64_t process_deaths_count(const struct process_deaths *deaths)
{
    (void)deaths;
    return 0;
}

struct ended_faults process_deaths_faults(const struct process_deaths *deaths)
{
    (void)deaths;
    return (struct ended_faults){0, 0};
}

uint64_t process_deaths_lost(const struct process_deaths *deaths)
{
    (void)deaths;
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

int fault_trace_open(struct fault_trace **trace, const struct fault_trace_settings *settings)
{
    (void)settings;
    *trace = NULL;
    return -ENOSYS;
}

void fault_trace_free(struct fault_trace *trace)
{
    (void)trace;
}

int fault_trace_start(struct fault_trace *trace)
{
    (void)trace;
    return -ENOSYS;
}

int fault_trace_waits(const struct fault_trace *trace)
{
    (void)trace;
    return -ENOSYS;
}

void fault_trace_stop(struct fault_trace *trace)
{
    (void)trace;
}

int fault_trace_fd(const struct fault_trace *trace)
{
    (void)trace;
    return -1;
}

bool fault_trace_read(struct fault_trace *trace, const struct fault_listener *listener)
{
    (void)trace;
    (void)listener;
    return false;
}

int fault_trace_sums(struct fault_trace *trace,
                     void (*take)(void *context, const struct fault_key *key, const struct fault_sum *sum),
                     void *context)
{
    (void)trace;
    (void)take;
    (void)context;
    return -ENOSYS;
}

const struct fault_sum *fault_trace_without_room(const struct fault_trace *trace)
{
    static const struct fault_sum none;
    (void)trace;
    return &none;
}

uint64_t fault_trace_lost_records(const struct fault_trace *trace)
{
    (void)trace;
    return 0;
}

uint64_t fault_trace_unstarted(const struct fault_trace *trace)
{
    (void)trace;
    return 0;
}
