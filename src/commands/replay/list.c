/* faultline replay --list: boots, gaps and incidents. */
#include "base/clock.h"
#include "base/size.h"
#include "blackbox/incidents.h"
#include "blackbox/window.h"
#include "commands/outcome.h"
#include "commands/replay/modes.h"
#include "render/cells.h"
#include "render/json.h"
#include "render/table.h"

#include <errno.h>
#include <inttypes.h>

enum { LINE_MAX = 1024 + INCIDENT_TITLE_MAX * 6, FIRST_CELL = 4, LENGTH_CELL = 13 };

struct listing_state {
    struct replay *replay;
    struct playback *playback;
    struct text text; /* what of it was found on the way: gaps */
    struct incidents incidents;
    uint64_t marks;
};

static void put_span(struct text *text, uint64_t begin_ns, uint64_t end_ns)
{
    clock_put_local(text, begin_ns);
    text_string(text, "  ");
    clock_put_local(text, end_ns);
    size_t start = text->length;
    text_duration(text, end_ns > begin_ns ? (double)(end_ns - begin_ns) / (double)NS_PER_SECOND : 0);
    cell_fill_left(text, start, LENGTH_CELL);
}

/* -- boots -- */

static int put_boot(struct listing_state *state, int64_t number, int64_t count)
{
    struct recording *recording = state->replay->recording;
    struct text *text = &state->text;
    struct boot boot;

    if (window_find_boot(recording, number, &boot) < 0)
        return -ENOENT;
    recording_seek(recording, boot.first_segment);
    int found = recording_next(recording);
    const struct segment_info *first = recording_segment(recording, boot.first_segment);
    const struct segment_info *last = recording_segment(recording, boot.last_segment);
    const struct schema *schema = &recording_decoder(recording)->schema;
    cell_signed(text, (struct value){(uint64_t)(number - count), true}, FIRST_CELL);
    text_string(text, "  ");
    put_span(text, first->header.wall_ns, last->content.last_wall_ns);
    if (found == RECORDED_SEGMENT) {
        text_string(text, "  ");
        text_printable(text, schema->host);
        text_string(text, ", Linux ");
        text_printable(text, schema->kernel);
    }
    text_char(text, '\n');
    return found < 0 ? found : 0;
}

static int put_boots(struct listing_state *state)
{
    int64_t count = (int64_t)window_boot_count(state->replay->recording);
    int error = 0;

    text_string(&state->text, "boot  from                 to                          length\n");
    for (int64_t number = 1; error == 0 && number <= count; number++)
        error = put_boot(state, number, count);
    return error;
}

/* -- on the way through -- */

static int take(struct listing_state *state, int played)
{
    const struct recorded_event *event = &playback_decoder(state->playback)->event;

    if (played == PLAYED_EVENT)
        return incidents_add(&state->incidents, &event->event, event->monotonic_ns);
    if (played != PLAYED_MARK)
        return 0;
    const struct mark *mark = playback_mark(state->playback);
    if (mark->kind == MARK_BOOT)
        incidents_break(&state->incidents);
    if (state->marks++ == 0)
        text_string(&state->text, "\nwhere it does not just go on\n");
    table_put_mark(&state->text, mark);
    return 0;
}

static int play(struct listing_state *state)
{
    struct playback_settings part = state->replay->part;
    int played = 0;
    int error = 0;

    part.intervals = false;
    error = playback_start(state->playback, &part);
    while (error == 0 && (played = playback_next(state->playback)) > PLAYED_END)
        error = take(state, played);
    return played < 0 ? played : error;
}

static void put_incident(struct text *text, const struct incident *incident, size_t number)
{
    cell_number(text, (struct value){number, true}, FIRST_CELL);
    text_string(text, "  ");
    put_span(text, incident->begin_ns, incident->end_ns);
    cell_number(text, (struct value){incident->oom_kills, true}, 7);
    text_string(text, "  ");
    text_printable(text, incident->title);
    text_char(text, '\n');
}

static void put_incidents(struct listing_state *state)
{
    size_t count = state->incidents.count;

    if (count == 0) {
        text_string(&state->text, "\nno incident\n");
        return;
    }
    text_string(&state->text, "\nincident, `report --around incident:N` tells of it\n"
                              "   N  from                 to                          length  kills\n");
    for (size_t i = 0; i < count; i++)
        put_incident(&state->text, &state->incidents.list[i], count - i);
}
