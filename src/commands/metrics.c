/* faultline metrics: every metric, where it comes from, and what this kernel has of it. */
#include "commands/commands.h"
#include "commands/options.h"
#include "commands/outcome.h"
#include "metric/sampler.h"
#include "render/reference.h"

#include <errno.h>
#include <stdlib.h>

struct metrics_settings {
    bool json;
    bool markdown;
    const char *proc_path;
    bool help;
    bool version;
};

#define FIELD(name) .offset = offsetof(struct metrics_settings, name)

static const struct option_row rows[] = {
    {"json", 0, NULL, "one JSON object a line", FIELD(json)},
    {"markdown", 0, NULL, "a table for documents, the same on every kernel", FIELD(markdown)},
    {"proc", 0, "DIR", "read another /proc, e.g. /host/proc", FIELD(proc_path)},
    {"help", 'h', NULL, "this text", FIELD(help), .last = true},
    {"version", 'V', NULL, "the version", FIELD(version), .last = true},
};

const struct option_table metrics_options = OPTION_TABLE(rows);

static void put_help(struct text *text)
{
    text_string(text, "Usage: faultline metrics [OPTIONS]\n"
                      "Every metric: its column, unit, meaning and source, and whether it is here.\n");
    options_put_help(text, &metrics_options);
}

static int parse(struct metrics_settings *settings, int argc, char **argv, struct problem *problem)
{
    int operands;

    *settings = (struct metrics_settings){.proc_path = "/proc"};
    int error = options_parse(&metrics_options, settings, argc, argv, &operands, problem);
    if (error < 0 || settings->help || settings->version)
        return error;
    if (argv[operands])
        return problem_set(problem, EINVAL, "'%s': metrics takes no operands", argv[operands]);
    if (settings->json && settings->markdown)
        return problem_set(problem, EINVAL, "--json and --markdown: choose one of the two");
    return 0;
}

/* Wants the whole table and opens its sources. */
static int open_all(struct sampler *sampler, const char *proc_path, struct problem *problem)
{
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++) {
        int error = sampler_want(sampler, &metric_table[i], NULL);
        if (error < 0)
            return error;
    }
    return sampler_open(sampler, proc_path, problem);
}

static void put_all(struct text *text, enum reference_format format, const struct sampler *sampler,
                    const struct snapshot *snapshot)
{
    reference_put_header(text, format);
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
        reference_put_metric(text, format, &metric_table[i], sampler_has(sampler, i, snapshot));
}

static int print(const struct metrics_settings *settings, struct sampler *sampler, struct problem *problem)
{
    enum reference_format format = settings->json       ? REFERENCE_JSON
                                   : settings->markdown ? REFERENCE_MARKDOWN
                                                        : REFERENCE_TEXT;
    struct snapshot *snapshot = snapshot_new(sampler);
    struct text text = text_new((METRIC_TABLE_SIZE + 1) * (size_t)REFERENCE_METRIC_MAX);
    int error = snapshot && text.bytes ? 0 : -ENOMEM;

    if (error == 0) {
        sampler_read(sampler, snapshot);
        put_all(&text, format, sampler, snapshot);
        error = outcome_write(&text, problem);
    }
    text_free(&text);
    free(snapshot);
    return error;
}

int command_metrics(int argc, char **argv)
{
    struct metrics_settings settings;
    struct problem problem = {0};

    int error = parse(&settings, argc, argv, &problem);
    int status = outcome_of_words(error, settings.help, settings.version, put_help, &problem);
    if (status != STATUS_GO_ON)
        return status;

    struct sampler *sampler = sampler_new();
    error = sampler ? open_all(sampler, settings.proc_path, &problem) : -ENOMEM;
    if (error == 0)
        error = print(&settings, sampler, &problem);
    sampler_free(sampler);
    return error < 0 ? outcome_failed(&problem, error) : STATUS_DONE;
}
