#include "watch/incidents.h"

#include "base/clock.h"
#include "base/text.h"
#include "watch/oom_event.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool counts(const struct event *event)
{
    return event->kind == EVENT_OOM_KILL || strcmp(event->alert, "context_switches") != 0;
}

static struct incident *last(const struct incidents *incidents)
{
    return incidents->count > 0 ? &incidents->list[incidents->count - 1] : NULL;
}

static bool belongs(const struct incident *incident, uint64_t monotonic_ns)
{
    return incident && incident->last_monotonic_ns > 0 &&
           monotonic_ns - incident->last_monotonic_ns <= INCIDENT_QUIET_SECONDS * NS_PER_SECOND;
}

static struct incident *begin(struct incidents *incidents, const struct event *event)
{
    struct incident *list = reallocarray(incidents->list, incidents->count + 1, sizeof(*list));

    if (!list)
        return NULL;
    incidents->list = list;
    struct incident *incident = &list[incidents->count++];
    *incident = (struct incident){.begin_ns = event->wall_ns};
    return incident;
}

static void put_title(struct incident *incident, const struct event *event)
{
    struct text title = text_over(incident->title, sizeof(incident->title) - 1);
    const char *particulars = oom_event_particulars(event->message);

    if (particulars != event->message)
        text_string(&title, "OOM kill");
    text_string(&title, particulars);
    incident->title[title.length] = '\0';
}

/* The first of its kill events names an incident, before any alert; then the first of the worst alerts. */
static void take_title(struct incident *incident, const struct event *event)
{
    bool first_kill = event->kind == EVENT_OOM_KILL && incident->oom_kills == 0;
    bool worse = incident->oom_kills == 0 && event->severity > incident->severity;

    if (first_kill || worse || incident->title[0] == '\0')
        put_title(incident, event);
}

int incidents_add(struct incidents *incidents, const struct event *event, uint64_t monotonic_ns)
{
    struct incident *incident = last(incidents);

    if (!counts(event))
        return 0;
    if (!belongs(incident, monotonic_ns)) {
        if (event->severity == SEVERITY_OVER) /* of what began before the recording did */
            return 0;
        incident = begin(incidents, event);
        if (!incident)
            return -ENOMEM;
    }
    take_title(incident, event);
    if (event->kind == EVENT_OOM_KILL) {
        incident->oom_kills += event->kills;
        incident->last_kill_ns = event->wall_ns;
    }
    if (event->severity > incident->severity)
        incident->severity = event->severity;
    incident->end_ns = event->wall_ns;
    incident->last_monotonic_ns = monotonic_ns;
    return 0;
}

void incidents_break(struct incidents *incidents)
{
    struct incident *incident = last(incidents);

    if (incident)
        incident->last_monotonic_ns = 0;
}

void incidents_free(struct incidents *incidents)
{
    free(incidents->list);
    *incidents = (struct incidents){0};
}
