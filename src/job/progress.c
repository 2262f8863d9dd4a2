#include "job/progress.h"

#include "base/clock.h"

#include <math.h>

/* Of perf where it counts, else of the cgroup. */
static struct value first_of(struct value a, struct value b)
{
    return a.present ? a : b;
}

static double per_second(struct value before, struct value now, double seconds)
{
    bool known = before.present && now.present && now.number >= before.number && seconds > 0;
    return known ? (double)(now.number - before.number) / seconds : NAN;
}

/* Both are counters; before the first look at its cgroup that was at zero. */
static double percent(struct value before, struct value now, double unit_seconds, double seconds)
{
    return per_second(before, now, seconds) * unit_seconds * 100;
}

void job_row_make(struct job_row *row, const struct job_instant *before, const struct job_instant *now,
                  const struct footprint *footprint, uint64_t began_ns)
{
    const struct perf_inherit_counts *then = &before->counts;
    const struct perf_inherit_counts *counts = &now->counts;
    const struct cgroup_account *first = &before->account;
    const struct cgroup_account *account = &now->account;
    double seconds = (double)(now->monotonic_ns - before->monotonic_ns) / (double)NS_PER_SECOND;

    *row = (struct job_row){
        .seconds = (double)(now->monotonic_ns - began_ns) / (double)NS_PER_SECOND,
        .minor_faults_per_second =
            per_second(first_of(then->minor_faults, first->memory.minor_faults),
                       first_of(counts->minor_faults, account->memory.minor_faults), seconds),
        .major_faults_per_second =
            per_second(first_of(then->major_faults, first->memory.major_faults),
                       first_of(counts->major_faults, account->memory.major_faults), seconds),
        .cpu_percent = percent(then->cpu_ns, counts->cpu_ns, 1e-9, seconds),
        .memory_full_stall_percent =
            percent(first->memory.full_stall_us, account->memory.full_stall_us, 1e-6, seconds),
        .io_full_stall_percent = percent(first->io_full_stall_us, account->io_full_stall_us, 1e-6, seconds),
        .rss_bytes = {footprint->rss_bytes, footprint->looks > 0},
        .cgroup_bytes = account->memory.usage_bytes,
        .processes = {footprint->processes, footprint->looks > 0},
    };
}
