/*
 * Incidents: OOM kills, and alerts that tell of want of memory or of waiting for a disk. What
 * comes within INCIDENT_QUIET_SECONDS of each other is one. A storm of context switches alone is none.
 */
#pragma once

#include "watch/event.h"

#include <stddef.h>
#include <stdint.h>

#define INCIDENT_QUIET_SECONDS 60

enum { INCIDENT_TITLE_MAX = EVENT_MESSAGE_MAX };

struct incident {
    uint64_t begin_ns; /* wall clock: of its first event */
    uint64_t end_ns;   /* of its last */
    uint64_t last_monotonic_ns;
    uint64_t last_kill_ns; /* wall clock: of its last OOM kill; 0: there was none */
    uint64_t oom_kills;
    enum event_severity severity;
    size_t place;                   /* where its first event stands, for whoever sets it */
    char title[INCIDENT_TITLE_MAX]; /* of what was worst in it */
};

struct incidents {
    struct incident *list; /* oldest first */
    size_t count;
};

/* Start from a zeroed struct, and give it all events in order. Returns 0 or -ENOMEM. */
int incidents_add(struct incidents *incidents, const struct event *event, uint64_t monotonic_ns);

/* What comes belongs to another boot: a new incident begins with it. */
void incidents_break(struct incidents *incidents);

/* The one that the NUMBER-th newest OOM kill is of, from 1. NULL where there are not so many. */
const struct incident *incidents_of_kill(const struct incidents *incidents, uint64_t number);

/* The one that is nearest to a time of the wall clock, of several as near the newest. NULL where none is
 * within WITHIN_NS of it. */
const struct incident *incidents_near(const struct incidents *incidents, uint64_t wall_ns,
                                      uint64_t within_ns);

/* How many were killed in all of them. */
uint64_t incidents_kills(const struct incidents *incidents);

void incidents_free(struct incidents *incidents);
