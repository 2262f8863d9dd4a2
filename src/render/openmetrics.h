/*
 * Metrics as Prometheus has them: openmetrics_family.h made from the metric table.
 *
 *     openmetrics_put_family, openmetrics_put_value for each sample, ..., openmetrics_put_end
 *
 * A name is made from the id by rule: "faultline_", the id without what an interval did to it (_per_second,
 * _percent), _seconds for what counts time, _total for a counter. Rates, increases, stalls and CPU shares are
 * counters here.
 */
#pragma once

#include "metric/metric.h"
#include "render/openmetrics_family.h"

/* What the samples of METRIC are called: "faultline_major_faults_total". */
void openmetrics_put_name(struct text *text, const struct metric *metric);

/* The lines in front of a family's samples: its meaning, type and unit. */
void openmetrics_put_family(struct text *text, enum openmetrics_format format, const struct metric *metric);

/*
 * A sample: TOTAL as sampler_total() gives it, put in bytes and seconds, exactly. Nothing where it is absent,
 * or outgrows 64 bits in bytes. LABELS may be NULL: none. WALL_NS as for openmetrics_end_sample().
 */
void openmetrics_put_value(struct text *text, const struct metric *metric,
                           const struct openmetrics_labels *labels, struct value total,
                           const uint64_t *wall_ns);

/*
 * TOTAL, or where that is a counter that has stepped back behind *LAST, that; *LAST is what was last given.
 * The kernel may take back a tick of idle time and the like, and what is a difference of two counters may be
 * read in between; for Prometheus a counter that steps back has begun anew, at an enormous rate.
 */
struct value openmetrics_hold(const struct metric *metric, struct value total, struct value *last);

/* METRIC prepared for being put with a total in its worth: value_times(total, worth.multiplier) /
 * worth.divisor. Returns 0 or -ENOMEM. */
int openmetrics_prepare_metric(struct openmetrics_prepared *prepared, const struct metric *metric);

/* Upper bounds for what one of them needs, of the table's metrics and those of metric_of_key(), without
 * labels. */
enum { OPENMETRICS_FAMILY_MAX = 1024, OPENMETRICS_VALUE_MAX = 256, OPENMETRICS_END_MAX = 8 };
