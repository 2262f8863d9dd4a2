#include "commands/trace/settings.h"

#include "base/choice.h"
#include "base/number.h"
#include "commands/commands.h"
#include "commands/options.h"

#include <errno.h>

static const double seconds_min = 0.05;
static const double seconds_max = 86400 * 365.0;

static int apply_grouping(void *grouping, const char *value)
{
    static const char *const words[] = {"process", "file", "cgroup"};
    static const enum fault_grouping groupings[] = {FAULTS_BY_PROCESS, FAULTS_BY_FILE, FAULTS_BY_CGROUP};
    int choice = choice_parse(value, words, sizeof(words) / sizeof(*words));

    if (choice < 0)
        return choice;
    *(enum fault_grouping *)grouping = groupings[choice];
    return 0;
}

#define FIELD(name) .offset = offsetof(struct trace_settings, name)

static const struct option_row rows[] = {
    {"by", 0, "WHAT", "process, file or cgroup; by default each pair", .apply = apply_grouping,
     .choices = "process file cgroup", FIELD(grouping)},
    {"pid", 'p', "PID", "of this process, or thread, alone", .least = 1, .most = INT32_MAX,
     .expected = "the number of a process", FIELD(pid)},
    {"comm", 0, "NAME", "of processes and threads of this name", FIELD(comm)},
    {"cgroup", 0, "DIR", "of processes in and below this cgroup", FIELD(cgroup_path)},
    {"events", 0, NULL, "also each fault as it happens", FIELD(events)},
    {"files", 0, NULL, "files alone, at less cost; no waits then", FIELD(files)},
    {"rows", 'n', "N", "the first N rows, the rest added up (10; JSON: all)", .least = 1, .most = UINT64_MAX,
     .expected = "a whole number above 0", FIELD(rows)},
    {"pairs", 0, "N", "room for N pairs of process and file (8192)", .least = 1, .most = 1 << 20,
     .expected = "a whole number from 1 to 1048576", FIELD(pairs)},
    {"json", 0, NULL, "one JSON object a line", FIELD(json)},
    {"help", 'h', NULL, "this text; faultline-trace(1) says more", FIELD(help), .last = true},
    {"version", 'V', NULL, "the version", FIELD(version), .last = true},
};

const struct option_table trace_options = OPTION_TABLE(rows);

static int parse_seconds(char **words, double *seconds, struct problem *problem)
{
    if (!words[0])
        return 0;
    if (number_parse_decimal(words[0], seconds) < 0 || !(*seconds >= seconds_min && *seconds <= seconds_max))
        return problem_set(problem, EINVAL, "SECONDS '%s': expected seconds from 0.05 to 31536000", words[0]);
    if (words[1])
        return problem_set(problem, EINVAL, "'%s': expected nothing behind SECONDS", words[1]);
    return 0;
}

int trace_settings_parse(struct trace_settings *settings, int argc, char **argv, struct problem *problem)
{
    int operands;

    *settings = (struct trace_settings){.pairs = FAULT_PAIRS};
    int error = options_parse(&trace_options, settings, argc, argv, &operands, problem);
    if (error < 0 || settings->help || settings->version)
        return error;
    return parse_seconds(argv + operands, &settings->seconds, problem);
}

void trace_settings_put_help(struct text *text)
{
    text_string(text, "Usage: faultline trace [OPTIONS] [SECONDS]\n"
                      "How long each major page fault took, and on which file, until Ctrl-C.\n"
                      "Needs root, or CAP_BPF and CAP_PERFMON.\n"
                      "Exit status: 0 done, 1 failed, 2 wrong usage.\n");
    options_put_help(text, &trace_options);
}
