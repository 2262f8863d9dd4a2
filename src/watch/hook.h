/*
 * --on-event: a command of the user's that is run for each event, with the event as one line on its standard
 * input.
 *
 * Never more than one at a time; events that come meanwhile wait in a queue of fixed size, and those that
 * find it full are dropped, counted and said. A command that takes longer than HOOK_TIMEOUT_SECONDS is
 * killed, with the processes of its group. Its output goes to standard error, so that it does not mix with
 * rows. That one failed is said once.
 */
#pragma once

#include "base/loop.h"
#include "base/text.h"

#include <stdint.h>
#include <sys/types.h>

enum {
    HOOK_TIMEOUT_SECONDS = 10,
    HOOK_QUEUE_MAX = 32,
    HOOK_LINE_MAX =
        20480, /* a pipe holds 64 KiB, if its user has not got too many: what does not fit is dropped */
};

struct hook {
    const char *command; /* NULL: none, and every function does nothing */
    struct loop *loop;
    struct loop_source timeout;
    char *queue; /* a ring of lines, HOOK_LINE_MAX apart */
    size_t lengths[HOOK_QUEUE_MAX];
    size_t first;
    size_t waiting;
    pid_t running; /* 0: none */
    uint64_t dropped;
    bool finishing;
    bool told_status;
    bool timed_out;              /* the one that runs has been killed for it */
    void (*idle)(void *context); /* called when the last command has ended and nothing waits */
    void *context;
};

/* COMMAND, or NULL, stays the caller's and is run by /bin/sh. Returns 0 or a negative errno. */
int hook_open(struct hook *hook, struct loop *loop, const char *command, void (*idle)(void *context),
              void *context);

/* A command that still runs is killed. */
void hook_close(struct hook *hook);

/* Runs the command with LINE now or when its turn comes. Does not wait. */
void hook_send(struct hook *hook, const struct text *line);

/* To be called after a SIGCHLD. */
void hook_reap(struct hook *hook);

/* Gives the command that runs, and all that wait, HOOK_TIMEOUT_SECONDS together from now; what has not run by
 * then is dropped. */
void hook_finish(struct hook *hook);

/* Whether a command runs or an event waits. */
bool hook_busy(const struct hook *hook);
