/* Something that happened and is worth a line of its own. */
#pragma once

#include "kernel/oom_kill.h"
#include "watch/culprits.h"

#include <stdbool.h>
#include <stdint.h>

enum event_kind {
    EVENT_ALERT,    /* a figure is beyond its threshold, or is no longer */
    EVENT_OOM_KILL, /* the kernel killed for want of memory */
};

enum event_state { STATE_BEGIN, STATE_CONTINUE, STATE_END };

enum event_severity { SEVERITY_OVER, SEVERITY_WARNING, SEVERITY_CRITICAL };

enum { EVENT_MESSAGE_MAX = 512 + OOM_CGROUP_MAX * 2 };

struct event {
    enum event_kind kind;
    enum event_severity severity;
    uint64_t wall_ns;
    char message[EVENT_MESSAGE_MAX]; /* one line for people, without a sign in front */
    bool colors_row;                 /* a row in red says as much where there is colour */

    /* of an alert */
    const char *alert; /* "major_faults" */
    enum event_state state;
    double value; /* of this interval; NAN where the kernel did not say */
    double threshold;
    double worst;                    /* value of the episode so far */
    double duration_seconds;         /* of the episode so far */
    const char *diagnosis;           /* "file_thrash", or NULL where the figures carry none */
    const struct culprit *processes; /* that are behind it, most faults first */
    size_t process_count;            /* 0: nobody is named */

    /* of an OOM kill */
    uint64_t kills;              /* told by this event */
    const struct oom_kill *kill; /* the victim, or NULL where it is not known */
};
