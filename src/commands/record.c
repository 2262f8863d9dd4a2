/* faultline record: the black box. */
#include "base/clock.h"
#include "base/number.h"
#include "base/size.h"
#include "base/text.h"
#include "blackbox/recorder.h"
#include "blackbox/segment.h"
#include "commands/alert_options.h"
#include "commands/blackbox_path.h"
#include "commands/commands.h"
#include "commands/monitor.h"
#include "commands/options.h"
#include "commands/outcome.h"
#include "metric/process_scan.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

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
    bool help;
    bool version;
};

struct record {
    struct record_settings settings;
    char path[BLACKBOX_PATH_MAX];
    struct monitor monitor;
    struct recorder *recorder;
    uint64_t failures; /* in a row */
};

/* -- the command line -- */

static int apply_size(void *bytes, const char *value)
{
    uint64_t *field = bytes;
    int error = size_parse(value, field);

    if (error < 0)
        return error;
    *field -= *field % SEGMENT_BYTES;
    return *field >= STORE_BYTES_MIN && *field <= STORE_BYTES_MAX ? 0 : -ERANGE;
}

static int apply_interval(void *seconds, const char *value)
{
    return duration_parse(value, 0.01, 3600, seconds);
}

static int apply_processes(void *processes, const char *value)
{
    uint64_t *field = processes;
    int error = number_parse_unsigned(value, field);

    if (error < 0)
        return error;
    return *field <= PROCESS_SCAN_MOST_MAX ? 0 : -ERANGE;
}

static int apply_count(void *count, const char *value)
{
    return number_parse_unsigned(value, count);
}

#define FIELD(name) .offset = offsetof(struct record_settings, name)

static const struct option_row rows[] = {
    {"file", 'f', "FILE", "record into FILE", FIELD(path)},
    {"size", 0, "SIZE", "of the file, for good: 1M to 1T (64M)", .apply = apply_size,
     .expected = "a size from 1M to 1T, such as 64M", FIELD(bytes)},
    {"interval", 0, "SECONDS", "between samples, 0.01 to 3600 (1)", .apply = apply_interval,
     .expected = "seconds from 0.01 to 3600", FIELD(interval_seconds)},
    {"processes", 0, "N", "the N largest, and the N that fault most (10)", .apply = apply_processes,
     .expected = "a number from 0 to 50", FIELD(processes)},
    {"count", 0, "N", "end after N samples", .apply = apply_count, .expected = "a number of samples",
     FIELD(count)},
    {"force", 0, NULL, "overwrite what is there and is not as asked for", FIELD(force)},
    ALERT_OPTIONS(struct record_settings, watch),
    {"cgroup", 0, "DIR", "of OOM kills, those in and below this cgroup", FIELD(cgroup_path)},
    {"on-event", 0, "COMMAND", "run COMMAND for each event, as JSON on its input", FIELD(on_event)},
    {"no-protect", 0, NULL, "do not lock memory, may be killed for want of it", FIELD(no_protect)},
    {"proc", 0, "DIR", "read another /proc, e.g. /host/proc", FIELD(proc_path)},
    {"help", 'h', NULL, "this text; faultline-record(1) says more", FIELD(help), .last = true},
    {"version", 'V', NULL, "the version", FIELD(version), .last = true},
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

static void put_help(struct text *text)
{
    text_string(text, "Usage: faultline record [OPTIONS]\n"
                      "The black box: samples, events and processes into a file of fixed size, the\n"
                      "oldest overwritten. `faultline replay` and `faultline report` read it. Exit\n"
                      "status: 0 ended by a signal or --count, 1 failed, 2 wrong usage.\n");
    options_put_help(text, rows, ROWS);
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
    int error = options_parse(rows, ROWS, settings, argc, argv, &operands, problem);
    if (error < 0 || settings->help || settings->version)
        return error;
    if (argv[operands])
        return problem_set(problem, EINVAL, "'%s': record takes no operands; a file is named with -f",
                           argv[operands]);
    return 0;
}

/* -- what the monitor tells -- */

static void say_failure(const struct record *record, int error)
{
    struct problem problem;

    problem_set(&problem, 0, "%s: %s: it is tried again; what there is no room for meanwhile is missing",
                record->path, strerror(-error));
    problem_print(&problem);
}

static void say_recovery(const struct record *record)
{
    struct problem problem;

    problem_set(&problem, 0, "%s: it can be written again; up to %" PRIu64 " samples or events are missing",
                record->path, record->failures);
    problem_print(&problem);
}

/* A disk may come back: what fails is told once, and is no end. */
static void note_outcome(struct record *record, int error)
{
    if (error < 0 && record->failures++ == 0)
        say_failure(record, error);
    if (error == 0 && record->failures > 0) {
        say_recovery(record);
        record->failures = 0;
    }
}

static int take_interval(void *context, const struct interval *interval, bool storm)
{
    struct record *record = context;

    (void)storm;
    note_outcome(record, recorder_take(record->recorder, record->monitor.series.before, interval));
    return 0;
}

static int take_event(void *context, const struct event *event)
{
    struct record *record = context;

    note_outcome(record, recorder_note(record->recorder, event));
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

static int open_recorder(struct record *record, struct problem *problem)
{
    const struct record_settings *settings = &record->settings;
    const struct recorder_settings recording = {
        .store = {record->path, settings->bytes, settings->force},
        .proc_path = settings->proc_path,
        .interval_ns = (uint64_t)(settings->interval_seconds * (double)NS_PER_SECOND + 0.5),
        .processes = settings->processes,
        .watch = settings->watch,
    };
    return recorder_open(&record->recorder, &recording, record->monitor.series.sampler, problem);
}

static int choose_path(struct record *record, struct problem *problem)
{
    const char *path = record->settings.path;

    if (!path)
        return blackbox_path_to_write(record->path, problem);
    if (strlen(path) >= sizeof(record->path))
        return problem_set(problem, ENAMETOOLONG, "%s: %s", path, strerror(ENAMETOOLONG));
    memcpy(record->path, path, strlen(path) + 1);
    return 0;
}

static void say_start(const struct record *record)
{
    const char *caveat = recorder_caveat(record->recorder);
    struct problem problem;

    problem_set(&problem, 0, "recording into %s", record->path);
    problem_print(&problem);
    if (!caveat)
        return;
    problem_set(&problem, 0, "%s: %s", record->path, caveat);
    problem_print(&problem);
}

static int run(struct record *record, struct problem *problem)
{
    static const struct columns no_columns;

    int error = choose_path(record, problem);
    if (error == 0)
        error = open_monitor(record, problem);
    if (error == 0)
        error = open_recorder(record, problem);
    if (error < 0)
        return error;
    monitor_start(&record->monitor, &no_columns);
    error = recorder_begin(record->recorder, record->monitor.series.before);
    if (error < 0)
        return problem_set(problem, -error, "%s: %s", record->path, strerror(-error));
    say_start(record);
    error = monitor_run(&record->monitor);
    int ended = recorder_end(record->recorder);
    if (error == 0 && ended < 0)
        error = problem_set(problem, -ended, "%s: %s: its end is missing", record->path, strerror(-ended));
    return error;
}

int command_record(int argc, char **argv)
{
    struct problem problem = {0};
    struct record record = {0};

    int error = parse(&record.settings, argc, argv, &problem);
    if (error < 0)
        return outcome_misused(&problem);
    if (record.settings.help)
        return outcome_print(put_help);
    if (record.settings.version)
        return outcome_print(outcome_put_version);
    error = run(&record, &problem);
    monitor_release(&record.monitor);
    recorder_close(record.recorder);
    return error < 0 ? outcome_failed(&problem, error) : STATUS_DONE;
}
