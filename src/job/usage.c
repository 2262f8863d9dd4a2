#include "job/usage.h"

#include "base/clock.h"

enum { BLOCK_BYTES = 512, KIB = 1024 };

static double seconds_of(struct timeval time)
{
    return (double)time.tv_sec + (double)time.tv_usec / 1e6;
}

static uint64_t less(long all, long some)
{
    return all > some ? (uint64_t)(all - some) : 0;
}

static uint64_t larger(uint64_t waited, struct value counted)
{
    return counted.present && counted.number > waited ? counted.number : waited;
}

static double not_below_zero(double number)
{
    return number > 0 ? number : 0;
}

/* The two clocks differ by a few microseconds a process. */
static double unwaited_cpu(double waited_seconds, struct value counted_ns)
{
    double counted = counted_ns.present ? (double)counted_ns.number / (double)NS_PER_SECOND : 0;
    double more = counted - waited_seconds;

    return more > 0.01 + waited_seconds / 50 ? more : 0;
}

void job_usage_make(struct job_usage *usage, const struct rusage *all, const struct rusage *before,
                    const struct perf_inherit_counts *counts)
{
    *usage = (struct job_usage){
        .minor_faults = larger(less(all->ru_minflt, before->ru_minflt), counts->minor_faults),
        .major_faults = larger(less(all->ru_majflt, before->ru_majflt), counts->major_faults),
        .user_seconds = not_below_zero(seconds_of(all->ru_utime) - seconds_of(before->ru_utime)),
        .system_seconds = not_below_zero(seconds_of(all->ru_stime) - seconds_of(before->ru_stime)),
        .voluntary_switches = less(all->ru_nvcsw, before->ru_nvcsw),
        .involuntary_switches = less(all->ru_nivcsw, before->ru_nivcsw),
        .read_bytes = less(all->ru_inblock, before->ru_inblock) * BLOCK_BYTES,
        .written_bytes = less(all->ru_oublock, before->ru_oublock) * BLOCK_BYTES,
        .largest_rss_bytes = (uint64_t)all->ru_maxrss * KIB,
    };
    usage->unwaited_cpu_seconds = unwaited_cpu(usage->user_seconds + usage->system_seconds, counts->cpu_ns);
}
