/* How often a figure was how large, counted as it goes by: what nobody sees who asks every 15 seconds. */
#pragma once

#include <stddef.h>
#include <stdint.h>

enum { HISTOGRAM_BOUNDS_MAX = 16 };

struct histogram {
    const double *bounds; /* ascending; stay the caller's */
    size_t bound_count;
    uint64_t counts[HISTOGRAM_BOUNDS_MAX + 1]; /* of figures up to each bound and above the one before; the
                                                  last: above all of them */
    double sum;                                /* of all figures */
};

void histogram_init(struct histogram *histogram, const double *bounds, size_t bound_count);

/* A figure that is absent (NAN) is not counted. */
void histogram_add(struct histogram *histogram, double figure);
