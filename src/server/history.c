#include "server/history.h"

#include "base/clock.h"
#include "blackbox/window.h"
#include "metric/fold.h"
#include "render/json.h"

#include <errno.h>
#include <stdlib.h>

enum { TURN_NS_MAX = 2000000, STEPS_A_LOOK = 16 };

enum stage { STAGE_RECORDING, STAGE_MEMORY, STAGE_END };

struct history {
    const struct past *past;
    struct history_range range;
    enum stage stage;

    struct recording *recording; /* NULL: memory alone */
    struct playback *playback;
    uint64_t played_ns;       /* the last interval that was played */
    size_t played_events;     /* and how many events since then */
    uint64_t played_event_ns; /* the latest of them */

    uint64_t next_number; /* of the next in memory */

    bool folding;
    double least_seconds; /* of a folded sample but for the last ones, so that they are not too many */
    size_t folded;        /* intervals, into the present one */
    struct fold fold;
    struct columns fold_columns; /* those of the past, and peaks */
};

/* -- the past -- */

int past_init(struct past *past)
{
    past->sampler = sampler_new();
    if (!past->sampler)
        return -ENOMEM;
    int error = columns_add_set(&past->columns, COLUMNS_ALL);
    if (error == 0)
        error = columns_want(&past->columns, past->sampler);
    return error < 0 ? error : sampler_arrange(past->sampler);
}

void past_free(struct past *past)
{
    columns_free(&past->columns);
    sampler_free(past->sampler);
    *past = (struct past){0};
}

/* -- opening -- */

/* From when on there is something in a recording; 0: nothing. */
static uint64_t recording_since_ns(const struct recording *recording)
{
    return recording_segment(recording, 0)->header.wall_ns;
}

static uint64_t since_in_memory_ns(const struct past *past)
{
    return past->recent ? recent_since_ns(past->recent) : 0;
}

/* The earlier of both; RECORDING may be NULL. */
static uint64_t known_since_ns(const struct past *past, const struct recording *recording)
{
    uint64_t recent_ns = since_in_memory_ns(past);
    uint64_t recorded_ns = recording ? recording_since_ns(recording) : 0;

    return recent_ns == 0 || (recorded_ns > 0 && recorded_ns < recent_ns) ? recorded_ns : recent_ns;
}

uint64_t history_since_ns(const struct past *past)
{
    struct problem ignored;
    struct recording *recording = NULL;

    if (past->recording_path)
        (void)recording_open(&recording, past->recording_path, &ignored);
    uint64_t since_ns = known_since_ns(past, recording);
    recording_close(recording);
    return since_ns;
}

static int open_recording(struct history *history, struct problem *problem)
{
    const struct past *past = history->past;
    struct playback_settings part = {
        .range = {history->range.since_ns, history->range.until_ns},
        .last_segment = SIZE_MAX,
        .intervals = true,
    };

    int error = recording_open(&history->recording, past->recording_path, problem);
    if (error < 0)
        return error;
    history->playback = playback_new(history->recording);
    if (!history->playback)
        return -ENOMEM;
    error = sampler_want_table(playback_sampler(history->playback));
    if (error == 0 && window_narrow(history->recording, &part)) {
        history->stage = STAGE_RECORDING;
        error = playback_start(history->playback, &part);
    }
    return error;
}

static int add_peak_columns(struct history *history)
{
    int error = columns_add_set(&history->fold_columns, COLUMNS_ALL);

    for (size_t i = 0; error == 0 && i < history->fold_columns.count; i++)
        history->fold_columns.list[i].index = history->past->columns.list[i].index;
    for (size_t i = 0; error == 0 && i < fold_peak_count; i++) {
        const struct metric *metric = &fold_peaks[i].metric;
        error = columns_add(&history->fold_columns, metric, metric->width, SIZE_AUTO);
        if (error == 0)
            history->fold_columns.list[history->fold_columns.count - 1].index =
                fold_peak_index(&history->fold, i);
    }
    return error;
}

/* How long each sample has to be for there to be no more than the most: the first one may have begun before
 * the range, and the last one is as long as it is. */
static double least_seconds(const struct history *history)
{
    uint64_t since_ns = known_since_ns(history->past, history->recording);
    uint64_t now_ns = clock_wall_ns();
    uint64_t begin_ns = history->range.since_ns > since_ns ? history->range.since_ns : since_ns;
    uint64_t end_ns = history->range.until_ns < now_ns ? history->range.until_ns : now_ns;

    return end_ns > begin_ns ? (double)(end_ns - begin_ns) / (double)NS_PER_SECOND / (HISTORY_SAMPLES_MAX - 2)
                             : 0;
}

static bool needs_recording(const struct history *history)
{
    uint64_t recent_ns = since_in_memory_ns(history->past);
    return history->past->recording_path && (recent_ns == 0 || history->range.since_ns < recent_ns);
}

/* How long the intervals of a recording are only they tell: it may be by another run than this one. */
static int open_fold(struct history *history)
{
    history->least_seconds = least_seconds(history);
    if (history->least_seconds > history->range.every_seconds)
        history->range.every_seconds = history->least_seconds;
    if (history->range.every_seconds <= (history->recording ? 0 : history->past->interval_seconds))
        return 0;
    history->folding = true;
    int error = fold_init(&history->fold, history->past->sampler);
    return error == 0 ? add_peak_columns(history) : error;
}

int history_open(struct history **history, const struct past *past, const struct history_range *range,
                 struct problem *problem)
{
    struct history *opened = calloc(1, sizeof(*opened));

    if (!opened)
        return -ENOMEM;
    opened->past = past;
    opened->range = *range;
    opened->stage = STAGE_MEMORY;
    opened->next_number = past->recent ? recent_first_since(past->recent, range->since_ns) : 0;
    int error = needs_recording(opened) ? open_recording(opened, problem) : 0;
    if (error == 0)
        error = open_fold(opened);
    if (error < 0)
        history_close(opened);
    else
        *history = opened;
    return error;
}

void history_close(struct history *history)
{
    if (!history)
        return;
    playback_free(history->playback);
    recording_close(history->recording);
    fold_free(&history->fold);
    columns_free(&history->fold_columns);
    free(history);
}

/* -- telling -- */

/* One interval alone has no peaks but itself. */
static void put_fold(struct history *history, struct text *text)
{
    if (history->folded == 0)
        return;
    json_put_sample(text, history->folded > 1 ? &history->fold_columns : &history->past->columns,
                    &history->fold.interval);
    fold_clear(&history->fold);
    history->folded = 0;
}

/* As near to the length that was asked for as whole intervals come, but no shorter than the least. */
static bool is_fold_full(const struct history *history, double last_seconds)
{
    double seconds = history->fold.interval.seconds;
    return seconds >= history->least_seconds && seconds + last_seconds / 2 >= history->range.every_seconds;
}

static void tell_interval(struct history *history, const struct interval *interval, struct text *text)
{
    if (!history->folding) {
        json_put_sample(text, &history->past->columns, interval);
        return;
    }
    fold_add(&history->fold, interval);
    history->folded++;
    if (is_fold_full(history, interval->seconds))
        put_fold(history, text);
}

static void tell_processes(const struct decoder *decoder, struct text *text)
{
    double seconds = (double)decoder->processes.since_ns / (double)NS_PER_SECOND;

    for (size_t i = 0; i < decoder->row_count; i++)
        json_put_process(text, &decoder->rows[i], decoder->sample.wall_ns, seconds);
}

/* Behind the last interval that was played. Memory may have it, or begin later. */
static uint64_t number_behind_played(const struct history *history)
{
    const struct recent *recent = history->past->recent;
    uint64_t first = recent_first_since(recent, history->played_ns);
    struct recent_item item;

    for (uint64_t number = first; recent_find(recent, number, &item); number = item.number + 1) {
        if (item.is_interval)
            return item.wall_ns == history->played_ns ? item.number + 1 : first;
    }
    return first;
}

/* What is newer than the last that was played goes on from memory: the recording may have all events since
 * then, or some, or none yet. */
static void go_on_in_memory(struct history *history)
{
    const struct recent *recent = history->past->recent;
    struct recent_item item;

    history->stage = STAGE_MEMORY;
    if (!recent || (history->played_ns == 0 && history->played_events == 0))
        return;
    history->next_number = number_behind_played(history);
    for (size_t left = history->played_events; left > 0 && recent_find(recent, history->next_number, &item);
         left--) {
        if (item.is_interval || item.wall_ns > history->played_event_ns)
            break;
        history->next_number = item.number + 1;
    }
}

static void note_played_event(struct history *history, const struct event *event)
{
    history->played_events++;
    if (event->wall_ns > history->played_event_ns)
        history->played_event_ns = event->wall_ns;
}

static int step_recording(struct history *history, struct text *text)
{
    struct playback *playback = history->playback;
    int played = playback_next(playback);

    switch (played) {
    case PLAYED_INTERVAL:
        history->played_ns = playback_interval(playback)->wall_ns;
        history->played_events = 0;
        history->played_event_ns = 0;
        tell_interval(history, playback_interval(playback), text);
        break;
    case PLAYED_EVENT:
        json_put_event(text, &playback_decoder(playback)->event.event);
        note_played_event(history, &playback_decoder(playback)->event.event);
        break;
    case PLAYED_MARK:
        put_fold(history, text);
        json_put_mark(text, playback_mark(playback));
        break;
    case PLAYED_PROCESSES:
        tell_processes(playback_decoder(playback), text);
        break;
    case PLAYED_END:
        go_on_in_memory(history);
        break;
    default:
        break;
    }
    return played < 0 ? played : 0;
}

static void step_memory(struct history *history, struct text *text)
{
    struct recent_item item;

    if (!history->past->recent || !recent_find(history->past->recent, history->next_number, &item) ||
        item.wall_ns > history->range.until_ns) {
        put_fold(history, text);
        history->stage = STAGE_END;
        return;
    }
    history->next_number = item.number + 1;
    if (item.is_interval)
        tell_interval(history, &item.interval, text);
    else
        text_bytes(text, item.line, item.line_length);
}

static int step(struct history *history, struct text *text)
{
    if (history->stage == STAGE_RECORDING)
        return step_recording(history, text);
    step_memory(history, text);
    return 0;
}

int history_next(struct history *history, struct text *text)
{
    uint64_t end_ns = clock_monotonic_ns() + TURN_NS_MAX;
    size_t steps = 0;
    int error = 0;

    while (error == 0 && history->stage != STAGE_END && text->length < HISTORY_LINES_BYTES) {
        error = step(history, text);
        if (++steps % STEPS_A_LOOK == 0 && clock_monotonic_ns() > end_ns)
            break;
    }
    return error < 0 ? error : history->stage != STAGE_END;
}

size_t history_text_max(const struct past *past)
{
    return HISTORY_LINES_BYTES + json_sample_max(&past->columns) * 2 + JSON_EVENT_MAX +
           (size_t)PROCESS_ROWS_MAX * JSON_PROCESS_MAX;
}
