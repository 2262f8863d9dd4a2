/*
 * Watches for OOM kills: tells of each victim as soon as the kernel does, between rows, and holds the names
 * against the kernel's counter, so that a kill without a name is told as a number.
 *
 * Names come from the kernel's log; without permission for that, from the tracepoint oom:mark_victim where
 * perf allows; without that there is the counter alone, looked at every OOM_WATCH_POLL_MS.
 */
#pragma once

#include "base/loop.h"
#include "base/problem.h"
#include "watch/event.h"

enum { OOM_WATCH_POLL_MS = 100 };

struct oom_watch_settings {
    const char *proc_path;    /* stays the caller's, as all of them */
    const char *kmsg_path;    /* "/dev/kmsg" */
    const char *tracefs_path; /* "/sys/kernel/tracing" */
    const char
        *cgroup_path; /* the folder of a cgroup: kills there and below alone; NULL: all of the machine */
};

#define OOM_WATCH_DEFAULTS                                                                                   \
    {                                                                                                        \
        .proc_path = "/proc", .kmsg_path = "/dev/kmsg", .tracefs_path = "/sys/kernel/tracing"                \
    }

struct oom_watch;

/*
 * Begins to watch; kills from now on are told by TELL, from within the loop. Sets *WATCH, to be closed with
 * oom_watch_close(). What it can do without is said on standard error, once, with what that would need.
 * Returns 0, or a negative errno with *PROBLEM set where the cgroup has no counter of kills.
 */
int oom_watch_open(struct oom_watch **watch, struct loop *loop, const struct oom_watch_settings *settings,
                   void (*tell)(void *context, const struct event *event), void *context,
                   struct problem *problem);
void oom_watch_close(struct oom_watch *watch);

/* Takes in the machine's count of kills since boot, as a row has read it. */
void oom_watch_count(struct oom_watch *watch, struct value kills);

/* At the end: reads what the kernel has said by now, and tells what it has counted and not named. */
void oom_watch_finish(struct oom_watch *watch);
