/* What the kernel has counted since boot: totals.def as a table. A sampler wants a row as any metric, and
 * sampler_total() is its value. */
#pragma once

#include "metric/metric.h"

enum total_id {
#define TOTAL(id, ...) T_##id,
#include "metric/totals.def"
#undef TOTAL
    TOTAL_TABLE_SIZE
};

/* `help` is the label. */
extern const struct metric total_table[TOTAL_TABLE_SIZE];
