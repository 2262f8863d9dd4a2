/* A beat on absolute deadlines: start + 1 period, start + 2 periods, … It does not drift, however late each
 * beat is served. */
#pragma once

#include "base/loop.h"

#include <stdint.h>

struct ticker {
    struct loop_source source;
    void (*ready)(void *context);
    void *context;
};

/* Makes one that does not beat yet: what may have no memory later is had. Returns 0 or a negative errno. */
int ticker_open(struct ticker *ticker, struct loop *loop, void (*ready)(void *context), void *context);

/*
 * Calls READY in the loop at every deadline after START_NS (CLOCK_MONOTONIC). Deadlines that pass while the
 * program is stopped or busy are served by one late call. Needs no memory, as the next one. Returns 0 or a
 * negative errno.
 */
int ticker_beat(struct ticker *ticker, uint64_t start_ns, uint64_t period_ns);

/* No more beats until ticker_beat(). */
void ticker_pause(struct ticker *ticker);

/* Opens one, and lets it beat. */
int ticker_start(struct ticker *ticker, struct loop *loop, uint64_t start_ns, uint64_t period_ns,
                 void (*ready)(void *context), void *context);

/* Closes it. Of one that is not open, a zeroed one too, nothing becomes. */
void ticker_stop(struct ticker *ticker, struct loop *loop);
