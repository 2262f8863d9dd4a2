#include "blackbox/window.h"

#include "base/clock.h"
#include "base/when.h"

#include <errno.h>
#include <string.h>

/* Without boot ids, the clock that a boot begins at 0 tells. */
static bool begins_boot(const struct recording *recording, size_t index)
{
    const struct segment_info *segment = recording_segment(recording, index);

    if (index == 0)
        return true;
    const struct segment_info *before = recording_segment(recording, index - 1);
    return memcmp(segment->header.boot_id, before->header.boot_id, BOOT_ID_BYTES) != 0 ||
           segment->header.monotonic_ns < before->header.monotonic_ns;
}

size_t window_boot_count(const struct recording *recording)
{
    size_t boots = 0;

    for (size_t i = 0; i < recording_segment_count(recording); i++)
        boots += begins_boot(recording, i);
    return boots;
}

int window_find_boot(const struct recording *recording, int64_t number, struct boot *boot)
{
    int64_t wanted = number > 0 ? number : (int64_t)window_boot_count(recording) + number;
    int64_t at = 0;
    bool found = false;

    for (size_t i = 0; i < recording_segment_count(recording); i++) {
        at += begins_boot(recording, i);
        if (at != wanted)
            continue;
        if (!found)
            boot->first_segment = i;
        boot->last_segment = i;
        found = true;
    }
    return found ? 0 : -ENOENT;
}

struct boot window_boot_of(const struct recording *recording, size_t segment)
{
    struct boot boot = {segment, segment};

    while (!begins_boot(recording, boot.first_segment))
        boot.first_segment--;
    while (boot.last_segment + 1 < recording_segment_count(recording) &&
           !begins_boot(recording, boot.last_segment + 1))
        boot.last_segment++;
    return boot;
}

void window_keep_to_boot(const struct recording *recording, struct boot boot,
                         struct playback_settings *settings)
{
    settings->first_segment = boot.first_segment;
    if (boot.last_segment + 1 < recording_segment_count(recording))
        settings->last_segment = boot.last_segment;
}

uint64_t window_end_ns(const struct recording *recording)
{
    return recording_segment(recording, recording_segment_count(recording) - 1)->content.last_wall_ns;
}

static bool is_time_of_day(const char *words)
{
    struct when_fields fields;
    const char *behind = when_scan_clock(words, &fields);
    return behind && *behind == '\0';
}

int window_parse_time(const struct recording *recording, const char *words, bool latest, uint64_t *wall_ns)
{
    bool from_end = words[0] == '-' || is_time_of_day(words);
    uint64_t now_ns = from_end ? window_end_ns(recording) : clock_wall_ns();

    return (latest ? when_parse_latest : when_parse)(words, now_ns, wall_ns);
}

static uint64_t add_up(uint64_t a, uint64_t b)
{
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

/* Adds the kills that can be read in a segment to *KILLS, whatever its trailer says, as long as there are
 * less than ENOUGH. *WALL_NS is the time of the last of them. Returns 0 or a negative errno. */
static int read_kills(struct recording *recording, size_t index, uint64_t enough, uint64_t *kills,
                      uint64_t *wall_ns)
{
    int found;

    if (recording_segment(recording, index)->content.oom_kills == 0)
        return 0;
    recording_seek(recording, index);
    while (*kills < enough && (found = recording_next(recording)) != RECORDED_END &&
           recording_at(recording) == index) {
        const struct event *event = &recording_decoder(recording)->event.event;
        if (found < 0)
            return found;
        if (found != RECORDED_EVENT || event->kind != EVENT_OOM_KILL || event->kills == 0)
            continue;
        *wall_ns = event->wall_ns;
        *kills = add_up(*kills, event->kills);
    }
    return 0;
}

int window_find_oom(struct recording *recording, uint64_t number, uint64_t *wall_ns)
{
    for (size_t i = recording_segment_count(recording); number > 0 && i-- > 0;) {
        uint64_t kills = 0;
        int error = read_kills(recording, i, UINT64_MAX, &kills, wall_ns);
        if (error < 0)
            return error;
        if (kills < number) {
            number -= kills;
            continue;
        }
        uint64_t seen = 0;
        return number == 1 ? 0 : read_kills(recording, i, kills - number + 1, &seen, wall_ns);
    }
    return -ENOENT;
}

uint64_t window_oom_count(struct recording *recording)
{
    uint64_t kills = 0;
    uint64_t wall_ns;

    for (size_t i = 0; i < recording_segment_count(recording); i++)
        (void)read_kills(recording, i, UINT64_MAX, &kills, &wall_ns);
    return kills;
}

static bool lies_in(const struct segment_info *segment, const struct playback_range *range)
{
    return segment->content.wall_least_ns <= range->until_ns &&
           segment->content.wall_most_ns >= range->since_ns;
}

bool window_narrow(const struct recording *recording, struct playback_settings *settings)
{
    size_t first = settings->first_segment;
    size_t last = settings->last_segment;

    if (last >= recording_segment_count(recording)) /* to where it is being written */
        last = recording_segment_count(recording) - 1;
    while (first <= last && !lies_in(recording_segment(recording, first), &settings->range))
        first++;
    if (first > last)
        return false;
    while (!lies_in(recording_segment(recording, last), &settings->range))
        last--;
    if (settings->last_segment < recording_segment_count(recording) || settings->range.until_ns != UINT64_MAX)
        settings->last_segment = last;
    if (first > settings->first_segment)
        settings->first_segment = first - 1;
    return true;
}
