/*
 * Signals as a source of the loop. They are caught by a handler that only notes them and wakes the loop, not
 * blocked for a signalfd(2): a blocked SIGTERM would not get through to a program that is stuck in a write to
 * a reader that does not read.
 *
 * Signal dispositions are the process's own, and so is what stands behind this: open one at a time.
 */
#pragma once

#include "base/loop.h"

#include <stdbool.h>

struct signals {
    struct loop *loop;
    struct loop_source source;
    void (*caught)(void *context, int signal);
    void *context;
};

/* From here on a write to a closed pipe, or beyond the limit of a file's size, fails (EPIPE, EFBIG) and does
 * not end the program. */
void signals_fail_writes(void);

/* For a child that becomes another program: what signals_fail_writes() changed is as it was before. */
void signals_give_back(void);

/*
 * Calls CAUGHT in the loop for each of the COUNT signals of LIST that comes. One that is ignored (nohup, a
 * background job of a script) stays so and is left out, but for SIGCHLD, without which no child could be
 * waited for. signals_fail_writes() is part of it. Returns 0 or a negative errno.
 */
int signals_catch(struct signals *signals, struct loop *loop, const int *list, unsigned count,
                  void (*caught)(void *context, int signal), void *context);

/* The dispositions stay as they are; what comes from here on is told to nobody. */
void signals_close(struct signals *signals);

/* Whether a signal that asks for the end (SIGINT, SIGTERM, SIGHUP) waits for the loop to tell of it: who is
 * interrupted in a system call gives up. */
bool signals_want_end(void);
