/*
 * Metrics as Prometheus has them, in one of its two formats: OpenMetrics 1.0, or the older text format 0.0.4.
 * Both are UTF-8, and the lines of a family stand together:
 *
 *     openmetrics_put_family, openmetrics_put_value for each sample, ..., openmetrics_put_end
 *
 * A name is made from the id by rule: "faultline_", the id without what an interval did to it (_per_second,
 * _percent), _seconds for what counts time, _total for a counter. Rates, increases, stalls and CPU shares are
 * counters here.
 *
 * https://prometheus.io/docs/specs/om/open_metrics_spec/
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#pragma once

#include "base/text.h"
#include "metric/metric.h"

#include <stddef.h>
#include <stdint.h>

enum openmetrics_format { OPENMETRICS_1_0, OPENMETRICS_TEXT_0_0_4 };

/* A dimension of a sample: NAME in letters of ASCII, digits and underscores, not twice in one sample; VALUE
 * in any bytes. */
struct openmetrics_label {
    const char *name;
    const char *value;
};

struct openmetrics_labels {
    const struct openmetrics_label *list;
    size_t count;
};

/* What the samples of METRIC are called: "faultline_major_faults_total". */
void openmetrics_put_name(struct text *text, const struct metric *metric);

/* The lines in front of a family's samples: its meaning, type and unit. */
void openmetrics_put_family(struct text *text, enum openmetrics_format format, const struct metric *metric);

/*
 * A sample: TOTAL as sampler_total() gives it, put in bytes and seconds, exactly. Nothing where it is absent,
 * or outgrows 64 bits in bytes. LABELS may be NULL: none. *WALL_NS, where not NULL, is the time that it was
 * read at, cut to milliseconds; only in OpenMetrics, as the other format has other times.
 */
void openmetrics_put_value(struct text *text, const struct metric *metric,
                           const struct openmetrics_labels *labels, struct value total,
                           const uint64_t *wall_ns);

/* What ends the whole, where the format wants that. */
void openmetrics_put_end(struct text *text, enum openmetrics_format format);

/* Upper bounds for what one of them needs, of the table's metrics and those of metric_of_key(), without
 * labels. */
enum { OPENMETRICS_FAMILY_MAX = 1024, OPENMETRICS_VALUE_MAX = 256, OPENMETRICS_END_MAX = 8 };

/* An upper bound for what labels add to a sample. */
size_t openmetrics_labels_max(const struct openmetrics_labels *labels);
