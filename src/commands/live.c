/* faultline [OPTIONS] [DELAY [COUNT]]: live rows. */
#include "commands/commands.h"
#include "commands/live_settings.h"
#include "commands/monitor.h"
#include "commands/outcome.h"
#include "render/stream.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

struct live {
    struct live_settings settings;
    struct columns columns;
    struct stream stream;
    struct monitor monitor;
};

static int choose_columns(struct live *live, struct problem *problem)
{
    const struct live_settings *settings = &live->settings;
    enum column_set set = settings->json || settings->csv ? COLUMNS_ALL
                          : settings->wide                ? COLUMNS_WIDE
                                                          : COLUMNS_DEFAULT;

    return columns_choose(&live->columns, settings->columns, set, settings->psi, problem);
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

/* -- what the monitor tells -- */

static int put_interval(void *context, const struct interval *interval, bool storm)
{
    struct live *live = context;

    stream_put_interval(&live->stream, interval, storm);
    return 0;
}

static int put_event(void *context, const struct event *event)
{
    struct live *live = context;

    stream_put_event(&live->stream, event);
    return 0;
}

static int flush(void *context)
{
    struct live *live = context;
    return stream_flush(&live->stream);
}

static void measure_screen(void *context)
{
    struct live *live = context;

    if (!live->settings.one_header)
        live->stream.screen = terminal_size(STDOUT_FILENO);
}

static int open_monitor(struct live *live, struct problem *problem)
{
    const struct live_settings *settings = &live->settings;
    const struct monitor_settings watched = {
        .beat = settings->beat,
        .proc_path = settings->proc_path,
        .watch = settings->watch,
        .no_alerts = settings->no_alerts,
        .cgroup_path = settings->cgroup_path,
        .on_event = settings->on_event,
        .protect = settings->protect,
    };
    const struct monitor_listener listener = {.interval = put_interval,
                                              .event = put_event,
                                              .flush = flush,
                                              .resized = measure_screen,
                                              .context = live};

    int error = monitor_init(&live->monitor, &watched, &listener);
    if (error == 0)
        error = columns_want(&live->columns, live->monitor.series.sampler);
    return error < 0 ? error : monitor_open(&live->monitor, problem);
}

static int run(struct live *live, struct problem *problem)
{
    int error = open_monitor(live, problem);
    if (error == 0)
        error = open_stream(live);
    if (error < 0)
        return error;
    monitor_start(&live->monitor, &live->columns);
    measure_screen(live);
    stream_put_header(&live->stream);
    error = monitor_run(&live->monitor);
    int written = live->monitor.error;
    return outcome_is_end(written) ? error : outcome_of_writing(written, problem);
}

static void release(struct live *live)
{
    monitor_release(&live->monitor);
    stream_close(&live->stream);
    columns_free(&live->columns);
}

int command_live(int argc, char **argv)
{
    struct problem problem = {0};
    struct live live = {0};

    int error = live_settings_parse(&live.settings, argc, argv, &problem);
    int status =
        outcome_of_words(error, live.settings.help, live.settings.version, live_settings_put_help, &problem);
    if (status != STATUS_GO_ON)
        return status;
    if (live.settings.columns && strcmp(live.settings.columns, "help") == 0)
        return outcome_print(columns_put_help);

    error = choose_columns(&live, &problem);
    status = error == -EINVAL ? outcome_misused(&problem) : STATUS_DONE;
    if (error == 0)
        error = run(&live, &problem);
    if (error < 0 && status == STATUS_DONE)
        status = outcome_failed(&problem, error);
    release(&live);
    return status;
}
