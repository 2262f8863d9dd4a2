#include "job/machine.h"

#include <errno.h>
#include <unistd.h>

static const enum metric_id wanted[] = {
    M_cpu_some_stall_percent,   M_memory_some_stall_percent, M_memory_full_stall_percent,
    M_io_some_stall_percent,    M_io_full_stall_percent,     M_refaults_file_per_second,
    M_refaults_anon_per_second, M_io_in_bytes_per_second,    M_mem_total_bytes,
};

int job_machine_begin(struct job_machine *machine)
{
    struct problem problem;
    int error = series_init(&machine->series);

    for (size_t i = 0; error == 0 && i < sizeof(wanted) / sizeof(*wanted); i++)
        error = sampler_want(machine->series.sampler, &metric_table[wanted[i]], NULL);
    if (error == 0)
        error = series_open(&machine->series, "/proc", &problem);
    if (error == 0)
        series_start(&machine->series);
    return error;
}

void job_machine_free(struct job_machine *machine)
{
    series_free(&machine->series);
}

static double stall_seconds(const struct interval *interval, enum metric_id metric)
{
    return interval->values[metric] / 100 * interval->seconds;
}

static double total(const struct interval *interval, enum metric_id metric)
{
    return interval->values[metric] * interval->seconds;
}

void job_machine_end(struct job_machine *machine, struct job_account *account)
{
    const struct interval *interval = &machine->series.interval;
    double page_bytes = (double)sysconf(_SC_PAGESIZE);

    if (!series_next(&machine->series, 0))
        return;
    account->stalls = (struct job_stalls){
        .of_machine = true,
        .cpu_some = stall_seconds(interval, M_cpu_some_stall_percent),
        .memory_some = stall_seconds(interval, M_memory_some_stall_percent),
        .memory_full = stall_seconds(interval, M_memory_full_stall_percent),
        .io_some = stall_seconds(interval, M_io_some_stall_percent),
        .io_full = stall_seconds(interval, M_io_full_stall_percent),
    };
    account->refaults = (struct job_refaults){
        .of_machine = true,
        .file_bytes = total(interval, M_refaults_file_per_second) * page_bytes,
        .swap_bytes = total(interval, M_refaults_anon_per_second) * page_bytes,
        .machine_read_bytes = total(interval, M_io_in_bytes_per_second),
    };
    account->memory_bytes = interval->values[M_mem_total_bytes];
}

/* -- what the job's cgroup says -- */

static double grown(struct value first, struct value now, double unit)
{
    if (!now.present || (first.present && first.number > now.number))
        return NAN;
    return (double)(now.number - (first.present ? first.number : 0)) * unit;
}

#define GROWN(member, unit) grown(first->member, now->member, unit)

void job_machine_give_way(struct job_account *account, const struct cgroup_account *first,
                          const struct cgroup_account *now)
{
    static const double us = 1e-6;
    double page_bytes = (double)sysconf(_SC_PAGESIZE);

    if (now->io_some_stall_us.present)
        account->stalls = (struct job_stalls){
            .cpu_some = GROWN(cpu_some_stall_us, us),
            .memory_some = GROWN(memory.some_stall_us, us),
            .memory_full = GROWN(memory.full_stall_us, us),
            .io_some = GROWN(io_some_stall_us, us),
            .io_full = GROWN(io_full_stall_us, us),
        };
    if (now->refaults_file.present)
        account->refaults = (struct job_refaults){
            .file_bytes = GROWN(refaults_file, page_bytes),
            .swap_bytes = GROWN(refaults_anon, page_bytes),
            .machine_read_bytes = account->refaults.machine_read_bytes,
        };
    if (now->memory.limit_bytes.present)
        account->memory_bytes = (double)now->memory.limit_bytes.number;
}
