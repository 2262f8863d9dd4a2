/* A metric: a figure that faultline shows, how it is made from what the kernel counts, and how it is printed.
 */
#pragma once

#include "kernel/source.h"

#include <stddef.h>

enum metric_kind { METRIC_GAUGE, METRIC_RATE, METRIC_INCREASE, METRIC_STALL, METRIC_CPU_SHARE };
enum metric_unit { METRIC_COUNT, METRIC_BYTES, METRIC_PERCENT, METRIC_LOAD, METRIC_SECONDS };
enum metric_raw { RAW_ONE, RAW_KIB, RAW_PAGES, RAW_HUNDREDTHS, RAW_TICKS };

/* The meaning of each field is told in metrics.def. */
struct metric {
    const char *id;
    enum metric_kind kind;
    enum metric_unit unit;
    enum source_id source;
    const char *keys;
    enum metric_raw raw;
    const char *heading;
    unsigned width;
    const char *help;
};

/* The rows of metrics.def by name: M_major_faults_per_second is its place in metric_table. */
enum metric_id {
#define METRIC(id, ...) M_##id,
#include "metric/metrics.def"
#undef METRIC
    METRIC_TABLE_SIZE
};

/* The CPU_SHARE rows stand together; a test holds them to it. */
enum { M_FIRST_CPU_SHARE = M_cpu_user_percent, M_LAST_CPU_SHARE = M_cpu_guest_percent };

extern const struct metric metric_table[METRIC_TABLE_SIZE];

/* The row whose id or heading NAME is, or NULL. */
const struct metric *metric_find(const char *name);

/*
 * A metric made from one key of a file, "vmstat.KEY" or "meminfo.KEY", for figures that the table does not
 * have. Sets *METRIC, to be freed with free(). Returns 0, -ENOENT where NAME has no such form, -ENAMETOOLONG,
 * -ENOMEM.
 */
int metric_of_key(const char *name, struct metric **metric);

/* What one raw unit is worth: 1024 for KIB, the page size for PAGES, 0.01 for HUNDREDTHS, of TICKS as a rule
 * 0.01 as well. */
double metric_scale(const struct metric *metric);

/*
 * What one raw unit of a state, or of a counter since it began, is worth in bytes, seconds or the like:
 * exactly MULTIPLIER / DIVISOR. Of a STALL that is a microsecond, of a CPU_SHARE a tick.
 */
struct metric_worth {
    uint64_t multiplier;
    uint64_t divisor;
};

struct metric_worth metric_total_worth(const struct metric *metric);

/* How many digits behind the point a value deserves in JSON and CSV. */
unsigned metric_decimals(const struct metric *metric);
