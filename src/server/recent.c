#include "server/recent.h"

#include "base/memory.h"

#include <stdlib.h>
#include <string.h>

enum { EVENTS_MAX = 1024, INTERVALS_MIN = 16 };

struct kept_interval {
    uint64_t number;
    uint64_t wall_ns;
    double seconds;
};

struct kept_event {
    uint64_t number;
    uint64_t wall_ns;
    size_t offset;
    size_t length;
};

/* Two rings; numbers tell in which order their items came. */
struct recent {
    uint64_t numbers; /* of the next item */

    struct kept_interval *intervals;
    double (*values)[METRIC_TABLE_SIZE];
    size_t interval_room;
    uint64_t interval_count; /* that ever came */

    struct kept_event events[EVENTS_MAX];
    uint64_t event_count;  /* that ever came */
    uint64_t event_oldest; /* of those that are still there */
    size_t event_end;      /* where the next line is put */
    char event_bytes[RECENT_EVENT_BYTES];
};

struct recent *recent_new(double interval_seconds)
{
    struct recent *recent = calloc(1, sizeof(*recent));
    double wanted = RECENT_SECONDS / interval_seconds;

    if (!recent)
        return NULL;
    recent->interval_room = wanted > RECENT_INTERVALS_MAX ? RECENT_INTERVALS_MAX
                            : wanted < INTERVALS_MIN      ? INTERVALS_MIN
                                                          : (size_t)wanted;
    recent->intervals = calloc(recent->interval_room, sizeof(*recent->intervals));
    recent->values = calloc(recent->interval_room, sizeof(*recent->values));
    if (!recent->intervals || !recent->values) {
        recent_free(recent);
        return NULL;
    }
    /* No later row is the first to touch a page. */
    memory_touch(recent, sizeof(*recent));
    memory_touch(recent->intervals, recent->interval_room * sizeof(*recent->intervals));
    memory_touch(recent->values, recent->interval_room * sizeof(*recent->values));
    return recent;
}

void recent_free(struct recent *recent)
{
    if (!recent)
        return;
    free(recent->intervals);
    free(recent->values);
    free(recent);
}

/* -- adding -- */

void recent_add_interval(struct recent *recent, const struct interval *interval)
{
    size_t at = recent->interval_count++ % recent->interval_room;

    recent->intervals[at] = (struct kept_interval){recent->numbers++, interval->wall_ns, interval->seconds};
    memcpy(recent->values[at], interval->values, sizeof(recent->values[at]));
}

/* Whether the oldest event stands where LENGTH bytes are about to be put. Those behind the end that is given
 * up, where the line starts anew at the beginning, are older than those there. */
static bool is_in_the_way(const struct recent *recent, size_t offset, size_t length)
{
    const struct kept_event *oldest = &recent->events[recent->event_oldest % EVENTS_MAX];

    if (offset < recent->event_end && oldest->offset >= recent->event_end)
        return true;
    return oldest->offset < offset + length && offset < oldest->offset + oldest->length;
}

/* A line is in one piece: where it does not fit at the end, it stands at the beginning. */
void recent_add_event(struct recent *recent, uint64_t wall_ns, const char *line, size_t length)
{
    if (length > RECENT_EVENT_BYTES / 2)
        return;
    size_t offset = recent->event_end + length <= RECENT_EVENT_BYTES ? recent->event_end : 0;
    while (
        recent->event_oldest < recent->event_count &&
        (recent->event_count - recent->event_oldest == EVENTS_MAX || is_in_the_way(recent, offset, length)))
        recent->event_oldest++;
    memcpy(recent->event_bytes + offset, line, length);
    recent->events[recent->event_count++ % EVENTS_MAX] =
        (struct kept_event){recent->numbers++, wall_ns, offset, length};
    recent->event_end = offset + length;
}

/* -- reading -- */

static uint64_t oldest_interval(const struct recent *recent)
{
    return recent->interval_count > recent->interval_room ? recent->interval_count - recent->interval_room
                                                          : 0;
}

static const struct kept_interval *interval_at(const struct recent *recent, uint64_t index)
{
    return &recent->intervals[index % recent->interval_room];
}

static const struct kept_event *event_at(const struct recent *recent, uint64_t index)
{
    return &recent->events[index % EVENTS_MAX];
}

uint64_t recent_since_ns(const struct recent *recent)
{
    return recent->interval_count > 0 ? interval_at(recent, oldest_interval(recent))->wall_ns : 0;
}

/* The first index from OLDEST to END whose number is NUMBER or more. */
static uint64_t find_interval(const struct recent *recent, uint64_t number)
{
    uint64_t low = oldest_interval(recent);
    uint64_t high = recent->interval_count;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (interval_at(recent, middle)->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static uint64_t find_event(const struct recent *recent, uint64_t number)
{
    uint64_t low = recent->event_oldest;
    uint64_t high = recent->event_count;

    while (low < high) {
        uint64_t middle = low + (high - low) / 2;
        if (event_at(recent, middle)->number < number)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void take_interval(const struct recent *recent, uint64_t index, struct recent_item *item)
{
    const struct kept_interval *kept = interval_at(recent, index);

    *item = (struct recent_item){
        .number = kept->number,
        .is_interval = true,
        .interval = {.wall_ns = kept->wall_ns,
                     .seconds = kept->seconds,
                     .values = recent->values[index % recent->interval_room],
                     .value_count = METRIC_TABLE_SIZE},
        .wall_ns = kept->wall_ns,
    };
}

static void take_event(const struct recent *recent, uint64_t index, struct recent_item *item)
{
    const struct kept_event *kept = event_at(recent, index);

    *item = (struct recent_item){
        .number = kept->number,
        .line = recent->event_bytes + kept->offset,
        .line_length = kept->length,
        .wall_ns = kept->wall_ns,
    };
}

bool recent_find(const struct recent *recent, uint64_t number, struct recent_item *item)
{
    uint64_t interval = find_interval(recent, number);
    uint64_t event = find_event(recent, number);
    bool has_interval = interval < recent->interval_count;
    bool has_event = event < recent->event_count;

    if (has_interval &&
        (!has_event || interval_at(recent, interval)->number < event_at(recent, event)->number))
        take_interval(recent, interval, item);
    else if (has_event)
        take_event(recent, event, item);
    return has_interval || has_event;
}

/* One by one: the clock may have been set back in between. */
uint64_t recent_first_since(const struct recent *recent, uint64_t wall_ns)
{
    struct recent_item item;
    uint64_t number = 0;

    while (recent_find(recent, number, &item) && item.wall_ns < wall_ns)
        number = item.number + 1;
    return recent_find(recent, number, &item) ? item.number : recent->numbers;
}
