#include "commands/top/settings.h"

#include "base/choice.h"
#include "base/number.h"
#include "commands/commands.h"
#include "commands/options.h"

#include <errno.h>
#include <string.h>

static const char *const key_names[] = {
    [TOP_KEY_MAJOR_FAULTS] = "maj", [TOP_KEY_MINOR_FAULTS] = "min", [TOP_KEY_RSS] = "rss",
    [TOP_KEY_SWAP] = "swap",        [TOP_KEY_STALL] = "stall",
};

static const char *const by_names[] = {
    [TOP_BY_PROCESS] = "process",
    [TOP_BY_COMM] = "comm",
    [TOP_BY_USER] = "user",
    [TOP_BY_CGROUP] = "cgroup",
};

static const char *const source_names[] = {
    [PROCESS_SOURCE_AUTO] = "auto", [PROCESS_SOURCE_BPF] = "bpf", [PROCESS_SOURCE_PROC] = "proc"};

#define COUNT(list) (sizeof(list) / sizeof(*(list)))

const char *top_key_name(enum top_key key)
{
    return key_names[key];
}

const char *top_by_name(enum top_by by)
{
    return by_names[by];
}

static int apply_choice(unsigned *field, const char *value, const char *const *names, size_t count)
{
    int choice = choice_parse(value, names, count);

    if (choice >= 0)
        *field = (unsigned)choice;
    return choice < 0 ? choice : 0;
}

static int apply_sort(void *sort, const char *value)
{
    return apply_choice(sort, value, key_names, COUNT(key_names));
}

static int apply_by(void *by, const char *value)
{
    return apply_choice(by, value, by_names, COUNT(by_names));
}

static int apply_source(void *source, const char *value)
{
    return apply_choice(source, value, source_names, COUNT(source_names));
}

static int add_pid(struct top_settings *settings, const char *word)
{
    uint64_t pid;
    int error = number_parse_unsigned(word, &pid);

    if (error < 0)
        return error;
    if (pid == 0 || settings->pid_count == TOP_PIDS_MAX)
        return -ERANGE;
    settings->pids[settings->pid_count++] = pid;
    return 0;
}

/* "1,2,3"; the option may come several times. */
static int apply_pids(void *settings, const char *value)
{
    char word[24];

    for (;;) {
        size_t length = strcspn(value, ",");
        if (length >= sizeof(word))
            return -ERANGE;
        memcpy(word, value, length);
        word[length] = '\0';
        int error = add_pid(settings, word);
        if (error < 0 || value[length] == '\0')
            return error;
        value += length + 1;
    }
}

#define FIELD(name) .offset = offsetof(struct top_settings, name)

static const struct option_row rows[] = {
    {"sort", 's', "KEY", "most first: maj, min, rss, swap; of cgroups stall", .apply = apply_sort,
     .choices = "maj min rss swap stall", FIELD(sort)},
    {"by", 'b', "WHAT", "process; or sums by comm, user or cgroup", .apply = apply_by,
     .choices = "process comm user cgroup", FIELD(by)},
    {"pid", 'p', "PID,...", "these processes alone", .apply = apply_pids,
     .expected = "up to 64 numbers of processes, such as 1 or 42,43"},
    {"filter", 0, "TEXT", "those whose command, user or cgroup has TEXT in it", FIELD(filter)},
    {"rows", 'n', "N", "so many rows (what the screen has, or 10)", .least = 1, .most = TOP_ROWS_MAX,
     .expected = "a number from 1 to 10000", FIELD(rows)},
    {"batch", 0, NULL, "blocks of rows on a terminal, too, as on a pipe", FIELD(batch)},
    {"json", 0, NULL, "one JSON object a line", FIELD(json)},
    {"csv", 0, NULL, "comma-separated values", FIELD(csv)},
    {"source", 0, "SOURCE", "of processes: bpf, proc, or auto: bpf if possible", .apply = apply_source,
     .choices = "auto bpf proc", FIELD(source)},
    {"verbose", 'v', NULL, "say which source it is, and what the other needs", FIELD(verbose)},
    {"cgroup", 0, "DIR", "with --by cgroup: this one and those below it", FIELD(cgroup_path)},
    {"proc", 0, "DIR", "read another /proc, e.g. /host/proc", FIELD(proc_path)},
    {"help", 'h', NULL, "this text; faultline-top(1) says more", FIELD(help), .last = true},
    {"version", 'V', NULL, "the version", FIELD(version), .last = true},
};

const struct option_table top_options = OPTION_TABLE(rows);

/* Options that contradict each other, or that nothing would become of. */
static int check(const struct top_settings *settings, struct problem *problem)
{
    const bool of_cgroups = settings->by == TOP_BY_CGROUP;
    const struct {
        bool wrong;
        const char *what;
    } mistakes[] = {
        {settings->json && settings->csv, "--json and --csv: choose one of the two"},
        {settings->sort == TOP_KEY_STALL && !of_cgroups,
         "--sort stall: the kernel knows of stalls of cgroups alone: add --by cgroup"},
        {of_cgroups && settings->pid_count > 0, "--by cgroup and -p: choose one of the two"},
        {!of_cgroups && settings->cgroup_path, "--cgroup: it is for --by cgroup"},
        {settings->filter && strlen(settings->filter) >= TOP_FILTER_MAX, "--filter: expected a shorter text"},
    };

    for (size_t i = 0; i < COUNT(mistakes); i++) {
        if (mistakes[i].wrong)
            return problem_set(problem, EINVAL, "%s", mistakes[i].what);
    }
    return 0;
}

int top_settings_parse(struct top_settings *settings, int argc, char **argv, struct problem *problem)
{
    int operands;

    *settings = (struct top_settings){.proc_path = "/proc"};
    int error = options_parse(&top_options, settings, argc, argv, &operands, problem);
    if (error < 0 || settings->help || settings->version)
        return error;
    error = operands_parse_beat(argv + operands, &settings->beat, problem);
    return error < 0 ? error : check(settings, problem);
}

void top_settings_put_help(struct text *text)
{
    text_string(text, "Usage: faultline top [OPTIONS] [DELAY [COUNT]]\n"
                      "Who faults: the processes with the most major faults a second, every DELAY\n"
                      "seconds (1). On a terminal q ends it and ? helps. Exit status: 0 done, 1\n"
                      "failed, 2 wrong usage.\n");
    options_put_help(text, &top_options);
}
