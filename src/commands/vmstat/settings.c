#include "commands/vmstat/settings.h"

#include "base/number.h"
#include "commands/commands.h"
#include "commands/options.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>

#define FIELD(name) .offset = offsetof(struct vmstat_settings, name)

static const struct option_row rows[] = {
    {"active", 'a', NULL, "active/inactive memory", FIELD(active)},
    {"forks", 'f', NULL, "number of forks since boot", FIELD(forks)},
    {"slabs", 'm', NULL, "slabinfo", FIELD(slabs)},
    {"one-header", 'n', NULL, "do not redisplay header", FIELD(one_header)},
    {"stats", 's', NULL, "event counter statistics", FIELD(stats)},
    {"disk", 'd', NULL, "disk statistics", FIELD(disk)},
    {"disk-sum", 'D', NULL, "summarize disk statistics", FIELD(disk_sum)},
    {"partition", 'p', "<dev>", "partition specific statistics", FIELD(partition)},
    {"unit", 'S', "<char>", "define display unit", .choices = "k K m M", FIELD(unit_word)},
    {"wide", 'w', NULL, "wide output", FIELD(wide)},
    {"timestamp", 't', NULL, "show timestamp", FIELD(timestamp)},
    {"no-first", 'y', NULL, "skips first line of output", FIELD(no_first)},
    {"faults", 0, NULL, "minor and major page faults, too", FIELD(faults)},
    {"json", 0, NULL, "one JSON object a line", FIELD(json)},
    {"csv", 0, NULL, "comma-separated values", FIELD(csv)},
    {"proc", 0, "<dir>", "another /proc", FIELD(proc_path)},
    {"help", 'h', NULL, "display this help and exit", FIELD(help), .last = true},
    {"version", 'V', NULL, "output version information and exit", FIELD(version), .last = true},
};

enum {
    ROWS = sizeof(rows) / sizeof(*rows),
    ROWS_APART = 2, /* --help and --version */
};

const struct option_table vmstat_options = OPTION_TABLE(rows);

static int parse_unit(struct vmstat_settings *settings, struct problem *problem)
{
    static const struct {
        char letter;
        enum size_unit unit;
    } units[] = {{'k', SIZE_k}, {'K', SIZE_K}, {'m', SIZE_m}, {'M', SIZE_M}, {'b', SIZE_B}, {'B', SIZE_B}};

    settings->unit = SIZE_K;
    settings->unit_letter = 'K';
    if (!settings->unit_word)
        return 0;
    settings->unit_letter = settings->unit_word[0];
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
        if (settings->unit_word[0] == units[i].letter) {
            settings->unit = units[i].unit;
            return 0;
        }
    }
    return problem_set(problem, EINVAL, "-S requires k, K, m or M (default is KiB)");
}

/* As strtol(3), which vmstat(8) reads them with. */
static const char *skip_plus(const char *word)
{
    word += strspn(word, " \t");
    return word + (*word == '+');
}

static bool is_negative(const char *word)
{
    double number;
    return word[0] == '-' && number_parse_decimal(word + 1, &number) == 0;
}

static int parse_delay(const char *word, double *delay_seconds, struct problem *problem)
{
    if (is_negative(word))
        return problem_set(problem, EINVAL, "delay must be positive integer");
    if (number_parse_decimal(skip_plus(word), delay_seconds) < 0)
        return problem_set(problem, EINVAL, "failed to parse argument: '%s'", word);
    if (*delay_seconds <= 0)
        return problem_set(problem, EINVAL, "delay must be positive integer");
    if (*delay_seconds < BEAT_DELAY_MIN)
        return problem_set(problem, EINVAL, "delay must be 0.05 at least: '%s'", word);
    if (*delay_seconds > UINT_MAX)
        return problem_set(problem, EINVAL, "too large delay value");
    return 0;
}

static int parse_count(const char *word, uint64_t *count, struct problem *problem)
{
    if (is_negative(word))
        return problem_set(problem, EINVAL, "count must be positive integer");
    if (number_parse_unsigned(skip_plus(word), count) < 0)
        return problem_set(problem, EINVAL, "failed to parse argument: '%s'", word);
    return *count > 0 ? 0 : problem_set(problem, EINVAL, "count must be positive integer");
}

static int parse_operands(char **words, struct beat *beat, struct problem *problem)
{
    *beat = (struct beat){.delay_seconds = 1, .count = 1};
    if (!words[0])
        return 0;
    beat->count = 0;
    int error = parse_delay(words[0], &beat->delay_seconds, problem);
    if (error < 0 || !words[1])
        return error;
    error = parse_count(words[1], &beat->count, problem);
    return error == 0 && words[2] ? -EINVAL : error;
}

static int check_modes(const struct vmstat_settings *settings, struct problem *problem)
{
    const struct {
        const char *option;
        bool chosen;
    } modes[] = {
        {"-f", settings->forks}, {"-m", settings->slabs},    {"-s", settings->stats},
        {"-d", settings->disk},  {"-D", settings->disk_sum}, {"-p", settings->partition},
    };
    const char *first = NULL;

    for (size_t i = 0; i < sizeof(modes) / sizeof(*modes); i++) {
        if (modes[i].chosen && first)
            return problem_set(problem, EINVAL, "%s and %s: choose one of the two", first, modes[i].option);
        if (modes[i].chosen)
            first = modes[i].option;
    }
    if (settings->json && settings->csv)
        return problem_set(problem, EINVAL, "--json and --csv: choose one of the two");
    return 0;
}

int vmstat_settings_parse(struct vmstat_settings *settings, int argc, char **argv, struct problem *problem)
{
    int operands;

    *settings = (struct vmstat_settings){.proc_path = "/proc"};
    int error = options_parse_as_getopt(&vmstat_options, settings, argc, argv, &operands, problem);
    if (error < 0 || settings->help || settings->version)
        return error;
    error = parse_unit(settings, problem);
    if (error == 0)
        error = parse_operands(argv + operands, &settings->beat, problem);
    return error < 0 ? error : check_modes(settings, problem);
}

static void put_rows(struct text *text, size_t from, size_t to, int width)
{
    for (size_t i = from; i < to; i++) {
        const struct option_row *row = &rows[i];
        text_format(text, row->letter ? " -%c, --" : "     --", row->letter);
        int used =
            row->argument ? (int)(strlen(row->name) + 1 + strlen(row->argument)) : (int)strlen(row->name);
        text_format(text, "%s%s%s%*s%s\n", row->name, row->argument ? " " : "",
                    row->argument ? row->argument : "", used < width ? width - used : 1, "", row->help);
    }
}

void vmstat_settings_put_usage(struct text *text)
{
    text_string(text, "\nUsage:\n vmstat [options] [delay [count]]\n\nOptions:\n");
    put_rows(text, 0, ROWS - ROWS_APART, 17);
    text_char(text, '\n');
    put_rows(text, ROWS - ROWS_APART, ROWS, 9);
    text_string(text, "\nFor more details see vmstat(8) and faultline-vmstat(1).\n");
}
