#include "metric/histogram.h"

#include <assert.h>
#include <math.h>

void histogram_init(struct histogram *histogram, const double *bounds, size_t bound_count)
{
    assert(bound_count <= HISTOGRAM_BOUNDS_MAX);
    *histogram = (struct histogram){.bounds = bounds, .bound_count = bound_count};
}

void histogram_add(struct histogram *histogram, double figure)
{
    size_t at = 0;

    if (isnan(figure))
        return;
    while (at < histogram->bound_count && figure > histogram->bounds[at])
        at++;
    histogram->counts[at]++;
    histogram->sum += figure;
}
