/* faultline [OPTIONS] [DELAY [COUNT]]: live rows. */
#include "base/clock.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/signals.h"
#include "base/ticker.h"
#include "commands/commands.h"
#include "commands/live_settings.h"
#include "commands/outcome.h"
#include "render/json.h"
#include "render/stream.h"
#include "watch/hook.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct live {
    struct live_settings settings;
    struct columns columns;
    struct sampler *sampler;
    struct snapshot *before;
    struct snapshot *after;
    struct interval interval;
    struct watch watch;
    struct stream stream;
    struct loop loop;
    struct signals signals;
    struct ticker ticker;
    struct hook hook;
    uint64_t rows;
    bool ending;
    int error; /* of standard output */
};

static int choose_columns(struct live *live, struct problem *problem)
{
    const struct live_settings *settings = &live->settings;
    enum column_set set = settings->json || settings->csv ? COLUMNS_ALL
                          : settings->wide                ? COLUMNS_WIDE
                                                          : COLUMNS_DEFAULT;

    int error = settings->columns ? columns_add_list(&live->columns, settings->columns, problem)
                                  : columns_add_set(&live->columns, set);
    if (error == 0 && settings->psi)
        error = columns_add_set(&live->columns, COLUMNS_PSI);
    return error;
}

static int open_sampler(struct live *live, struct problem *problem)
{
    live->sampler = sampler_new();
    if (!live->sampler)
        return -ENOMEM;
    int error = columns_want(&live->columns, live->sampler);
    if (error == 0 && !live->settings.no_alerts)
        error = watch_want(live->sampler);
    if (error == 0)
        error = sampler_open(live->sampler, live->settings.proc_path, problem);
    if (error == 0)
        error = interval_init(&live->interval, live->sampler);
    if (error < 0)
        return error;
    live->before = snapshot_new(live->sampler);
    live->after = snapshot_new(live->sampler);
    return live->before && live->after ? 0 : -ENOMEM;
}

static int open_stream(struct live *live)
{
    const struct live_settings *settings = &live->settings;
    enum stream_format format = settings->json ? STREAM_JSON : settings->csv ? STREAM_CSV : STREAM_TABLE;
    struct table table = {
        .columns = &live->columns,
        .style = style_for(STDOUT_FILENO, settings->color),
        .delay_seconds = settings->beat.delay_seconds,
    };
    table.style.timestamp = settings->timestamp;
    table.style.unit = settings->unit;
    return stream_open(&live->stream, format, &table);
}

static void measure_screen(struct live *live)
{
    if (!live->settings.one_header)
        live->stream.screen = terminal_size(STDOUT_FILENO);
}

static void note(const char *proc_path, const char *file, const char *why)
{
    struct problem problem = {0};
    problem_set(&problem, 0, "%s/%s: %s: what comes from it shows as -", proc_path, file, why);
    problem_print(&problem);
}

/* What a kernel may lack goes without saying; what it has and does not give, or has under no such name, does
 * not. */
static void note_what_is_missing(const struct live *live)
{
    for (enum source_id source = 0; source < SOURCE_COUNT; source++) {
        int error = sampler_source_error(live->sampler, source);
        bool optional = source >= SOURCE_PRESSURE_CPU && source <= SOURCE_PRESSURE_IRQ;
        if (error < 0 && !(optional && (error == -ENOENT || error == -EOPNOTSUPP)))
            note(live->settings.proc_path, source_path(source), strerror(-error));
    }
    for (size_t i = 0; i < live->columns.own_count; i++) {
        const struct metric *metric = live->columns.own[i];
        size_t index = METRIC_TABLE_SIZE + i;
        if (sampler_source_error(live->sampler, metric->source) == 0 &&
            !sampler_has(live->sampler, index, live->before))
            note(live->settings.proc_path, source_path(metric->source), metric->keys);
    }
}

static void stop(struct live *live)
{
    loop_stop(&live->loop);
}

/* No more rows; commands of --on-event that still run or wait are given their time. */
static void end(struct live *live)
{
    if (live->ending || !hook_busy(&live->hook)) {
        stop(live);
        return;
    }
    live->ending = true;
    ticker_stop(&live->ticker, &live->loop);
}

static void on_hook_idle(void *context)
{
    struct live *live = context;
    if (live->ending)
        stop(live);
}

static void on_signal(void *context, int signal)
{
    struct live *live = context;

    if (signal == SIGWINCH)
        measure_screen(live);
    else if (signal == SIGCHLD)
        hook_reap(&live->hook);
    else
        end(live);
}

static void send_to_hook(struct live *live, const struct event *event)
{
    char bytes[HOOK_LINE_MAX];
    struct text line = text_over(bytes, sizeof(bytes));

    json_put_event(&line, event);
    hook_send(&live->hook, &line);
}

static void flush(struct live *live)
{
    int error = stream_flush(&live->stream);
    if (error < 0) {
        live->error = error;
        stop(live);
    }
}

static void show(struct live *live)
{
    struct event events[WATCH_EVENTS_MAX];
    size_t count = live->settings.no_alerts ? 0 : watch_step(&live->watch, &live->interval, events);
    bool storm = !live->settings.no_alerts && watch_is_storm(&live->watch, &live->interval);

    stream_put_interval(&live->stream, &live->interval, storm);
    for (size_t i = 0; i < count; i++)
        stream_put_event(&live->stream, &events[i]);
    flush(live);
    for (size_t i = 0; i < count; i++)
        send_to_hook(live, &events[i]);
}

static void on_tick(void *context)
{
    struct live *live = context;
    struct snapshot *read = live->after;

    sampler_read(live->sampler, read);
    interval_compute(&live->interval, live->sampler, live->before, read);
    if (live->interval.seconds < live->settings.beat.delay_seconds / 2)
        return; /* the row before came late, after a stop say: this deadline is served with the next one */
    live->after = live->before;
    live->before = read;
    show(live);
    if (++live->rows == live->settings.beat.count)
        end(live);
}

static int open_loop(struct live *live)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCHLD};

    int error = loop_open(&live->loop);
    if (error == 0)
        error = signals_catch(&live->signals, &live->loop, signals, sizeof(signals) / sizeof(*signals),
                              on_signal, live);
    if (error == 0)
        error = hook_open(&live->hook, &live->loop, live->settings.on_event, on_hook_idle, live);
    return error;
}

static int start(struct live *live)
{
    uint64_t delay_ns = (uint64_t)(live->settings.beat.delay_seconds * (double)NS_PER_SECOND + 0.5);

    memory_settle();
    sampler_read(live->sampler, live->before);
    note_what_is_missing(live);
    measure_screen(live);
    stream_put_header(&live->stream);
    flush(live);
    return ticker_start(&live->ticker, &live->loop, live->before->monotonic_ns, delay_ns, on_tick, live);
}

static int run(struct live *live, struct problem *problem)
{
    int error = choose_columns(live, problem);
    if (error == 0)
        error = open_sampler(live, problem);
    if (error == 0)
        error = open_stream(live);
    if (error == 0)
        error = open_loop(live);
    if (error < 0)
        return error;
    watch_init(&live->watch, live->settings.watch);
    error = start(live);
    if (error == 0 && live->error == 0)
        error = loop_run(&live->loop);
    if (live->error < 0 && live->error != -EPIPE)
        return problem_set(problem, -live->error, "standard output: %s", strerror(-live->error));
    return error;
}

static void release(struct live *live)
{
    hook_close(&live->hook);
    stream_close(&live->stream);
    interval_free(&live->interval);
    free(live->before);
    free(live->after);
    sampler_free(live->sampler);
    columns_free(&live->columns);
}

static void put_version(struct text *text)
{
    text_string(text, "faultline " FAULTLINE_VERSION "\n");
}

int command_live(int argc, char **argv)
{
    struct problem problem = {0};
    struct live live = {0};

    int error = live_settings_parse(&live.settings, argc, argv, &problem);
    if (error < 0)
        return outcome_failed(&problem, error);
    if (live.settings.help)
        return outcome_print(live_settings_put_help);
    if (live.settings.version)
        return outcome_print(put_version);
    if (live.settings.columns && strcmp(live.settings.columns, "help") == 0)
        return outcome_print(columns_put_help);

    error = run(&live, &problem);
    release(&live);
    return error < 0 ? outcome_failed(&problem, error) : STATUS_DONE;
}
