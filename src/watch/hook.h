/*
 * --on-event: a command of the user's that is run for each event, with the event as one line on its standard
 * input.
 *
 * Never more than one at a time; events that come meanwhile wait in a queue of fixed size, and those that
 * find it full are dropped, counted and said. A command that takes longer than HOOK_TIMEOUT_SECONDS is
 * killed, with the processes of its group. Its output goes to standard error, so that it does not mix with
 * rows.
 */
#pragma once

#include "base/loop.h"
#include "base/text.h"

#include <stdint.h>
#include <sys/types.h>

enum {
    HOOK_TIMEOUT_SECONDS = 10,
    HOOK_QUEUE_MAX = 32,
    HOOK_LINE_MAX = 4096, /* below PIPE_BUF and any pipe's size: writing it never blocks */
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
    void (*idle)(void *context); /* called when the last command has ended and nothing waits */
    void *context;
};

/* COMMAND, or NULL, stays the caller's and is run by /bin/sh. Returns 0 or a negative errno. */
int hook_open(struct hook *hook, struct loop *loop, const char *command, void (*idle)(void *context),
              void *context);
void hook_close(struct hook *hook);

/* Runs the command with LINE now or when its turn comes. Does not wait. */
void hook_send(struct hook *hook, const struct text *line);

/* To be called after a SIGCHLD. */
void hook_reap(struct hook *hook);

/* Whether a command runs or an event waits. */
bool hook_busy(const struct hook *hook);
