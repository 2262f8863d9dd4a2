#include "metric/totals.h"

const struct metric total_table[TOTAL_TABLE_SIZE] = {
#define TOTAL(total, total_unit, total_source, total_keys, total_raw, label)                                 \
    {.id = #total,                                                                                           \
     .kind = METRIC_GAUGE,                                                                                   \
     .unit = METRIC_##total_unit,                                                                            \
     .source = SOURCE_##total_source,                                                                        \
     .keys = (total_keys),                                                                                   \
     .raw = RAW_##total_raw,                                                                                 \
     .heading = "",                                                                                          \
     .help = (label)},
#include "metric/totals.def"
#undef TOTAL
};
