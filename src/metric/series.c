#include "metric/series.h"

#include <errno.h>
#include <stdlib.h>

int series_init(struct series *series)
{
    *series = (struct series){.sampler = sampler_new()};
    return series->sampler ? 0 : -ENOMEM;
}

void series_free(struct series *series)
{
    interval_free(&series->interval);
    free(series->before);
    free(series->after);
    sampler_free(series->sampler);
    *series = (struct series){0};
}

int series_open(struct series *series, const char *proc_path, struct problem *problem)
{
    int error = sampler_open(series->sampler, proc_path, problem);
    if (error == 0)
        error = interval_init(&series->interval, series->sampler);
    if (error < 0)
        return error;
    series->before = snapshot_new(series->sampler);
    series->after = snapshot_new(series->sampler);
    return series->before && series->after ? 0 : -ENOMEM;
}

void series_start(struct series *series)
{
    sampler_read(series->sampler, series->before);
}

bool series_next(struct series *series, double least_seconds)
{
    struct snapshot *read = series->after;

    sampler_read(series->sampler, read);
    interval_compute(&series->interval, series->sampler, series->before, read);
    if (series->interval.seconds < least_seconds)
        return false;
    series->after = series->before;
    series->before = read;
    return true;
}

void series_since_boot(struct series *series, uint64_t uptime_ns)
{
    sampler_make_boot(series->sampler, series->before, uptime_ns, series->after);
    interval_compute(&series->interval, series->sampler, series->after, series->before);
    series->interval.since_boot = true;
}
