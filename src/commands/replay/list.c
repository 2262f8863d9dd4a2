/* faultline replay --list: boots, gaps and incidents. */
#include "base/clock.h"
#include "base/size.h"
#include "blackbox/window.h"
#include "commands/outcome.h"
#include "commands/replay/modes.h"
#include "render/cells.h"
#include "render/json.h"
#include "render/table.h"
#include "watch/incidents.h"

#include <errno.h>

enum {
    OUTPUT_MAX = 64 * 1024,
    WRITE_AT = OUTPUT_MAX / 2, /* no line is as long as what is left then */
    NUMBER_CELL = 4,
    LENGTH_CELL = 13,
    KILLS_CELL = 7,
};

struct listing {
    struct replay *replay;
    struct playback *playback;
    struct problem *problem;
    struct text output;
    struct incidents incidents;
    uint64_t marks;
};

static int write_out(struct listing *listing)
{
    int error = outcome_write(&listing->output, listing->problem);

    listing->output.length = 0;
    return error;
}

static int write_some(struct listing *listing)
{
    return listing->output.length >= WRITE_AT ? write_out(listing) : 0;
}

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

static void put_boot(struct text *text, const struct recorded_boot *boot)
{
    cell_signed(text, (struct value){(uint64_t)boot->number, true}, NUMBER_CELL);
    text_string(text, "  ");
    put_span(text, boot->begin_ns, boot->end_ns);
    text_string(text, "  ");
    text_printable(text, boot->host);
    text_string(text, boot->kernel[0] ? ", Linux " : "");
    text_printable(text, boot->kernel);
    text_char(text, '\n');
}

static int describe_boot(struct listing *listing, int64_t number, int64_t count,
                         struct recorded_boot *described)
{
    struct recording *recording = listing->replay->file.recording;
    struct boot boot;
    int error = window_find_boot(recording, number, &boot);

    if (error < 0)
        return error;
    recording_seek(recording, boot.first_segment);
    int found = recording_next(recording);
    const struct schema *schema = &recording_decoder(recording)->schema;
    bool known = found == RECORDED_SEGMENT;
    *described = (struct recorded_boot){
        .number = number - count,
        .begin_ns = recording_segment(recording, boot.first_segment)->header.wall_ns,
        .end_ns = recording_segment(recording, boot.last_segment)->content.last_wall_ns,
        .host = known ? schema->host : "",
        .kernel = known ? schema->kernel : "",
    };
    return found < 0 ? found : 0;
}

static int list_boots(struct listing *listing)
{
    int64_t count = (int64_t)window_boot_count(listing->replay->file.recording);
    bool json = listing->replay->settings.json;
    struct recorded_boot boot;
    int error = 0;

    if (!json)
        text_string(&listing->output, "boot  from                 to                          length\n");
    for (int64_t number = 1; error == 0 && number <= count; number++) {
        error = describe_boot(listing, number, count, &boot);
        if (error == 0)
            (json ? json_put_boot : put_boot)(&listing->output, &boot);
        if (error == 0)
            error = write_some(listing);
    }
    return error;
}

/* -- what is found on the way through -- */

static int take_mark(struct listing *listing, const struct mark *mark)
{
    bool json = listing->replay->settings.json;

    if (mark->kind == MARK_BOOT)
        incidents_break(&listing->incidents);
    if (listing->marks++ == 0 && !json)
        text_string(&listing->output, "\nwhere it does not just go on\n");
    (json ? json_put_mark : table_put_mark)(&listing->output, mark);
    return write_some(listing);
}

static int take(struct listing *listing, int played)
{
    const struct recorded_event *event = &playback_decoder(listing->playback)->event;

    if (played == PLAYED_EVENT)
        return incidents_add(&listing->incidents, &event->event, event->monotonic_ns);
    return played == PLAYED_MARK ? take_mark(listing, playback_mark(listing->playback)) : 0;
}

static int play(struct listing *listing)
{
    struct playback_settings part = listing->replay->part;
    int played = PLAYED_END;

    part.intervals = false;
    int error = playback_start(listing->playback, &part);
    while (error == 0 && (played = playback_next(listing->playback)) > PLAYED_END)
        error = take(listing, played);
    return played < 0 ? played : error;
}

static void put_incident(struct text *text, const struct incident *incident, size_t number)
{
    cell_number(text, (struct value){number, true}, NUMBER_CELL);
    text_string(text, "  ");
    put_span(text, incident->begin_ns, incident->end_ns);
    cell_number(text, (struct value){incident->oom_kills, true}, KILLS_CELL);
    text_string(text, "  ");
    text_printable(text, incident->title);
    text_char(text, '\n');
}

static int list_incidents(struct listing *listing)
{
    size_t count = listing->incidents.count;
    bool json = listing->replay->settings.json;
    int error = 0;

    if (!json)
        text_string(&listing->output,
                    count == 0 ? "\nno incident\n"
                               : "\nincident, for `report --around incident:N`\n"
                                 "   N  from                 to                          length  kills\n");
    for (size_t i = 0; error == 0 && i < count; i++) {
        (json ? json_put_incident : put_incident)(&listing->output, &listing->incidents.list[i], count - i);
        error = write_some(listing);
    }
    return error;
}

int replay_list(struct replay *replay, struct problem *problem)
{
    struct listing listing = {
        .replay = replay,
        .problem = problem,
        .playback = playback_new(replay->file.recording),
        .output = text_new(OUTPUT_MAX),
    };
    int error = listing.playback && listing.output.bytes ? list_boots(&listing) : -ENOMEM;

    if (error == 0)
        error = play(&listing);
    if (error == 0)
        error = list_incidents(&listing);
    if (error == 0)
        error = write_out(&listing);
    incidents_free(&listing.incidents);
    text_free(&listing.output);
    playback_free(listing.playback);
    return error < 0 ? error : 1;
}
