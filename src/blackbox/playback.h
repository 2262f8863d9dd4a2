/*
 * A recording as the live view would have shown it: intervals and events in the order in which they were
 * written, and marks where it does not just go on.
 *
 *     playback_new, sampler_want… on its sampler, playback_start, then playback_next until the end
 */
#pragma once

#include "blackbox/recording.h"
#include "metric/interval.h"
#include "watch/mark.h"

struct playback_range {
    uint64_t since_ns; /* wall clock, both of them included */
    uint64_t until_ns;
};

#define PLAYBACK_ALL                                                                                         \
    {                                                                                                        \
        0, UINT64_MAX                                                                                        \
    }

struct playback_settings {
    struct playback_range range; /* what lies outside is not told */
    size_t first_segment;        /* those in between alone are read */
    size_t last_segment;
    bool intervals; /* false: events, processes and marks alone */
};

struct playback;

/* RECORDING stays the caller's. NULL without memory. Free with playback_free(), NULL is allowed. */
struct playback *playback_new(struct recording *recording);
void playback_free(struct playback *playback);

/* To want metrics from, before the start. */
struct sampler *playback_sampler(const struct playback *playback);

/* Returns 0 or a negative errno. May be called again, to begin anew with other settings. */
int playback_start(struct playback *playback, const struct playback_settings *settings);

enum played {
    PLAYED_END, /* for now: a recording that is being written may go on */
    PLAYED_INTERVAL,
    PLAYED_PROCESSES,
    PLAYED_EVENT,
    PLAYED_MARK,
};

/* The next one. Returns an enum played, or a negative errno. */
int playback_next(struct playback *playback);

/* What was last played. */
const struct interval *playback_interval(const struct playback *playback);
const struct mark *playback_mark(const struct playback *playback);
const struct decoder *playback_decoder(const struct playback *playback); /* event, processes, schema */

/* The raw numbers at its end. */
const struct snapshot *playback_snapshot(const struct playback *playback);
