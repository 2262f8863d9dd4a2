/* The metric table as something to read: what each metric is, where it comes from, whether this kernel has
 * it. */
#pragma once

#include "base/text.h"
#include "metric/metric.h"

#include <stdbool.h>

enum reference_format { REFERENCE_TEXT, REFERENCE_JSON, REFERENCE_MARKDOWN };

/* What stands before the first row. */
void reference_put_header(struct text *text, enum reference_format format);

/* One metric; PRESENT: this kernel has all that it is made from. Markdown, which is for any kernel, leaves
 * that out. */
void reference_put_metric(struct text *text, enum reference_format format, const struct metric *metric,
                          bool present);

/* An upper bound for what one metric needs. */
enum { REFERENCE_METRIC_MAX = 1024 };
