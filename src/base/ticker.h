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

/*
 * Calls READY in the loop at every deadline after START_NS (CLOCK_MONOTONIC). Deadlines that pass while the
 * program is stopped or busy are served by one late call. Returns 0 or a negative errno.
 */
int ticker_start(struct ticker *ticker, struct loop *loop, uint64_t start_ns, uint64_t period_ns,
                 void (*ready)(void *context), void *context);

/* Of one that does not run, a zeroed one too, nothing becomes. */
void ticker_stop(struct ticker *ticker, struct loop *loop);
