/* faultline check: what this machine allows, what is lost without the rest, and the mend. */
#include "commands/commands.h"
#include "commands/options.h"
#include "commands/outcome.h"
#include "render/ability_list.h"

#include <errno.h>

struct check_settings {
    bool json;
    const char *proc_path;
    bool help;
    bool version;
};

#define FIELD(name) .offset = offsetof(struct check_settings, name)

static const struct option_row rows[] = {
    {"json", 0, NULL, "one JSON object a line", FIELD(json)},
    {"proc", 0, "DIR", "read another /proc, e.g. /host/proc", FIELD(proc_path)},
    {"help", 'h', NULL, "this text; faultline-check(1) says more", FIELD(help), .last = true},
    {"version", 'V', NULL, "the version", FIELD(version), .last = true},
};

const struct option_table check_options = OPTION_TABLE(rows);

static void put_help(struct text *text)
{
    text_string(text, "Usage: faultline check [OPTIONS]\n"
                      "Tries what faultline can use here: the kernel's files and log, eBPF, perf, cgroups.\n"
                      "Of what is missing it says what is lost, and the mend. Exit status: 0, 1 where there\n"
                      "could be no rows, 2 wrong usage.\n");
    options_put_help(text, &check_options);
}

static int parse(struct check_settings *settings, int argc, char **argv, struct problem *problem)
{
    int operands;

    *settings = (struct check_settings){.proc_path = "/proc"};
    int error = options_parse(&check_options, settings, argc, argv, &operands, problem);
    if (error < 0 || settings->help || settings->version)
        return error;
    if (argv[operands])
        return problem_set(problem, EINVAL, "'%s': check takes no operands", argv[operands]);
    return 0;
}

static int print(const struct ability *list, size_t count, bool json, struct problem *problem)
{
    struct text text = text_new((count + 1) * ABILITY_LINE_MAX);

    if (!text.bytes)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        (json ? ability_list_put_json : ability_list_put)(&text, &list[i]);
    if (!json)
        ability_list_put_sum(&text, list, count);
    int error = outcome_write(&text, problem);
    text_free(&text);
    return error;
}

int command_check(int argc, char **argv)
{
    struct ability_settings looked_at = ABILITY_DEFAULTS;
    struct ability list[ABILITIES_MAX];
    struct check_settings settings;
    struct problem problem = {0};

    int error = parse(&settings, argc, argv, &problem);
    int status = outcome_of_words(error, settings.help, settings.version, put_help, &problem);
    if (status != STATUS_GO_ON)
        return status;
    looked_at.proc_path = settings.proc_path;
    size_t count = ability_look(&looked_at, list);
    error = print(list, count, settings.json, &problem);
    if (error < 0)
        return outcome_failed(&problem, error);
    return ability_lacks_core(list, count) ? STATUS_FAILED : STATUS_DONE;
}
