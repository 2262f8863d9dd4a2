#include "commands/run/settings.h"

#include "base/size.h"
#include "commands/commands.h"
#include "commands/operands.h"
#include "commands/options.h"

#include <errno.h>
#include <string.h>

static int apply_size(void *bytes, const char *value)
{
    enum { LEAST_BYTES = 1 << 20 }; /* no program starts in less */
    uint64_t *field = bytes;
    int error = size_parse(value, field);

    if (error < 0)
        return error;
    return *field >= LEAST_BYTES && *field <= INT64_MAX ? 0 : -ERANGE;
}

static int apply_every(void *seconds, const char *value)
{
    enum { DAY_SECONDS = 86400 };
    return duration_parse(value, BEAT_DELAY_MIN, DAY_SECONDS, seconds);
}

/* What else a job could fail by that it does not say itself may come; an own word leaves room for it. */
static int apply_fail_on(void *fail_on_oom, const char *value)
{
    *(bool *)fail_on_oom = true;
    return strcmp(value, "oom") == 0 ? 0 : -EINVAL;
}

#define FIELD(name) .offset = offsetof(struct run_settings, name)

static const struct option_row rows[] = {
    {"output", 'o', "FILE", "the summary into FILE (standard error)", FIELD(output)},
    {"json", 0, NULL, "the summary as JSON objects, one a line", FIELD(json)},
    {"trace", 0, NULL, "how long major faults took, and on what (root)", FIELD(trace)},
    {"memory-max", 0, "SIZE", "give the job this much memory at the most", .apply = apply_size,
     .expected = "a size from 1M on, such as 512M or 8G", FIELD(memory_max_bytes)},
    {"fail-on", 0, "oom", "exit status 137 where any part was OOM-killed", .apply = apply_fail_on,
     .choices = "oom", FIELD(fail_on_oom)},
    {"every", 0, "TIME", "a row about the job every 10s, say", .apply = apply_every,
     .expected = "a time from 0.05 s to a day, such as 10s", FIELD(every_seconds)},
    {"record", 0, "FILE", "keep the black box in FILE while it runs", FIELD(record)},
    {"wait", 0, NULL, "for all its processes, not the command alone", FIELD(waits)},
    {"no-cgroup", 0, NULL, "leave it in the cgroup that it would be in", FIELD(no_cgroup)},
    {"help", 'h', NULL, "this text; faultline-run(1) says more", FIELD(help), .last = true},
    {"version", 'V', NULL, "the version", FIELD(version), .last = true},
};

const struct option_table run_options = OPTION_TABLE(rows);

int run_settings_parse(struct run_settings *settings, int argc, char **argv, struct problem *problem)
{
    int operands;

    *settings = (struct run_settings){0};
    int error = options_parse_up_to_operand(&run_options, settings, argc, argv, &operands, problem);
    if (error < 0 || settings->help || settings->version)
        return error;
    settings->command = argv + operands;
    if (!settings->command[0])
        return problem_set(problem, EINVAL, "run: which command? faultline run -- COMMAND [ARG...]");
    if (settings->no_cgroup && settings->memory_max_bytes > 0)
        return problem_set(problem, EINVAL,
                           "--memory-max and --no-cgroup: a limit needs a cgroup of the job's own");
    return 0;
}

void run_settings_put_help(struct text *text)
{
    text_string(text, "Usage: faultline run [OPTIONS] [--] COMMAND [ARG...]\n"
                      "Runs a job, and says at its end what it cost in memory, faults and stalls,\n"
                      "and what the kernel killed of it. Exit status: the command's, 128 + N where\n"
                      "signal N ended it; 127 it was not found, 126 it cannot be executed, 125\n"
                      "faultline failed, 2 wrong usage.\n");
    options_put_help(text, &run_options);
}
