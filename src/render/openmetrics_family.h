/*
 * What Prometheus reads, line by line, in one of its two formats: OpenMetrics 1.0, or the older text format
 * 0.0.4. Both are UTF-8, and the lines of a family stand together:
 *
 *     openmetrics_put_head, then for each sample openmetrics_begin_sample, a number, openmetrics_end_sample;
 *     openmetrics_put_end behind the last family
 *
 * https://prometheus.io/docs/specs/om/open_metrics_spec/
 * https://prometheus.io/docs/instrumenting/exposition_formats/
 */
#pragma once

#include "base/gzip.h"
#include "base/text.h"

#include <stddef.h>
#include <stdint.h>

enum openmetrics_format { OPENMETRICS_1_0, OPENMETRICS_TEXT_0_0_4 };

enum openmetrics_type {
    OPENMETRICS_GAUGE,
    OPENMETRICS_COUNTER,
    OPENMETRICS_HISTOGRAM,
    OPENMETRICS_UNKNOWN, /* what it is is not said */
};

struct openmetrics_family {
    const char *name; /* letters of ASCII, digits, underscores; of a counter without "_total" */
    enum openmetrics_type type;
    const char *help;
};

/* A dimension of a sample: NAME in letters of ASCII, digits and underscores, not twice in one sample; VALUE
 * in any bytes: those that are no UTF-8 stand as U+FFFD and two hexadecimal digits, and U+FFFD itself stands
 * twice, so that values that differ still do. */
struct openmetrics_label {
    const char *name;
    const char *value;
};

struct openmetrics_labels {
    const struct openmetrics_label *list;
    size_t count;
};

/* The lines in front of a family's samples: its meaning, type and unit, where the name ends with one. */
void openmetrics_put_head(struct text *text, enum openmetrics_format format,
                          const struct openmetrics_family *family);

/* What stands in front of a sample's number. SUFFIX: what a histogram's samples are called, "_bucket"; "" for
 * all else, a counter's "_total" comes by itself. LABELS may be NULL: none. */
void openmetrics_begin_sample(struct text *text, const struct openmetrics_family *family, const char *suffix,
                              const struct openmetrics_labels *labels);

/* NUMBER / DIVISOR, a power of ten, exactly. */
void openmetrics_put_quotient(struct text *text, uint64_t number, uint64_t divisor);

/* *WALL_NS, where not NULL, is the time that it was read at, cut to milliseconds; only in OpenMetrics, as the
 * other format has other times. */
void openmetrics_end_sample(struct text *text, const uint64_t *wall_ns);

/*
 * A family with one sample, put together, and packed, once for the many times that it is put: most of what a
 * scrape would cost otherwise is putting and packing the same words.
 */
struct openmetrics_prepared {
    struct openmetrics_prepared_words {
        char *bytes; /* the head, and the sample up to its number */
        size_t length;
        struct gzip_piece piece; /* the same; empty where nothing can be packed */
    } words[2];                  /* by format */
};

/* Where prepared families stand in a text. */
struct openmetrics_spans {
    struct gzip_span *list; /* the caller's, with ROOM for so many */
    size_t room;
    size_t count;
};

/* Returns 0 or -ENOMEM. Free with openmetrics_prepared_free() in any case. */
int openmetrics_prepare(struct openmetrics_prepared *prepared, const struct openmetrics_family *family);
void openmetrics_prepared_free(struct openmetrics_prepared *prepared);

/* The family with its sample, NUMBER / DIVISOR; notes in SPANS where, while there is room. */
void openmetrics_put_prepared(struct text *text, struct openmetrics_spans *spans,
                              enum openmetrics_format format, const struct openmetrics_prepared *prepared,
                              uint64_t number, uint64_t divisor);

/* What ends the whole, where the format wants that. */
void openmetrics_put_end(struct text *text, enum openmetrics_format format);
