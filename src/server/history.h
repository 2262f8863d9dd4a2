/*
 * A part of the past as lines of JSON, in the order in which it came: from memory, and from the recording
 * where that goes further back.
 */
#pragma once

#include "base/problem.h"
#include "base/text.h"
#include "render/columns.h"
#include "server/recent.h"

enum {
    HISTORY_SAMPLES_MAX = 3000, /* of one answer: more are folded */
    HISTORY_LINES_BYTES = 32 * 1024,
};

/* What is known of the past: the metric table, of each interval. */
struct past {
    const struct recent *recent; /* the caller's; NULL: the recording alone */
    double interval_seconds;
    const char *recording_path; /* the caller's; NULL: memory alone */

    /* its own */
    struct sampler *sampler; /* arranged for the metric table */
    struct columns columns;  /* all of it */
};

/* Fills in what is its own. Returns 0 or -ENOMEM. Free with past_free() in any case; of a zeroed one nothing
 * becomes. */
int past_init(struct past *past);
void past_free(struct past *past);

struct history_range {
    uint64_t since_ns; /* wall clock, both of them included */
    uint64_t until_ns;
    double every_seconds; /* samples are folded to this; 0: as they are, if they are not too many */
};

struct history;

/* PAST stays in place as long as the history. Sets *HISTORY. Returns 0 or a negative errno, with *PROBLEM set
 * where it has a story. */
int history_open(struct history **history, const struct past *past, const struct history_range *range,
                 struct problem *problem);
void history_close(struct history *history); /* NULL is allowed */

/* Puts the next lines, for a few milliseconds at most, so that nobody else waits. TEXT has room for
 * history_text_max(). Returns 1 where there are more, 0 at the end, or a negative errno. */
int history_next(struct history *history, struct text *text);
size_t history_text_max(const struct past *past);

/* From when on there is something, by the wall clock; 0: nothing yet. */
uint64_t history_since_ns(const struct past *past);
