#include "commands/monitor.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/protect.h"
#include "commands/missing.h"
#include "render/json.h"

#include <assert.h>
#include <errno.h>
#include <signal.h>
#include <string.h>

int monitor_init(struct monitor *monitor, const struct monitor_settings *settings,
                 const struct monitor_listener *listener)
{
    *monitor = (struct monitor){.settings = *settings, .listener = *listener, .loop.epoll_fd = -1};
    return series_init(&monitor->series);
}

static void stop(struct monitor *monitor)
{
    loop_stop(&monitor->loop);
}

void monitor_check(struct monitor *monitor, int error)
{
    if (error >= 0)
        return;
    if (monitor->error == 0)
        monitor->error = error;
    stop(monitor);
}

/* -- telling -- */

static_assert((int)HOOK_LINE_MAX >= (int)JSON_EVENT_MAX, "an event that is cut is no JSON");

static void send_to_hook(struct monitor *monitor, const struct event *event)
{
    char bytes[HOOK_LINE_MAX];
    struct text line = text_over(bytes, sizeof(bytes));

    json_put_event(&line, event);
    hook_send(&monitor->hook, &line);
}

static void flush(struct monitor *monitor)
{
    if (monitor->listener.flush)
        monitor_check(monitor, monitor->listener.flush(monitor->listener.context));
}

static void tell_events(struct monitor *monitor, const struct event *events, size_t count)
{
    const struct monitor_listener *listener = &monitor->listener;

    for (size_t i = 0; i < count; i++)
        monitor_check(monitor, listener->event(listener->context, &events[i]));
    for (size_t i = 0; i < count; i++)
        send_to_hook(monitor, &events[i]);
    flush(monitor);
}

static void on_oom_kill(void *context, const struct event *event)
{
    tell_events(context, event, 1);
}

static void tell_interval(struct monitor *monitor)
{
    const struct monitor_listener *listener = &monitor->listener;
    const struct interval *interval = &monitor->series.interval;
    struct event events[WATCH_EVENTS_MAX];
    size_t count = monitor->settings.no_alerts ? 0 : watch_step(&monitor->watch, interval, events);
    bool storm = !monitor->settings.no_alerts && watch_is_storm(&monitor->watch, interval);

    monitor_check(monitor, listener->interval(listener->context, interval, storm));
    tell_events(monitor, events, count);
}

static void count_oom_kills(struct monitor *monitor)
{
    const struct series *series = &monitor->series;

    if (monitor->oom_watch)
        oom_watch_count(monitor->oom_watch, sampler_total(series->sampler, M_oom_kills, series->before));
}

static void on_tick(void *context)
{
    struct monitor *monitor = context;

    /* Where the interval before came late, after a stop say, this deadline is served with the next one. */
    if (!series_next(&monitor->series, monitor->settings.beat.delay_seconds / 2))
        return;
    tell_interval(monitor);
    count_oom_kills(monitor);
    if (++monitor->intervals == monitor->settings.beat.count)
        monitor_end(monitor);
}

/* -- ending -- */

void monitor_end(struct monitor *monitor)
{
    if (!monitor->ending && monitor->oom_watch)
        oom_watch_finish(monitor->oom_watch);
    if (monitor->ending || !hook_busy(&monitor->hook)) {
        stop(monitor);
        return;
    }
    monitor->ending = true;
    ticker_stop(&monitor->ticker, &monitor->loop);
    hook_finish(&monitor->hook);
}

static void end_by_signal(struct monitor *monitor)
{
    static const struct problem waiting = {
        "waiting up to 10 s for --on-event; a second signal ends it at once"};

    monitor_end(monitor);
    if (!monitor->loop.stopping)
        problem_print(&waiting);
}

static void on_hook_idle(void *context)
{
    struct monitor *monitor = context;
    if (monitor->ending)
        stop(monitor);
}

static void on_signal(void *context, int signal)
{
    struct monitor *monitor = context;
    const struct monitor_listener *listener = &monitor->listener;

    if (signal == SIGCHLD)
        hook_reap(&monitor->hook);
    else if (signal == SIGHUP && listener->hung_up)
        listener->hung_up(listener->context);
    else if (signal != SIGWINCH)
        end_by_signal(monitor);
    else if (listener->resized)
        listener->resized(listener->context);
}

/* -- beginning -- */

static int open_series(struct monitor *monitor, struct problem *problem)
{
    struct sampler *sampler = monitor->series.sampler;
    int error = 0;

    if (!monitor->settings.no_alerts)
        error = watch_want(sampler);
    if (error == 0 && !monitor->settings.no_alerts)
        error = sampler_want(sampler, &metric_table[M_oom_kills], NULL);
    return error < 0 ? error : series_open(&monitor->series, monitor->settings.proc_path, problem);
}

static int open_loop(struct monitor *monitor)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH, SIGCHLD};

    int error = loop_open(&monitor->loop);
    if (error == 0)
        error = signals_catch(&monitor->signals, &monitor->loop, signals, sizeof(signals) / sizeof(*signals),
                              on_signal, monitor);
    if (error == 0)
        error = hook_open(&monitor->hook, &monitor->loop, monitor->settings.on_event, on_hook_idle, monitor);
    return error;
}

/* An alert without names is better than none. */
static void say_nobody_is_named(const char *proc_path, int error)
{
    struct problem problem = {0};

    problem_set(&problem, 0, "%s: %s: who is behind major faults is not named", proc_path, strerror(-error));
    problem_print(&problem);
}

static int open_culprits(struct monitor *monitor)
{
    const char *proc_path = monitor->settings.proc_path;

    if (monitor->settings.no_alerts)
        return 0;
    int error = culprits_open(&monitor->culprits, proc_path);
    monitor->watch.culprits = monitor->culprits;
    if (error == -ENOMEM)
        return error;
    if (error < 0)
        say_nobody_is_named(proc_path, error);
    return 0;
}

static int open_oom_watch(struct monitor *monitor, struct problem *problem)
{
    struct oom_watch_settings settings = OOM_WATCH_DEFAULTS;

    if (monitor->settings.no_alerts)
        return 0;
    settings.proc_path = monitor->settings.proc_path;
    settings.cgroup_path = monitor->settings.cgroup_path;
    return oom_watch_open(&monitor->oom_watch, &monitor->loop, &settings, on_oom_kill, monitor, problem);
}

int monitor_open(struct monitor *monitor, struct problem *problem)
{
    watch_init(&monitor->watch, monitor->settings.watch);
    int error = open_series(monitor, problem);
    if (error == 0)
        error = open_loop(monitor);
    if (error == 0)
        error = open_oom_watch(monitor, problem);
    if (error == 0)
        error = open_culprits(monitor);
    return error;
}

static void note_what_is_missing(const struct monitor *monitor, const struct columns *columns)
{
    const struct monitor_settings *settings = &monitor->settings;
    const struct series *series = &monitor->series;

    missing_note_all(series, columns, settings->proc_path);
    if (settings->watch.context_switches_per_cpu && !settings->no_alerts &&
        !sampler_has(series->sampler, M_cpus_online, series->before))
        missing_note(settings->proc_path, source_path(SOURCE_STAT), "has no CPUs for --alert-cs N/cpu");
}

void monitor_start(struct monitor *monitor, const struct columns *columns)
{
    memory_settle();
    if (monitor->settings.protect)
        protect_self();
    series_start(&monitor->series);
    if (monitor->culprits)
        culprits_begin(monitor->culprits);
    note_what_is_missing(monitor, columns);
}

int monitor_begin(struct monitor *monitor)
{
    double delay_ns = monitor->settings.beat.delay_seconds * (double)NS_PER_SECOND;

    flush(monitor);
    return ticker_start(&monitor->ticker, &monitor->loop, monitor->series.before->monotonic_ns,
                        (uint64_t)(delay_ns + 0.5), on_tick, monitor);
}

int monitor_run(struct monitor *monitor)
{
    int error = monitor_begin(monitor);

    if (error == 0 && monitor->error == 0)
        error = loop_run(&monitor->loop);
    return error;
}

void monitor_release(struct monitor *monitor)
{
    if (!monitor->series.sampler) /* nothing is open without one; a zeroed loop is not even closed */
        return;
    oom_watch_close(monitor->oom_watch);
    culprits_free(monitor->culprits);
    hook_close(&monitor->hook);
    ticker_stop(&monitor->ticker, &monitor->loop);
    signals_close(&monitor->signals);
    loop_close(&monitor->loop);
    series_free(&monitor->series);
}
