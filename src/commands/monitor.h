/*
 * Watching this machine go by: an interval at every beat with the alerts about it, OOM kills in between, the
 * command of --on-event for both, until the last beat or a signal. What becomes of them is the command's own:
 * rows, a recording, answers to others.
 *
 *     monitor_init, columns_want or sampler_want… on series.sampler, monitor_open, monitor_start, then
 *     monitor_run; monitor_release in any case
 */
#pragma once

#include "base/loop.h"
#include "base/signals.h"
#include "base/ticker.h"
#include "commands/operands.h"
#include "metric/series.h"
#include "render/columns.h"
#include "watch/hook.h"
#include "watch/oom_watch.h"
#include "watch/watch.h"

/* Words stay the caller's. */
struct monitor_settings {
    struct beat beat; /* its count is that of intervals */
    const char *proc_path;
    struct watch_settings watch;
    bool no_alerts;          /* no event at all: of OOM kills neither */
    const char *cgroup_path; /* whose OOM kills are told of alone, or NULL */
    const char *on_event;    /* or NULL */
    bool protect;
};

/*
 * What a command does with what comes. An interval is told, then the alerts about it, one by one; an OOM kill
 * comes by itself, between two intervals. Of both, the command of --on-event is started next, and flush()
 * comes last, for all of it together.
 *
 * Each returns 0, or a negative errno that ends the run at once and is kept in monitor->error.
 */
struct monitor_listener {
    /* Not to wait for anybody: --on-event comes after it. STORM: context switches are beyond their threshold.
     * The raw numbers at the interval's end are monitor->series.before. */
    int (*interval)(void *context, const struct interval *interval, bool storm);

    /* Likewise. An alert or an OOM kill: event->kind. Valid during the call. */
    int (*event)(void *context, const struct event *event);

    /* May take its time: whoever reads standard output may be slow. NULL: nothing to do. */
    int (*flush)(void *context);

    void (*resized)(void *context); /* the terminal has another size; or NULL */
    void (*hung_up)(void *context); /* SIGHUP; NULL: it ends the run */
    void *context;
};

/* Stays in place from monitor_open() on. */
struct monitor {
    struct series series;
    struct loop loop; /* open from monitor_open() on, for sources of the command's own */
    int error;        /* what a listener returned, the first one; 0: nothing */

    /* its own */
    struct monitor_settings settings;
    struct monitor_listener listener;
    struct watch watch;
    struct culprits *culprits;   /* NULL with no_alerts, or where processes cannot be listed */
    struct oom_watch *oom_watch; /* NULL with no_alerts */
    struct hook hook;
    struct signals signals;
    struct ticker ticker;
    uint64_t intervals;
    bool ending;
};

/* Makes the sampler, of which the command then wants what it shows. Returns 0 or -ENOMEM. */
int monitor_init(struct monitor *monitor, const struct monitor_settings *settings,
                 const struct monitor_listener *listener);

/* Wants what watching needs, opens everything and catches signals. Returns 0, or a negative errno, with
 * *PROBLEM set where it has a story. */
int monitor_open(struct monitor *monitor, struct problem *problem);

/*
 * Begins the first interval: series.before are the raw numbers at its start. Locks what the program has
 * mapped by now, so that buffers have to be there before. Says what the kernel does not give of what is
 * wanted, and of the keys that COLUMNS, which may be empty, ask for by the kernel's own names.
 */
void monitor_start(struct monitor *monitor, const struct columns *columns);

/*
 * Flushes what is there, a heading say, then tells what comes until the end: the last interval of the beat's
 * count, SIGINT, SIGTERM, SIGHUP, or an error. Returns 0, or a negative errno of the loop's own; what a
 * listener returned is in monitor->error, and may be an end in order: outcome_is_end().
 */
int monitor_run(struct monitor *monitor);

/* The first half of monitor_run(), for who runs monitor->loop as part of another one. */
int monitor_begin(struct monitor *monitor);

/* From within the loop: no more intervals. OOM kills that are counted and have not been told are told now,
 * and commands of --on-event that run or wait are given HOOK_TIMEOUT_SECONDS; a second call ends that too. */
void monitor_end(struct monitor *monitor);

/* From within the loop, for a source of the command's own: ends the run at once where ERROR is negative, and
 * keeps it as if a listener had returned it. */
void monitor_check(struct monitor *monitor, int error);

/* Of one that is zeroed or has been released nothing becomes. Sources of the command's own are to be removed
 * before. */
void monitor_release(struct monitor *monitor);
