/*
 * The last rows and events of the machine, in memory of a fixed size: what a page that is opened, or comes
 * back, has missed. The oldest makes place for the newest.
 */
#pragma once

#include "metric/interval.h"
#include "watch/event.h"

enum {
    RECENT_SECONDS = 15 * 60,
    RECENT_INTERVALS_MAX = 4096, /* of shorter intervals than 0.22 s it is less than 15 minutes */
    RECENT_EVENT_BYTES = 128 * 1024,
};

struct recent;

/* For intervals that come every INTERVAL_SECONDS; of each the metrics of the table are kept, by their places
 * in it. NULL without memory. Free with recent_free(), NULL is allowed. */
struct recent *recent_new(double interval_seconds);
void recent_free(struct recent *recent);

void recent_add_interval(struct recent *recent, const struct interval *interval);

/* A line of JSON about an event, with its newline. One that is longer than there is room for is left out. */
void recent_add_event(struct recent *recent, uint64_t wall_ns, const char *line, size_t length);

/* The wall clock at the oldest interval; 0: there is none. */
uint64_t recent_since_ns(const struct recent *recent);

/* -- reading, in the order in which it came -- */

struct recent_item {
    uint64_t number; /* each has the next one */
    bool is_interval;
    struct interval interval; /* valid until the next is added */
    const char *line;
    size_t line_length;
    uint64_t wall_ns;
};

/* The first that is still there from NUMBER on. False: none is there yet. */
bool recent_find(const struct recent *recent, uint64_t number, struct recent_item *item);

/* The number of the first whose time is WALL_NS or later; of that of the next one where none is. */
uint64_t recent_first_since(const struct recent *recent, uint64_t wall_ns);
