/* faultline record: the black box. */
#include "base/clock.h"
#include "base/text.h"
#include "commands/alert_options.h"
#include "commands/black_box.h"
#include "commands/commands.h"
#include "commands/lesser_user.h"
#include "commands/monitor.h"
#include "commands/options.h"
#include "commands/outcome.h"
#include "metric/process_scan.h"

#include <errno.h>

struct record_settings {
    const char *path; /* NULL: the default */
    uint64_t bytes;   /* 0: as the file has it, or the default */
    double interval_seconds;
    uint64_t processes;
    uint64_t count; /* samples; 0: for ever */
    bool force;
    struct watch_settings watch;
    const char *cgroup_path;
    const char *on_event;
    const char *proc_path;
    bool no_protect;
    struct lesser_user user;
    bool help;
    bool version;
};

struct record {
    struct record_settings settings;
    struct monitor monitor;
    struct black_box box;
};

/* -- the command line -- */

#define FIELD(name) .offset = offsetof(struct record_settings, name)

static const struct option_row rows[] = {
    {"file", 'f', "FILE", "record into FILE", FIELD(path)},
    {"size", 0, "SIZE", "of the file, for good: 1M to 1T (64M)", .apply = black_box_apply_size,
     .expected = BLACK_BOX_SIZE_EXPECTED, FIELD(bytes)},
    {"interval", 0, "SECONDS", "between samples, 0.01 to 3600 (1)", .apply = black_box_apply_interval,
     .expected = BLACK_BOX_INTERVAL_EXPECTED, FIELD(interval_seconds)},
    {"processes", 0, "N", "the N largest, and the N that fault most (10)", .most = PROCESS_SCAN_MOST_MAX,
     .expected = "a number from 0 to 50", FIELD(processes)},
    {"count", 0, "N", "end after N samples", .most = UINT64_MAX, .expected = "a number of samples",
     FIELD(count)},
    {"force", 0, NULL, "overwrite what is there and is not as asked for", FIELD(force)},
    ALERT_OPTIONS(struct record_settings, watch),
    {"cgroup", 0, "DIR", "of OOM kills, those in and below this cgroup", FIELD(cgroup_path)},
    {"on-event", 0, "COMMAND", "run COMMAND for each event, as JSON on its input", FIELD(on_event)},
    {"no-protect", 0, NULL, "do not lock memory, may be killed for want of it", FIELD(no_protect)},
    LESSER_USER_OPTION(struct record_settings, user),
    {"proc", 0, "DIR", "read another /proc, e.g. /host/proc", FIELD(proc_path)},
    {"help", 'h', NULL, "this text; faultline-record(1) says more", FIELD(help), .last = true},
    {"version", 'V', NULL, "the version", FIELD(version), .last = true},
};

const struct option_table record_options = OPTION_TABLE(rows);

static void put_help(struct text *text)
{
    text_string(text, "Usage: faultline record [OPTIONS]\n"
                      "The black box: samples, events and processes into a file of fixed size, the\n"
                      "oldest overwritten. `faultline replay` and `faultline report` read it. Exit\n"
                      "status: 0 ended by a signal or --count, 1 failed, 2 wrong usage.\n");
    options_put_help(text, &record_options);
}

static int parse(struct record_settings *settings, int argc, char **argv, struct problem *problem)
{
    int operands;

    *settings = (struct record_settings){
        .interval_seconds = 1,
        .processes = 10,
        .watch = WATCH_DEFAULTS,
        .proc_path = "/proc",
    };
    int error = options_parse(&record_options, settings, argc, argv, &operands, problem);
    if (error < 0 || settings->help || settings->version)
        return error;
    if (argv[operands])
        return problem_set(problem, EINVAL, "'%s': record takes no operands; a file is named with -f",
                           argv[operands]);
    return lesser_user_find(&settings->user, problem);
}

/* -- what the monitor tells -- */

static int take_interval(void *context, const struct interval *interval, bool storm)
{
    struct record *record = context;

    (void)storm;
    black_box_take(&record->box, record->monitor.series.before, interval);
    return 0;
}

static int take_event(void *context, const struct event *event)
{
    struct record *record = context;

    black_box_note(&record->box, event);
    return 0;
}

/* -- the run -- */

static int open_monitor(struct record *record, struct problem *problem)
{
    const struct record_settings *settings = &record->settings;
    const struct monitor_settings watched = {
        .beat = {settings->interval_seconds, settings->count},
        .proc_path = settings->proc_path,
        .watch = settings->watch,
        .cgroup_path = settings->cgroup_path,
        .on_event = settings->on_event,
        .protect = !settings->no_protect,
    };
    const struct monitor_listener listener = {.interval = take_interval,
                                              .event = take_event,
                                              .context = record};

    int error = monitor_init(&record->monitor, &watched, &listener);
    if (error == 0)
        error = recorder_want(record->monitor.series.sampler, settings->proc_path);
    return error < 0 ? error : monitor_open(&record->monitor, problem);
}

static int open_box(struct record *record, struct problem *problem)
{
    const struct record_settings *settings = &record->settings;
    const struct recorder_settings recording = {
        .store = {.bytes = settings->bytes, .force = settings->force},
        .proc_path = settings->proc_path,
        .interval_ns = (uint64_t)(settings->interval_seconds * (double)NS_PER_SECOND + 0.5),
        .processes = settings->processes,
        .watch = settings->watch,
    };
    return black_box_open(&record->box, recording, record->monitor.series.sampler, &settings->user, problem);
}

static int run(struct record *record, struct problem *problem)
{
    static const struct columns no_columns;

    const struct record_settings *settings = &record->settings;
    int error =
        black_box_choose_path(&record->box, settings->path, lesser_user_account(&settings->user), problem);
    if (error == 0)
        error = open_monitor(record, problem);
    if (error == 0)
        error = open_box(record, problem);
    if (error < 0)
        return error;
    monitor_start(&record->monitor, &no_columns);
    error = lesser_user_become(&settings->user, problem);
    if (error == 0)
        error = black_box_begin(&record->box, record->monitor.series.before, problem);
    if (error < 0)
        return error;
    error = monitor_run(&record->monitor);
    int ended = black_box_end(&record->box, problem);
    return error < 0 ? error : ended;
}

int command_record(int argc, char **argv)
{
    struct problem problem = {0};
    struct record record = {0};

    int error = parse(&record.settings, argc, argv, &problem);
    int status = outcome_of_words(error, record.settings.help, record.settings.version, put_help, &problem);
    if (status != STATUS_GO_ON)
        return status;
    error = run(&record, &problem);
    monitor_release(&record.monitor);
    black_box_close(&record.box);
    return error < 0 ? outcome_failed(&problem, error) : STATUS_DONE;
}
