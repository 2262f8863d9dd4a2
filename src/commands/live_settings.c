#include "commands/live_settings.h"

#include "commands/alert_options.h"
#include "commands/commands.h"
#include "commands/look_options.h"
#include "commands/options.h"

#include <errno.h>

#define FIELD(name) .offset = offsetof(struct live_settings, name)

static const struct option_row rows[] = {
    {"columns", 'o', "LIST", "these columns, by id or heading; `help` lists", FIELD(columns)},
    {"wide", 'w', NULL, "also avail, swap and disk traffic, refaults, st, gu", FIELD(wide)},
    {"psi", 0, NULL, "also percent of time stalled for CPU, memory, I/O", FIELD(psi)},
    {"timestamp", 't', NULL, "the time behind each row", FIELD(timestamp)},
    {"one-header", 'n', NULL, "the headings once, not once a screen", FIELD(one_header)},
    {"unit", 'S', "k|K|m|M|auto", "of memory: 1000, 1024, 1000000, 1048576 bytes",
     .apply = look_options_apply_unit, .choices = "k K m M auto", FIELD(unit)},
    {"json", 0, NULL, "one JSON object a line: all metrics, and events", FIELD(json)},
    {"csv", 0, NULL, "comma-separated values: all metrics", FIELD(csv)},
    {"color", 0, "WHEN", "auto, always or never", .apply = look_options_apply_color,
     .choices = "auto always never", FIELD(color)},
    ALERT_OPTIONS(struct live_settings, watch),
    {"no-alerts", 0, NULL, "rows only", FIELD(no_alerts)},
    {"cgroup", 0, "DIR", "tell of OOM kills in and below this cgroup alone", FIELD(cgroup_path)},
    {"on-event", 0, "COMMAND", "run COMMAND for each event, as JSON on its input", FIELD(on_event)},
    {"protect", 0, NULL, "lock memory, and be the last for the OOM killer", FIELD(protect)},
    {"proc", 0, "DIR", "read another /proc, e.g. /host/proc", FIELD(proc_path)},
    {"help", 'h', NULL, "this text; faultline(1) says more", FIELD(help), .last = true},
    {"version", 'V', NULL, "the version", FIELD(version), .last = true},
};

const struct option_table live_options = OPTION_TABLE(rows);

int live_settings_parse(struct live_settings *settings, int argc, char **argv, struct problem *problem)
{
    int operands;

    *settings = (struct live_settings){.proc_path = "/proc", .watch = WATCH_DEFAULTS};
    int error = options_parse(&live_options, settings, argc, argv, &operands, problem);
    if (error < 0 || settings->help || settings->version)
        return error;
    if (settings->json && settings->csv)
        return problem_set(problem, EINVAL, "--json and --csv: choose one of the two");
    if (settings->no_alerts && settings->on_event)
        return problem_set(problem, EINVAL,
                           "--no-alerts and --on-event: there would be no event: choose one of the two");
    return operands_parse_beat(argv + operands, &settings->beat, problem);
}

void live_settings_put_help(struct text *text)
{
    text_string(text, "Usage: faultline [OPTIONS] [DELAY [COUNT]]   rows every DELAY seconds (1)\n"
                      "       faultline oom|top|trace|run           OOM kills; who faults; where; a job\n"
                      "       faultline record|replay|report        the black box\n"
                      "       faultline serve|vmstat                Prometheus and a page; vmstat(8)\n"
                      "       faultline metrics|check|completion    metrics; this machine; for shells\n"
                      "Each has a --help. Exit status: 0 done, 1 failed, 2 wrong usage.\n");
    options_put_help(text, &live_options);
}
