/* faultline [OPTIONS] [DELAY [COUNT]]: live rows. */
#include "base/clock.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/protect.h"
#include "base/signals.h"
#include "base/ticker.h"
#include "commands/commands.h"
#include "commands/live_settings.h"
#include "commands/missing.h"
#include "commands/outcome.h"
#include "metric/series.h"
#include "render/json.h"
#include "render/stream.h"
#include "watch/hook.h"
#include "watch/oom_watch.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

struct live {
    struct live_settings settings;
    struct columns columns;
    struct series series;
    struct watch watch;
    struct stream stream;
    struct loop loop;
    struct signals signals;
    struct ticker ticker;
    struct hook hook;
    struct oom_watch *oom_watch; /* NULL with --no-alerts */
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

static int open_series(struct live *live, struct problem *problem)
{
    int error = series_init(&live->series);
    struct sampler *sampler = live->series.sampler;

    if (error == 0)
        error = columns_want(&live->columns, sampler);
    if (error == 0 && !live->settings.no_alerts)
        error = watch_want(sampler);
    if (error == 0 && !live->settings.no_alerts)
        error = sampler_want(sampler, &metric_table[M_oom_kills], NULL);
    return error < 0 ? error : series_open(&live->series, live->settings.proc_path, problem);
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

static void note_what_is_missing(const struct live *live)
{
    const struct series *series = &live->series;
    const char *proc_path = live->settings.proc_path;

    missing_note_all(series, &live->columns, proc_path);
    if (live->settings.watch.context_switches_per_cpu && !live->settings.no_alerts &&
        !sampler_has(series->sampler, M_cpus_online, series->before))
        missing_note(proc_path, source_path(SOURCE_STAT), "has no CPUs for --alert-cs N/cpu");
}

static void stop(struct live *live)
{
    loop_stop(&live->loop);
}

/* No more rows; commands of --on-event that still run or wait are given their time. */
static void end(struct live *live)
{
    if (!live->ending && live->oom_watch)
        oom_watch_finish(live->oom_watch);
    if (live->ending || !hook_busy(&live->hook)) {
        stop(live);
        return;
    }
    live->ending = true;
    ticker_stop(&live->ticker, &live->loop);
    hook_finish(&live->hook);
}

static void end_by_signal(struct live *live)
{
    static const struct problem waiting = {
        "waiting up to 10 s for --on-event; a second signal ends it at once"};

    end(live);
    if (!live->loop.stopping)
        problem_print(&waiting);
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
        end_by_signal(live);
}

static_assert((int)HOOK_LINE_MAX >= (int)JSON_EVENT_MAX, "an event that is cut is no JSON");

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

static void on_oom_kill(void *context, const struct event *event)
{
    struct live *live = context;

    send_to_hook(live, event); /* whoever reads the rows may be slow */
    stream_put_event(&live->stream, event);
    flush(live);
}

static void show(struct live *live)
{
    struct event events[WATCH_EVENTS_MAX];
    size_t count = live->settings.no_alerts ? 0 : watch_step(&live->watch, &live->series.interval, events);
    bool storm = !live->settings.no_alerts && watch_is_storm(&live->watch, &live->series.interval);

    stream_put_interval(&live->stream, &live->series.interval, storm);
    for (size_t i = 0; i < count; i++) {
        send_to_hook(live, &events[i]);
        stream_put_event(&live->stream, &events[i]);
    }
    flush(live);
    if (live->oom_watch)
        oom_watch_count(live->oom_watch,
                        sampler_total(live->series.sampler, M_oom_kills, live->series.before));
}

static void on_tick(void *context)
{
    struct live *live = context;

    /* Where the row before came late, after a stop say, this deadline is served with the next one. */
    if (!series_next(&live->series, live->settings.beat.delay_seconds / 2))
        return;
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

static int open_oom_watch(struct live *live, struct problem *problem)
{
    struct oom_watch_settings settings = OOM_WATCH_DEFAULTS;

    if (live->settings.no_alerts)
        return 0;
    settings.proc_path = live->settings.proc_path;
    settings.cgroup_path = live->settings.cgroup_path;
    return oom_watch_open(&live->oom_watch, &live->loop, &settings, on_oom_kill, live, problem);
}

static int start(struct live *live)
{
    uint64_t delay_ns = (uint64_t)(live->settings.beat.delay_seconds * (double)NS_PER_SECOND + 0.5);

    memory_settle();
    if (live->settings.protect)
        protect_self();
    series_start(&live->series);
    note_what_is_missing(live);
    measure_screen(live);
    stream_put_header(&live->stream);
    flush(live);
    return ticker_start(&live->ticker, &live->loop, live->series.before->monotonic_ns, delay_ns, on_tick,
                        live);
}

static int run(struct live *live, struct problem *problem)
{
    int error = open_series(live, problem);
    if (error == 0)
        error = open_stream(live);
    if (error == 0)
        error = open_loop(live);
    if (error == 0)
        error = open_oom_watch(live, problem);
    if (error < 0)
        return error;
    watch_init(&live->watch, live->settings.watch);
    error = start(live);
    if (error == 0 && live->error == 0)
        error = loop_run(&live->loop);
    return outcome_is_end(live->error) ? error : outcome_of_writing(live->error, problem);
}

static void release(struct live *live)
{
    oom_watch_close(live->oom_watch);
    hook_close(&live->hook);
    ticker_stop(&live->ticker, &live->loop);
    signals_close(&live->signals);
    loop_close(&live->loop);
    stream_close(&live->stream);
    series_free(&live->series);
    columns_free(&live->columns);
}

int command_live(int argc, char **argv)
{
    struct problem problem = {0};
    struct live live = {.loop.epoll_fd = -1};

    int error = live_settings_parse(&live.settings, argc, argv, &problem);
    if (error < 0)
        return outcome_misused(&problem);
    if (live.settings.help)
        return outcome_print(live_settings_put_help);
    if (live.settings.version)
        return outcome_print(outcome_put_version);
    if (live.settings.columns && strcmp(live.settings.columns, "help") == 0)
        return outcome_print(columns_put_help);

    error = choose_columns(&live, &problem);
    int status = error == -EINVAL ? outcome_misused(&problem) : STATUS_DONE;
    if (error == 0)
        error = run(&live, &problem);
    if (error < 0 && status == STATUS_DONE)
        status = outcome_failed(&problem, error);
    release(&live);
    return status;
}
