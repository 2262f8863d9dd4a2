#include "commands/replay/settings.h"

#include "base/number.h"
#include "base/size.h"
#include "commands/commands.h"
#include "commands/look_options.h"
#include "commands/operands.h"
#include "commands/options.h"

#include <errno.h>

static int apply_seconds(void *seconds, const char *value)
{
    return duration_parse(value, 1e-9, 1e9, seconds);
}

static int apply_boot(void *settings, const char *value)
{
    struct replay_settings *replay = settings;
    bool negative = value[0] == '-';
    uint64_t number;
    int error = number_parse_unsigned(value + negative, &number);

    if (error < 0)
        return error;
    if (number > INT32_MAX)
        return -ERANGE;
    replay->boot = negative ? -(int64_t)number : (int64_t)number;
    replay->has_boot = true;
    return 0;
}

#define FIELD(name) .offset = offsetof(struct replay_settings, name)

static const struct option_row rows[] = {
    {"since", 0, "TIME", "from then on: 03:12, -1h (from its end), \"1h ago\"", FIELD(since)},
    {"until", 0, "TIME", "up to then", FIELD(until)},
    {"around", 0, "WHAT", "oom: the last OOM kill; oom:2, or a time", FIELD(around)},
    {"window", 0, "LENGTH", "before and after that (60s)", .apply = apply_seconds,
     .expected = "a length of time, such as 90s or 5m", FIELD(window_seconds)},
    {"boot", 0, "N", "of one boot: 0 the newest, -1 before, 1 the oldest", .apply = apply_boot,
     .expected = "a number of a boot, such as 0, -1 or 1"},
    {"list", 0, NULL, "boots, gaps and incidents, and no rows", FIELD(list)},
    {"every", 0, "LENGTH", "a row for so long, such as 60s", .apply = apply_seconds,
     .expected = "a length of time, such as 60s or 5m", FIELD(every_seconds)},
    {"processes", 0, NULL, "also the processes that mattered", FIELD(processes)},
    {"events", 0, NULL, "events alone; of OOM kills the largest tasks, too", FIELD(events)},
    {"follow", 0, NULL, "go on with what is recorded from now on", FIELD(follow)},
    {"columns", 'o', "LIST", "these columns, by id or heading; `-o help` lists", FIELD(columns)},
    {"wide", 'w', NULL, "more columns; with --every also the extremes", FIELD(wide)},
    {"psi", 0, NULL, "also percent of time stalled for CPU, memory, I/O", FIELD(psi)},
    {"one-header", 'n', NULL, "the headings once, not once a screen", FIELD(one_header)},
    {"unit", 'S', "k|K|m|M|auto", "of memory: 1000, 1024, 1000000, 1048576 bytes",
     .apply = look_options_apply_unit, .choices = "k K m M auto", FIELD(unit)},
    {"json", 0, NULL, "one JSON object a line, as the live view has them", FIELD(json)},
    {"csv", 0, NULL, "comma-separated values", FIELD(csv)},
    {"openmetrics", 0, NULL, "OpenMetrics with times, for promtool", FIELD(openmetrics)},
    {"save", 0, "OUT", "this part as a recording of its own, no rows", FIELD(save_path)},
    {"force", 0, NULL, "with --save: overwrite OUT", FIELD(force)},
    {"color", 0, "WHEN", "auto, always or never", .apply = look_options_apply_color,
     .choices = "auto always never", FIELD(color)},
    {"help", 'h', NULL, "this text; faultline-replay(1) says more", FIELD(help), .last = true},
    {"version", 'V', NULL, "the version", FIELD(version), .last = true},
};

const struct option_table replay_options = OPTION_TABLE(rows);

/* Options that ask for different kinds of output, or of the same thing in two ways. */
static int refuse_both(const struct replay_settings *settings, struct problem *problem)
{
    const bool other_output =
        settings->csv || settings->openmetrics || settings->processes || settings->events;
    const struct {
        bool first;
        bool second;
        const char *names;
        const char *why;
    } pairs[] = {
        {settings->json, settings->csv, "--json and --csv", "they are two kinds of output"},
        {settings->json, settings->openmetrics, "--json and --openmetrics", "they are two kinds of output"},
        {settings->csv, settings->openmetrics, "--csv and --openmetrics", "they are two kinds of output"},
        {settings->list, other_output || settings->save_path, "--list and another kind of output",
         "it has its own"},
        {settings->list, settings->since || settings->until || settings->around || settings->has_boot,
         "--list and --since, --until, --around or --boot", "it is of all that was recorded"},
        {settings->save_path, other_output || settings->json, "--save and another kind of output",
         "it writes a recording"},
        {settings->processes, settings->csv || settings->openmetrics,
         "--processes and --csv or --openmetrics", "they have no place for processes"},
        {settings->events, settings->csv || settings->openmetrics, "--events and --csv or --openmetrics",
         "they have no place for events"},
        {settings->every_seconds > 0,
         settings->events || settings->list || settings->save_path || settings->openmetrics,
         "--every and --events, --list, --save or --openmetrics", "there are no rows"},
        {settings->around, settings->since || settings->until, "--around and --since or --until",
         "both say when"},
        {settings->follow, settings->list || settings->save_path || settings->openmetrics,
         "--follow and --list, --save or --openmetrics", "those come to an end"},
    };

    for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
        if (pairs[i].first && pairs[i].second)
            return problem_set(problem, EINVAL, "%s: %s: choose one of the two", pairs[i].names,
                               pairs[i].why);
    }
    return 0;
}

int replay_settings_parse(struct replay_settings *settings, int argc, char **argv, struct problem *problem)
{
    int operands;

    *settings = (struct replay_settings){.window_seconds = 60};
    int error = options_parse(&replay_options, settings, argc, argv, &operands, problem);
    if (error < 0 || settings->help || settings->version)
        return error;
    error = operands_parse_file(argv + operands, &settings->path, problem);
    return error < 0 ? error : refuse_both(settings, problem);
}

void replay_settings_put_help(struct text *text)
{
    text_string(text, "Usage: faultline replay [OPTIONS] [FILE]\n"
                      "A recording as rows, as the live view would have shown them. FILE: what\n"
                      "`faultline record` writes by default. Exit status: 0 done, 3 nothing is there,\n"
                      "1 failed, 2 wrong usage.\n");
    options_put_help(text, &replay_options);
}
