/*
 * Many intervals made into one: rates and shares averaged over the time, increases added up, states as they
 * were last; and how far the figures that matter went in between.
 */
#pragma once

#include "metric/interval.h"

/* The extremes that are kept. Each has a metric of its own, to be a column of. */
struct fold_peak {
    enum metric_id of;
    bool lowest; /* else the highest */
    struct metric metric;
};

extern const struct fold_peak fold_peaks[];
extern const size_t fold_peak_count;

struct fold {
    const struct sampler *sampler;
    struct interval interval; /* what was folded; behind the sampler's metrics stand the peaks */
    double *present_seconds;  /* for how long each was not absent */
};

/* Returns 0 or -ENOMEM. Free with fold_free(). */
int fold_init(struct fold *fold, const struct sampler *sampler);
void fold_free(struct fold *fold);

/* The place of a peak in the values of fold->interval. */
size_t fold_peak_index(const struct fold *fold, size_t peak);

/* Begins anew. */
void fold_clear(struct fold *fold);

/* Takes in the next interval; fold->interval is that of all since the beginning. */
void fold_add(struct fold *fold, const struct interval *interval);
