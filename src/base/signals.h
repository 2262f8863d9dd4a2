/* Signals as a descriptor of the loop, instead of handlers that interrupt at any place. */
#pragma once

#include "base/loop.h"

struct signals {
    struct loop_source source;
    void (*caught)(void *context, int signal);
    void *context;
};

/*
 * Blocks the COUNT signals of LIST and calls CAUGHT in the loop for each that comes. SIGPIPE is ignored from
 * here on: writing to a closed pipe gives EPIPE instead. Returns 0 or a negative errno.
 */
int signals_catch(struct signals *signals, struct loop *loop, const int *list, unsigned count,
                  void (*caught)(void *context, int signal), void *context);
