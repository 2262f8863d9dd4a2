/*
 * The figures of one machine as they go by: one interval after the other, each from where the last one ended.
 *
 *     series_init, sampler_want… on its sampler, series_open, series_start, then series_next at every row
 */
#pragma once

#include "metric/interval.h"

struct series {
    struct sampler *sampler;
    struct snapshot *before; /* where the next interval begins */
    struct snapshot *after;
    struct interval interval; /* the last one */
};

/* Returns 0 or -ENOMEM. */
int series_init(struct series *series);

/* Of a zeroed one nothing becomes. */
void series_free(struct series *series);

/* As sampler_open(). */
int series_open(struct series *series, const char *proc_path, struct problem *problem);

/* Begins the first interval. */
void series_start(struct series *series);

/* Ends the interval and begins the next one. One that would be shorter than LEAST_SECONDS goes on: then it
 * returns false. Allocates nothing. */
bool series_next(struct series *series, double least_seconds);

/* Makes the interval that of UPTIME_NS before the last read. */
void series_since_boot(struct series *series, uint64_t uptime_ns);
