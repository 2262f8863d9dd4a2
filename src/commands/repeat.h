/* A command that does the same again and again: at once, and then at every beat. */
#pragma once

#include "base/loop.h"
#include "base/signals.h"
#include "base/ticker.h"
#include "commands/operands.h"

struct repeat {
    /* One turn; what is not 0 ends it all, and is returned by repeat_run(). */
    int (*turn)(void *context);
    void (*resized)(void *context); /* the terminal has another size; may be NULL */
    /* Where there is more than one turn, before the first: the loop is open, for sources of the command's
     * own, which are removed by closing their descriptor, or with the loop. Returns 0 or a negative errno;
     * may be NULL. */
    int (*begin)(void *context, struct loop *loop);
    void *context;

    uint64_t left; /* turns; 0: for ever */
    uint64_t period_ns;
    uint64_t taken_ns; /* when the last turn was */
    int error;
    struct loop loop;
    struct signals signals;
    struct ticker ticker;
};

/*
 * Takes BEAT's number of turns: the first one at once, the others on absolute deadlines after it; one that
 * comes right behind a late turn, after a stop say, is served with the next one. SIGINT, SIGTERM and SIGHUP
 * end it in order, behind the turn in which they come, where there are several. TURN, RESIZED, BEGIN and
 * CONTEXT are set by the caller, the rest is zero. Returns 0 or a negative errno.
 */
int repeat_run(struct repeat *repeat, const struct beat *beat);
