/* What is told of OOM kills. */
#pragma once

#include "watch/event.h"

/* A kill whose victim is known. KILL has to live as long as the event. */
void oom_event_named(struct event *event, const struct oom_kill *kill, uint64_t wall_ns);

/* COUNTED kills, of which NAMED were told by name: the event is about the others. */
void oom_event_unnamed(struct event *event, uint64_t counted, uint64_t named, uint64_t wall_ns);

/* What the message of such an event says of this very kill: " python3[4242] 61.2G resident, …", "" where
 * nothing is known. */
const char *oom_event_particulars(const char *message);
