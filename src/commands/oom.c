/* faultline oom: the OOM kills that a kernel's log holds, and those to come. */
#include "base/clock.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/protect.h"
#include "base/signals.h"
#include "base/when.h"
#include "commands/commands.h"
#include "commands/options.h"
#include "commands/outcome.h"
#include "render/json.h"
#include "render/oom_table.h"
#include "watch/oom_counter.h"
#include "watch/oom_history.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static const char kmsg_path[] = "/dev/kmsg";

struct oom_settings {
    bool json;
    bool verbose;
    bool follow;
    const char *since;
    const char *log_path;
    bool no_protect;
    bool help;
    bool version;
};

struct oom_listing {
    struct oom_settings settings;
    uint64_t since_ns; /* 0: all */
    struct text output;
    uint64_t kills;
    uint64_t left_out; /* of before since_ns */
    uint64_t undated;  /* listed although there is a since_ns */
    struct oom_history *history;
    struct loop loop;
    struct signals signals;
    struct loop_source kmsg_source;
    struct loop_source reader_source;
    int error;      /* of standard output */
    int loop_error; /* of what the loop reads */
};

#define FIELD(name) .offset = offsetof(struct oom_settings, name)

static const struct option_row rows[] = {
    {"json", 0, NULL, "one JSON object a line", FIELD(json)},
    {"verbose", 'v', NULL, "also what they held, and the largest tasks then", FIELD(verbose)},
    {"follow", 'f', NULL, "go on with the kills to come", FIELD(follow)},
    {"since", 0, "TIME", "since then: \"10 min ago\", \"yesterday 14:00\"", FIELD(since)},
    {"log", 0, "FILE", "a saved log: dmesg, journalctl, kern.log; or -", FIELD(log_path)},
    {"no-protect", 0, NULL, "with --follow: it may be killed itself", FIELD(no_protect)},
    {"help", 'h', NULL, "this text", FIELD(help), .last = true},
    {"version", 'V', NULL, "the version", FIELD(version), .last = true},
};

const struct option_table oom_options = OPTION_TABLE(rows);

static void put_help(struct text *text)
{
    text_string(text, "Usage: faultline oom [OPTIONS]\n"
                      "The OOM kills that the kernel's log still holds, newest last.\n"
                      "Exit status: 0 there were kills, 3 there were none, 1 failed, 2 wrong usage.\n");
    options_put_help(text, &oom_options);
}

static int parse(struct oom_listing *listing, int argc, char **argv, struct problem *problem)
{
    struct oom_settings *settings = &listing->settings;
    int operands;

    int error = options_parse(&oom_options, settings, argc, argv, &operands, problem);
    if (error < 0 || settings->help || settings->version)
        return error;
    if (argv[operands])
        return problem_set(problem, EINVAL, "'%s': oom takes no operands; a saved log is given with --log",
                           argv[operands]);
    if (settings->follow && settings->log_path)
        return problem_set(problem, EINVAL,
                           "--follow and --log: a saved log does not go on: choose one of the two");
    error = settings->since ? when_parse(settings->since, clock_wall_ns(), &listing->since_ns) : 0;
    if (error == -ERANGE)
        return problem_set(problem, EINVAL, "--since '%s': that is too long ago, or too far ahead",
                           settings->since);
    if (error < 0)
        return problem_set(
            problem, EINVAL,
            "--since '%s': expected a time, such as \"10 min ago\", 03:12, \"yesterday 14:00\" or "
            "2026-11-23T14:00:00Z",
            settings->since);
    return 0;
}

static void put_kill(struct oom_listing *listing, const struct oom_kill *kill,
                     const struct oom_moment *moment)
{
    const struct oom_settings *settings = &listing->settings;

    if (!settings->json && listing->kills == 0)
        oom_table_put_header(&listing->output);
    if (settings->json)
        json_put_oom_kill(&listing->output, kill, moment, settings->verbose);
    else
        oom_table_put_kill(&listing->output, kill, moment, settings->verbose);
}

static int on_kill(void *context, const struct oom_kill *kill, const struct oom_moment *moment)
{
    struct oom_listing *listing = context;

    if (listing->since_ns > 0 && moment->has_wall && moment->wall_ns < listing->since_ns) {
        listing->left_out++;
        return 0;
    }
    if (listing->since_ns > 0 && !moment->has_wall)
        listing->undated++;
    put_kill(listing, kill, moment);
    listing->kills++;
    listing->error = file_write_all(STDOUT_FILENO, listing->output.bytes, listing->output.length);
    listing->output.length = 0;
    return listing->error;
}

/* Of reading a log at PATH: -EPIPE, without a word, where the reader of the list has gone. */
static int explain(const struct oom_listing *listing, int error, const char *path, struct problem *problem)
{
    if (error >= 0 || listing->error == -EPIPE)
        return error;
    if (listing->error < 0)
        return problem_set(problem, -error, "standard output: %s", strerror(-error));
    return problem_set(problem, -error, "%s: %s", path, strerror(-error));
}

static void note(const char *path, const char *what)
{
    struct problem problem = {0};
    problem_set(&problem, 0, "%s: %s", path, what);
    problem_print(&problem);
}

static void note_number(const char *path, uint64_t number, const char *what)
{
    struct problem problem = {0};
    problem_set(&problem, 0, "%s: %" PRIu64 " %s", path, number, what);
    problem_print(&problem);
}

/* -- a saved log -- */

/* No line of a log begins so. */
static bool is_gzip(FILE *file)
{
    enum { GZIP_FIRST_BYTE = 0x1f };
    int first = getc(file);

    if (first != EOF)
        ungetc(first, file);
    return first == GZIP_FIRST_BYTE;
}

static int list_file(struct oom_listing *listing, FILE *file, struct problem *problem)
{
    const char *path = listing->settings.log_path;
    struct oom_saved saved;

    if (is_gzip(file))
        return problem_set(problem, EINVAL, "%s: it is compressed: zcat %s | faultline oom --log -", path,
                           path);
    int error = explain(listing, oom_history_read_saved(file, clock_wall_ns(), on_kill, listing, &saved),
                        path, problem);
    if (error < 0)
        return error;
    /* Without a kill in it, it may be anything; "nobody was killed" would be a guess. */
    if (saved.lines > 0 && !saved.dated && listing->kills + listing->left_out == 0)
        return problem_set(problem, EINVAL,
                           "%s: no line has the time stamp of a kernel's log: give what dmesg, journalctl -k "
                           "(-o short or export) or a serial console printed; JSON is not understood",
                           path);
    return 0;
}

static int list_saved(struct oom_listing *listing, struct problem *problem)
{
    const char *path = listing->settings.log_path;
    bool standard_input = strcmp(path, "-") == 0;
    FILE *file = standard_input ? stdin : fopen(path, "re");
    if (!file)
        return problem_set(problem, errno, "%s: %s: --log takes a file with a kernel's log", path,
                           strerror(errno));
    int error = list_file(listing, file, problem);
    if (!standard_input)
        (void)fclose(file);
    return error;
}

/* -- the running kernel's log -- */

static void note_loss(struct oom_listing *listing)
{
    uint64_t records;

    if (!oom_history_lost(listing->history, &records))
        return;
    if (records > 0)
        note_number(kmsg_path, records,
                    "records were overwritten before they could be read: kills among them are missing");
    else
        note(kmsg_path, "records were overwritten before they could be read: kills among them are missing");
}

/* The log may have been overwritten long before, and the kernel has counted more kills than it still tells.
 */
static void note_what_is_gone(struct oom_listing *listing)
{
    struct oom_counter counter = OOM_COUNTER_CLOSED;
    struct oom_moment begin;
    char when[64];
    char what[256];

    if (!oom_history_is_cut(listing->history, &begin) ||
        (begin.has_wall && listing->since_ns > begin.wall_ns))
        return;
    struct value counted = {0, false};
    if (oom_counter_open(&counter, "/proc") == 0)
        counted = oom_counter_read(&counter);
    oom_counter_close(&counter);
    uint64_t found = listing->kills + listing->left_out;
    if (!counted.present || counted.number <= found)
        return;
    struct text text = text_over(when, sizeof(when) - 1);
    if (begin.has_wall)
        clock_put_local(&text, begin.wall_ns);
    else
        text_decimal(&text, (double)begin.monotonic_us / 1e6, 6);
    when[text.length] = '\0';
    (void)snprintf(what, sizeof(what),
                   "it begins at %s, older records were overwritten: of %" PRIu64
                   " kills since the machine was started it has %" PRIu64,
                   when, counted.number, found);
    note(kmsg_path, what);
}

static int list_present(struct oom_listing *listing, struct problem *problem)
{
    int got;

    while ((got = oom_history_read(listing->history)) > 0) {
    }
    note_loss(listing);
    if (got == 0)
        note_what_is_gone(listing);
    return explain(listing, got, kmsg_path, problem);
}

static void on_kmsg(void *context)
{
    struct oom_listing *listing = context;
    int got = oom_history_read(listing->history);

    if (got <= 0)
        note_loss(listing);
    if (got < 0) {
        listing->loop_error = got;
        loop_stop(&listing->loop);
    }
}

static void on_reader_gone(void *context)
{
    struct oom_listing *listing = context;
    loop_stop(&listing->loop);
}

/* A pipe tells without being asked; what else standard output may be cannot be waited for, and need not. */
static void watch_reader(struct oom_listing *listing)
{
    listing->reader_source = (struct loop_source){STDOUT_FILENO, on_reader_gone, listing};
    loop_add(&listing->loop, &listing->reader_source, 0);
}

static void on_signal(void *context, int signal)
{
    struct oom_listing *listing = context;
    (void)signal;
    loop_stop(&listing->loop);
}

static int follow(struct oom_listing *listing, struct problem *problem)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

    int error = loop_open(&listing->loop);
    if (error == 0)
        error = signals_catch(&listing->signals, &listing->loop, signals, sizeof(signals) / sizeof(*signals),
                              on_signal, listing);
    listing->kmsg_source = (struct loop_source){oom_history_fd(listing->history), on_kmsg, listing};
    if (error == 0)
        error = loop_add(&listing->loop, &listing->kmsg_source, EPOLLIN);
    if (error == 0) {
        watch_reader(listing);
        error = loop_run(&listing->loop);
    }
    signals_close(&listing->signals);
    loop_close(&listing->loop);
    return explain(listing, error < 0 ? error : listing->loop_error, kmsg_path, problem);
}

static int open_history(struct oom_listing *listing, struct problem *problem)
{
    int error = oom_history_open(&listing->history, kmsg_path, on_kill, listing);
    if (error == 0)
        return 0;
    const char *needs = error == -EPERM || error == -EACCES
                            ? "it needs root, CAP_SYSLOG or kernel.dmesg_restrict=0; or "
                            : "";
    return problem_set(problem, -error, "%s: %s: %sgive a saved log with --log", kmsg_path, strerror(-error),
                       needs);
}

static int list_running(struct oom_listing *listing, struct problem *problem)
{
    int error = open_history(listing, problem);
    if (error == 0)
        error = list_present(listing, problem);
    if (error == 0 && listing->settings.follow) {
        if (!listing->settings.no_protect)
            protect_self();
        error = follow(listing, problem);
    }
    oom_history_close(listing->history);
    return error;
}

static int list(struct oom_listing *listing, struct problem *problem)
{
    enum { JSON_MAX = JSON_EVENT_MAX + JSON_TASKS_MAX };

    listing->output = text_new((int)OOM_TABLE_MAX > (int)JSON_MAX ? OOM_TABLE_MAX : JSON_MAX);
    if (!listing->output.bytes)
        return -ENOMEM;
    int error = listing->settings.log_path ? list_saved(listing, problem) : list_running(listing, problem);
    text_free(&listing->output);
    return error;
}

int command_oom(int argc, char **argv)
{
    struct oom_listing listing = {.loop.epoll_fd = -1};
    struct problem problem = {0};

    int error = parse(&listing, argc, argv, &problem);
    int status = outcome_of_words(error, listing.settings.help, listing.settings.version, put_help, &problem);
    if (status != STATUS_GO_ON)
        return status;
    error = list(&listing, &problem);
    if (error < 0 && error != -EPIPE)
        return outcome_failed(&problem, error);
    if (listing.undated > 0)
        note_number(listing.settings.log_path ? listing.settings.log_path : kmsg_path, listing.undated,
                    "kills have no date in this log, and are listed whatever --since says");
    return listing.kills > 0 ? STATUS_DONE : STATUS_NONE;
}
