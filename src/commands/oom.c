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
#include "kernel/kmsg.h"
#include "kernel/oom_log.h"
#include "kernel/saved_log.h"
#include "render/json.h"
#include "render/oom_table.h"

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
    struct oom_log *log;
    struct text output;
    uint64_t kills;
    bool dated;       /* a line of a saved log had a time stamp: it is one */
    uint64_t undated; /* kept although --since was asked for */
    int error;        /* of what the loop does */
    struct loop loop;
    struct signals signals;
    struct kmsg kmsg;
    struct kmsg_sleep sleep;
    struct loop_source kmsg_source;
    struct loop_source reader_source;
    struct problem *problem;
};

#define FIELD(name) .offset = offsetof(struct oom_settings, name)

static const struct option_row rows[] = {
    {"json", 0, NULL, "one JSON object a line", FIELD(json)},
    {"verbose", 'v', NULL, "also what they held, and the largest tasks then", FIELD(verbose)},
    {"follow", 'f', NULL, "go on with the kills to come", FIELD(follow)},
    {"since", 0, "TIME", "since then: \"10 min ago\", \"yesterday 14:00\"", FIELD(since)},
    {"log", 0, "FILE", "a saved log: dmesg, journalctl, kern.log; or -", FIELD(log_path)},
    {"no-protect", 0, NULL, "with --follow: it may be killed itself", FIELD(no_protect)},
    {"help", 'h', NULL, "this text", FIELD(help)},
    {"version", 'V', NULL, "the version", FIELD(version)},
};

enum { ROWS = sizeof(rows) / sizeof(*rows) };

static void put_help(struct text *text)
{
    text_string(text, "Usage: faultline oom [OPTIONS]\n"
                      "The OOM kills that the kernel's log still holds, newest last.\n"
                      "Exit status: 0 there were kills, 3 there were none, 1 failed, 2 wrong usage.\n");
    options_put_help(text, rows, ROWS);
}

static int parse(struct oom_listing *listing, int argc, char **argv, struct problem *problem)
{
    struct oom_settings *settings = &listing->settings;
    int operands;

    int error = options_parse(rows, ROWS, settings, argc, argv, &operands, problem);
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

    if (listing->since_ns > 0 && moment->has_wall && moment->wall_ns < listing->since_ns)
        return;
    if (listing->since_ns > 0 && !moment->has_wall)
        listing->undated++;
    if (!settings->json && listing->kills == 0)
        oom_table_put_header(&listing->output);
    listing->kills++;
    if (settings->json)
        json_put_oom_kill(&listing->output, kill, moment, settings->verbose);
    else
        oom_table_put_kill(&listing->output, kill, moment, settings->verbose);
}

/* -EPIPE, without a word, where the reader has gone. */
static int flush(struct oom_listing *listing, struct problem *problem)
{
    int error = file_write_all(STDOUT_FILENO, listing->output.bytes, listing->output.length);

    listing->output.length = 0;
    if (error < 0 && error != -EPIPE)
        return problem_set(problem, -error, "standard output: %s", strerror(-error));
    return error;
}

static void note(const struct oom_listing *listing, uint64_t number, const char *what)
{
    const char *path = listing->settings.log_path ? listing->settings.log_path : kmsg_path;
    struct problem problem = {0};

    problem_set(&problem, 0, "%s: %" PRIu64 " %s", path, number, what);
    problem_print(&problem);
}

/* -- a saved log -- */

static int list_saved(struct oom_listing *listing, struct saved_log *saved, struct problem *problem)
{
    struct saved_line line;
    int got;

    while ((got = saved_log_next(saved, &line)) > 0) {
        listing->dated |= line.has_wall || line.has_monotonic;
        struct value time_us = line.has_monotonic ? (struct value){line.monotonic_us, true}
                                                  : (struct value){line.wall_ns / 1000, line.has_wall};
        struct oom_log_line log_line = {.text = line.text,
                                        .length = line.length,
                                        .continues = line.continues,
                                        .caller = line.caller,
                                        .time_us = time_us};
        struct oom_moment moment = {line.has_wall, line.wall_ns, line.has_monotonic, line.monotonic_us};
        struct oom_kill kill;
        if (oom_log_take(listing->log, &log_line, &kill) != OOM_LINE_KILL)
            continue;
        put_kill(listing, &kill, &moment);
        int error = flush(listing, problem);
        if (error < 0)
            return error;
    }
    if (got < 0)
        return problem_set(problem, -got, "%s: %s", listing->settings.log_path, strerror(-got));
    return 0;
}

/* No line of a log begins so. */
static bool is_gzip(FILE *file)
{
    enum { GZIP_FIRST_BYTE = 0x1f };
    int first = getc(file);

    if (first != EOF)
        ungetc(first, file);
    return first == GZIP_FIRST_BYTE;
}

static int list_file(struct oom_listing *listing, struct problem *problem)
{
    const char *path = listing->settings.log_path;
    bool standard_input = strcmp(path, "-") == 0;
    FILE *file = standard_input ? stdin : fopen(path, "re");
    if (!file)
        return problem_set(problem, errno, "%s: %s: --log takes a file with a kernel's log", path,
                           strerror(errno));

    if (is_gzip(file))
        return problem_set(problem, EINVAL, "%s: it is compressed: zcat %s | faultline oom --log -", path,
                           path);
    struct saved_log *saved = saved_log_new(file, clock_wall_ns());
    int error = saved ? list_saved(listing, saved, problem) : -ENOMEM;
    saved_log_free(saved);
    if (!standard_input)
        (void)fclose(file);
    return error;
}

/* -- the running kernel's log -- */

static int open_kmsg(struct oom_listing *listing, struct problem *problem)
{
    int error = kmsg_find_sleep(kmsg_path, &listing->sleep);
    if (error == 0)
        error = kmsg_open(&listing->kmsg, kmsg_path, true);
    if (error == 0)
        return 0;
    const char *needs = error == -EPERM || error == -EACCES
                            ? "it needs root, CAP_SYSLOG or kernel.dmesg_restrict=0; or "
                            : "";
    return problem_set(problem, -error, "%s: %s: %sgive a saved log with --log", kmsg_path, strerror(-error),
                       needs);
}

static void take_record(struct oom_listing *listing, const struct kmsg_record *record)
{
    struct oom_log_line line = oom_log_line_of(record);
    struct oom_moment moment = {0};
    struct oom_kill kill;

    if (record->facility == 0 && oom_log_take(listing->log, &line, &kill) == OOM_LINE_KILL) {
        moment.has_wall = kmsg_past_wall_ns(&listing->sleep, record->monotonic_us, &moment.wall_ns);
        put_kill(listing, &kill, &moment);
    }
}

/* All that is there by now. */
static int list_kmsg(struct oom_listing *listing, struct problem *problem)
{
    struct kmsg_record record;
    int got;
    int error = 0;

    while (error == 0 && (got = kmsg_read(&listing->kmsg, &record)) != 0) {
        if (got < 0)
            return problem_set(problem, -got, "%s: %s", kmsg_path, strerror(-got));
        take_record(listing, &record);
        if (listing->output.length > 0)
            error = flush(listing, problem);
    }
    if (listing->kmsg.gap)
        note(listing, listing->kmsg.lost,
             "records were overwritten before they could be read: kills among them are missing");
    listing->kmsg.gap = false;
    listing->kmsg.lost = 0;
    return error;
}

static void on_kmsg(void *context)
{
    struct oom_listing *listing = context;

    listing->error = list_kmsg(listing, listing->problem);
    if (listing->error < 0)
        loop_stop(&listing->loop);
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
    listing->kmsg_source = (struct loop_source){listing->kmsg.fd, on_kmsg, listing};
    if (error == 0)
        error = loop_add(&listing->loop, &listing->kmsg_source, EPOLLIN);
    listing->problem = problem;
    if (error == 0) {
        watch_reader(listing);
        error = loop_run(&listing->loop);
    }
    signals_close(&listing->signals);
    loop_close(&listing->loop);
    if (error < 0)
        return problem_set(problem, -error, "%s: %s", kmsg_path, strerror(-error));
    return listing->error;
}

static int list_running(struct oom_listing *listing, struct problem *problem)
{
    int error = open_kmsg(listing, problem);
    if (error == 0)
        error = list_kmsg(listing, problem);
    if (error == 0 && listing->settings.follow) {
        if (!listing->settings.no_protect)
            protect_self();
        error = follow(listing, problem);
    }
    kmsg_close(&listing->kmsg);
    return error;
}

static int list(struct oom_listing *listing, struct problem *problem)
{
    listing->log = oom_log_new();
    listing->output = text_new(
        OOM_TABLE_MAX > JSON_EVENT_MAX + JSON_TASKS_MAX ? OOM_TABLE_MAX : JSON_EVENT_MAX + JSON_TASKS_MAX);
    int error = listing->log && listing->output.bytes ? 0 : -ENOMEM;
    if (error == 0)
        error = listing->settings.log_path ? list_file(listing, problem) : list_running(listing, problem);
    text_free(&listing->output);
    oom_log_free(listing->log);
    return error;
}

int command_oom(int argc, char **argv)
{
    static struct oom_listing listing = {.kmsg.fd = -1, .loop.epoll_fd = -1};
    struct problem problem = {0};

    int error = parse(&listing, argc, argv, &problem);
    if (error < 0)
        return outcome_misused(&problem);
    if (listing.settings.help)
        return outcome_print(put_help);
    if (listing.settings.version)
        return outcome_print(outcome_put_version);
    error = list(&listing, &problem);
    if (error < 0 && error != -EPIPE)
        return outcome_failed(&problem, error);
    if (listing.settings.log_path && listing.kills == 0 && !listing.dated)
        note(&listing, 0, "lines with the time stamp of a kernel's log: is it one?");
    if (listing.undated > 0)
        note(&listing, listing.undated,
             "kills have no date in this log, and are listed whatever --since says");
    return listing.kills > 0 ? STATUS_DONE : STATUS_NONE;
}
