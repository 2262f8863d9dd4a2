/* faultline replay: rows, events and processes. */
#include "base/clock.h"
#include "base/size.h"
#include "commands/outcome.h"
#include "commands/repeat.h"
#include "commands/replay/modes.h"
#include "metric/fold.h"
#include "render/json.h"
#include "render/process_table.h"
#include "render/stream.h"
#include "watch/watch.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

/* How much is put before it is written, where nobody waits for it. */
enum { BATCH_BYTES = 64 * 1024 };

#define FOLLOW_SECONDS 0.25

struct rows {
    struct replay *replay;
    struct playback *playback;
    struct columns columns;
    struct stream stream;
    struct watch watch; /* for the thresholds */
    struct fold fold;
    bool folding;
    uint64_t told; /* rows, events, scans */
    int error;     /* of standard output */
};

/* -- the beginning -- */

static int choose_columns(struct rows *rows, struct problem *problem)
{
    const struct replay_settings *settings = &rows->replay->settings;
    enum column_set set = settings->json || settings->csv ? COLUMNS_ALL
                          : settings->wide                ? COLUMNS_WIDE
                                                          : COLUMNS_DEFAULT;

    int error = columns_choose(&rows->columns, settings->columns, set, settings->psi, problem);
    return error < 0 ? error : columns_want(&rows->columns, playback_sampler(rows->playback));
}

static int want(struct sampler *sampler, enum metric_id id)
{
    return sampler_want(sampler, &metric_table[id], NULL);
}

/* What a red row is known by. */
static int want_storm(struct sampler *sampler)
{
    int error = want(sampler, M_context_switches_per_second);
    return error < 0 ? error : want(sampler, M_cpus_online);
}

static int want_peaks(struct sampler *sampler)
{
    int error = 0;

    for (size_t i = 0; error == 0 && i < fold_peak_count; i++)
        error = want(sampler, fold_peaks[i].of);
    return error;
}

/* Columns whose values stand behind those of the sampler. */
static int add_peak_columns(struct rows *rows)
{
    int error = 0;

    for (size_t i = 0; error == 0 && i < fold_peak_count; i++) {
        const struct metric *metric = &fold_peaks[i].metric;
        error = columns_add(&rows->columns, metric, metric->width, SIZE_AUTO);
        if (error == 0)
            rows->columns.list[rows->columns.count - 1].index = fold_peak_index(&rows->fold, i);
    }
    return error;
}

static int open_fold(struct rows *rows)
{
    const struct replay_settings *settings = &rows->replay->settings;

    if (settings->every_seconds == 0)
        return 0;
    rows->folding = true;
    int error = fold_init(&rows->fold, playback_sampler(rows->playback));
    return error == 0 && settings->wide ? add_peak_columns(rows) : error;
}

static int open_stream(struct rows *rows)
{
    const struct replay_settings *settings = &rows->replay->settings;
    enum stream_format format = settings->json ? STREAM_JSON : settings->csv ? STREAM_CSV : STREAM_TABLE;
    struct table table = {
        .columns = &rows->columns,
        .style = style_for(STDOUT_FILENO, settings->color),
    };
    table.style.timestamp = true;
    table.style.unit = settings->unit;
    int error = stream_open(&rows->stream, format, &table);
    if (error < 0)
        return error;
    rows->stream.details = settings->events;
    size_t most =
        settings->json ? PROCESS_ROWS_MAX * (size_t)JSON_PROCESS_MAX : process_table_max(PROCESS_ROWS_MAX);
    return stream_make_room(&rows->stream, BATCH_BYTES + (settings->processes ? most : 0) + JSON_TASKS_MAX);
}

static int open_rows(struct rows *rows, struct problem *problem)
{
    rows->playback = playback_new(rows->replay->file.recording);
    if (!rows->playback)
        return -ENOMEM;
    int error = choose_columns(rows, problem);
    if (error == 0)
        error = want_storm(playback_sampler(rows->playback));
    if (error == 0 && rows->replay->settings.every_seconds > 0)
        error = want_peaks(playback_sampler(rows->playback));
    if (error == 0)
        error = playback_start(rows->playback, &rows->replay->part);
    if (error == 0)
        error = open_fold(rows);
    return error < 0 ? error : open_stream(rows);
}

/* -- what is played -- */

static int flush(struct rows *rows)
{
    rows->error = stream_flush(&rows->stream);
    return rows->error;
}

/* As the run had them that recorded it. */
static void take_thresholds(struct rows *rows)
{
    const struct schema *schema = &playback_decoder(rows->playback)->schema;
    double every_seconds = rows->replay->settings.every_seconds;

    rows->watch.settings = (struct watch_settings){
        .major_faults = schema->alert_major_faults,
        .context_switches = schema->alert_context_switches,
        .context_switches_per_cpu = schema->alert_context_switches_per_cpu,
    };
    rows->stream.table.delay_seconds =
        every_seconds > 0 ? every_seconds : (double)schema->interval_ns / (double)NS_PER_SECOND;
}

static void put_interval(struct rows *rows, const struct interval *interval)
{
    take_thresholds(rows);
    stream_put_interval(&rows->stream, interval, watch_is_storm(&rows->watch, interval));
    rows->told++;
}

/* What has been folded so far, where there is something. */
static void put_fold(struct rows *rows)
{
    if (!rows->folding || rows->fold.interval.seconds == 0)
        return;
    put_interval(rows, &rows->fold.interval);
    fold_clear(&rows->fold);
}

static void play_interval(struct rows *rows)
{
    const struct interval *interval = playback_interval(rows->playback);

    if (!rows->folding) {
        put_interval(rows, interval);
        return;
    }
    fold_add(&rows->fold, interval);
    /* One that ends half a sample early is nearer than the next one. */
    if (rows->fold.interval.seconds + interval->seconds / 2 >= rows->replay->settings.every_seconds)
        put_fold(rows);
}

static void say_twice(const struct mark *mark)
{
    char words[256];
    struct text text = text_over(words, sizeof(words) - 1);
    struct problem problem;

    text_string(&text, "the clock was set back by ");
    text_duration(&text, -mark->seconds);
    text_string(&text, " at ");
    clock_put_local(&text, mark->wall_ns + (uint64_t)(-mark->seconds * (double)NS_PER_SECOND));
    text_string(&text, ": the times before that came twice, and both are shown");
    words[text.length] = '\0';
    problem_set(&problem, 0, "%s", words);
    problem_print(&problem);
}

static void play_mark(struct rows *rows)
{
    const struct replay_settings *settings = &rows->replay->settings;
    const struct mark *mark = playback_mark(rows->playback);

    put_fold(rows);
    stream_put_mark(&rows->stream, mark);
    if (mark->kind == MARK_CLOCK_STEP && mark->seconds < 0 &&
        (settings->since || settings->until || settings->around))
        say_twice(mark);
}

static void play_processes(struct rows *rows)
{
    const struct decoder *decoder = playback_decoder(rows->playback);

    if (!rows->replay->settings.processes)
        return;
    stream_put_processes(&rows->stream, decoder->rows, decoder->row_count, decoder->sample.wall_ns,
                         (double)decoder->processes.since_ns / (double)NS_PER_SECOND);
    rows->told++;
}

static void play(struct rows *rows, int played)
{
    switch (played) {
    case PLAYED_INTERVAL:
        play_interval(rows);
        break;
    case PLAYED_PROCESSES:
        play_processes(rows);
        break;
    case PLAYED_EVENT:
        stream_put_event(&rows->stream, &playback_decoder(rows->playback)->event.event);
        rows->told++;
        break;
    case PLAYED_MARK:
        play_mark(rows);
        break;
    }
}

/* All that is there by now. Returns 0 or a negative errno. */
static int play_on(void *context)
{
    struct rows *rows = context;
    int played;

    while ((played = playback_next(rows->playback)) > PLAYED_END) {
        play(rows, played);
        if (stream_pending(&rows->stream) >= BATCH_BYTES && flush(rows) < 0)
            return rows->error;
    }
    return played < 0 ? played : flush(rows);
}

static void measure_screen(void *context)
{
    struct rows *rows = context;

    if (!rows->replay->settings.one_header)
        rows->stream.screen = terminal_size(STDOUT_FILENO);
}

static int follow(struct rows *rows)
{
    const struct beat beat = {FOLLOW_SECONDS, 0};
    struct repeat repeat = {.turn = play_on, .resized = measure_screen, .context = rows};

    return repeat_run(&repeat, &beat);
}

static int play_all(struct rows *rows)
{
    measure_screen(rows);
    if (!rows->replay->settings.events)
        stream_put_header(&rows->stream);
    int error = rows->replay->settings.follow ? follow(rows) : play_on(rows);
    if (error == 0) {
        put_fold(rows);
        error = flush(rows);
    }
    return error;
}

int replay_rows(struct replay *replay, struct problem *problem)
{
    struct rows rows = {.replay = replay};
    int error = open_rows(&rows, problem);

    if (error == 0)
        error = play_all(&rows);
    if (rows.error < 0)
        error = outcome_of_writing(rows.error, problem);
    int told = rows.told > 0;
    fold_free(&rows.fold);
    stream_close(&rows.stream);
    columns_free(&rows.columns);
    playback_free(rows.playback);
    return error < 0 ? error : told;
}
