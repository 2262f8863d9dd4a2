/* Two snapshots, made into the figures that people read. */
#pragma once

#include "metric/sampler.h"

#include <math.h>
#include <stdint.h>

struct interval {
    uint64_t wall_ns; /* at its end */
    double seconds;   /* by CLOCK_MONOTONIC */
    bool since_boot;  /* it is all the time since then */
    double *values;   /* by the sampler's index; NAN where absent: isnan() */
    size_t value_count;
};

/* For sums in which an absent part counts for nothing. */
static inline double zero_if_absent(double value)
{
    return isnan(value) ? 0 : value;
}

/* Room for the sampler's metrics. Returns 0 or -ENOMEM. Free with interval_free(). */
int interval_init(struct interval *interval, const struct sampler *sampler);
void interval_free(struct interval *interval);

/*
 * Computes every wanted metric between two snapshots of the sampler. Rates divide by the measured time. A
 * counter that went backwards makes its metrics absent; CPU shares are absent when the number of CPUs
 * changed, and otherwise add up to 100.
 */
void interval_compute(struct interval *interval, const struct sampler *sampler, const struct snapshot *before,
                      const struct snapshot *after);
