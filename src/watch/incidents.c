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

const struct incident *incidents_of_kill(const struct incidents *incidents, uint64_t number)
{
    for (size_t i = incidents->count; number > 0 && i-- > 0;) {
        const struct incident *incident = &incidents->list[i];
        if (number <= incident->oom_kills)
            return incident;
        number -= incident->oom_kills;
    }
    return NULL;
}

/* The clock may have been set back in between. */
static uint64_t distance_ns(const struct incident *incident, uint64_t wall_ns)
{
    bool back = incident->end_ns < incident->begin_ns;
    uint64_t first_ns = back ? incident->end_ns : incident->begin_ns;
    uint64_t last_ns = back ? incident->begin_ns : incident->end_ns;

    if (wall_ns < first_ns)
        return first_ns - wall_ns;
    return wall_ns > last_ns ? wall_ns - last_ns : 0;
}

const struct incident *incidents_near(const struct incidents *incidents, uint64_t wall_ns, uint64_t within_ns)
{
    const struct incident *nearest = NULL;

    for (size_t i = 0; i < incidents->count; i++) {
        const struct incident *incident = &incidents->list[i];
        uint64_t off_ns = distance_ns(incident, wall_ns);
        if (off_ns <= within_ns && (!nearest || off_ns <= distance_ns(nearest, wall_ns)))
            nearest = incident;
    }
    return nearest;
}

uint64_t incidents_kills(const struct incidents *incidents)
{
    uint64_t kills = 0;

    for (size_t i = 0; i < incidents->count; i++)
        kills += incidents->list[i].oom_kills;
    return kills;
}

void incidents_free(struct incidents *incidents)
{
    free(incidents->list);
    *incidents = (struct incidents){0};
}
