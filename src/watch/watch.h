/* Watches the intervals of a machine go by and says what is worth an event. One row of a table in watch.c is
 * one alert. */
#pragma once

#include "metric/interval.h"
#include "watch/culprits.h"
#include "watch/episode.h"
#include "watch/event.h"

enum alert_id {
    ALERT_MAJOR_FAULTS,
    ALERT_CONTEXT_SWITCHES,
    ALERT_MEMORY_PRESSURE,
    ALERT_MEMORY_RUNNING_OUT,
    ALERT_COUNT,
};

enum { WATCH_EVENTS_MAX = ALERT_COUNT }; /* of one interval */

struct watch_settings {
    double major_faults;     /* a second */
    double context_switches; /* a second */
    bool context_switches_per_cpu;
};

#define WATCH_DEFAULTS                                                                                       \
    {                                                                                                        \
        .major_faults = 50, .context_switches = 5000                                                         \
    }

/* How fast the memory that can still be had becomes less. */
struct memory_fall {
    double at;                   /* when it was last taken, in seconds since the watch began */
    double left_bytes;           /* then; NAN: never taken */
    double total_bytes;          /* what there is of it, free or not */
    double latest_per_second;    /* in the last window; NAN: not falling */
    double confirmed_per_second; /* in both of the last two windows, the lesser; NAN: not falling */
};

struct watch {
    struct watch_settings settings;
    double now; /* seconds since it began, by the intervals' own measure */
    struct memory_fall fall;
    struct episode episodes[ALERT_COUNT];
    struct culprits *culprits; /* the caller's, who may set it after watch_init(); NULL: nobody is named */
    struct culprit named[CULPRITS_MAX];
    size_t named_count; /* in this interval */
    bool owes_names;    /* for the line where the episode began */
};

/* What the event of an alert calls it: "major_faults". */
const char *watch_alert_name(enum alert_id alert);

void watch_init(struct watch *watch, struct watch_settings settings);

/* Asks the sampler for the metrics that watching needs. Returns 0 or a negative errno. */
int watch_want(struct sampler *sampler);

/* Takes in an interval. Fills EVENTS[WATCH_EVENTS_MAX] and returns how many there are. */
size_t watch_step(struct watch *watch, const struct interval *interval, struct event *events);

/* Whether the interval's context switches are beyond their threshold. */
bool watch_is_storm(const struct watch *watch, const struct interval *interval);
