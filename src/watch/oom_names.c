#include "watch/oom_names.h"

#include "base/clock.h"
#include "base/memory.h"
#include "base/problem.h"
#include "base/ticker.h"
#include "kernel/kmsg.h"
#include "kernel/mark_victim.h"
#include "kernel/oom_log.h"
#include "kernel/victim_bell.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum {
    RECORDS_AT_ONCE = 64, /* of a log that floods, so that rows have their turn */
    RECORDS_MAX = 65536,  /* more than a log holds: one that goes on floods */
    BELL_BEATS_MAX = 100, /* 20 ms */
};

/* When the bell has rung, the log's line is written within microseconds, as a rule. */
static const uint64_t bell_beat_ns = NS_PER_SECOND / 5000;

struct oom_names {
    struct loop *loop;
    struct oom_names_listener listener;
    const char *kmsg_path;
    enum oom_names_source source;

    struct kmsg *kmsg;
    struct loop_source kmsg_source;
    struct oom_log *log;
    bool heard_kill; /* since the bell rang */
    bool loss_unsaid;
    uint64_t lost; /* records since it was said; 0: the log does not tell how many */
    uint64_t loss_said_ns;

    struct victim_bell bell;
    struct loop_source bell_source;
    struct ticker bell_ticker; /* looks into the log after the bell, */
    unsigned bell_beats;       /* so many times more at most */

    struct mark_victim *mark;
    struct loop_source *mark_sources; /* one a CPU */
    size_t mark_count;
};

static void say(const struct oom_names *names, const char *what, const char *so)
{
    struct problem problem = {0};
    problem_set(&problem, 0, "%s: %s: %s", names->kmsg_path, what, so);
    problem_print(&problem);
}

/* -- the kernel's log -- */

static void take_record(struct oom_names *names, const struct kmsg_record *record)
{
    const struct oom_names_listener *listener = &names->listener;
    struct oom_log_line line = oom_log_line_of(record);
    struct oom_kill kill;

    if (record->facility != 0)
        return; /* user space wrote it, whatever it says */
    uint64_t wall_ns = kmsg_live_wall_ns(names->kmsg, record->monotonic_us);
    enum oom_line what = oom_log_take(names->log, &line, &kill);
    if (what == OOM_LINE_OTHER)
        return;
    names->heard_kill = true;
    if (what == OOM_LINE_KILL)
        listener->named(listener->context, &kill, wall_ns);
    else
        listener->repeated(listener->context, &kill);
}

static void say_loss(struct oom_names *names)
{
    char number[24] = "";
    char what[96];

    if (names->lost > 0)
        (void)snprintf(number, sizeof(number), "%" PRIu64 " ", names->lost);
    (void)snprintf(what, sizeof(what), "%srecords were overwritten before they could be read", number);
    say(names, what, "OOM kills among them are counted, not named");
    names->loss_unsaid = false;
    names->lost = 0;
    names->loss_said_ns = clock_monotonic_ns();
}

/* In a flood it is said once a second. */
static void take_loss(struct oom_names *names)
{
    names->loss_unsaid = true;
    names->lost += names->kmsg->lost;
    names->kmsg->gap = false;
    names->kmsg->lost = 0;
    if (names->loss_said_ns == 0 || clock_monotonic_ns() - names->loss_said_ns > NS_PER_SECOND)
        say_loss(names);
    names->listener.lost(names->listener.context);
}

static void stop_log(struct oom_names *names, int error)
{
    say(names, strerror(-error), "OOM kills are counted from here on, not named");
    loop_remove(names->loop, &names->kmsg_source);
    kmsg_close(names->kmsg);
    names->source = OOM_NAMES_NONE;
    names->listener.lost(names->listener.context);
}

/* Returns whether there may be more by now. */
static bool read_log(struct oom_names *names)
{
    struct kmsg_record record;
    int got = 1;

    for (int i = 0; got > 0 && i < RECORDS_AT_ONCE; i++) {
        got = kmsg_read(names->kmsg, &record);
        if (got > 0)
            take_record(names, &record);
    }
    if (got == 0 && names->kmsg->gap) /* the flood is over */
        take_loss(names);
    if (got < 0)
        stop_log(names, got);
    return got > 0;
}

static void read_whole_log(struct oom_names *names)
{
    bool more = true;

    for (int i = 0; more && i < RECORDS_MAX / RECORDS_AT_ONCE; i++)
        more = read_log(names);
    if (more && names->kmsg->gap)
        take_loss(names);
}

static void on_kmsg(void *context)
{
    read_log(context);
}

static int open_log(struct oom_names *names)
{
    int error = kmsg_open(names->kmsg, names->kmsg_path, false);
    if (error < 0)
        return error;
    names->kmsg_source = (struct loop_source){names->kmsg->fd, on_kmsg, names};
    error = loop_add(names->loop, &names->kmsg_source, EPOLLIN);
    if (error < 0)
        kmsg_close(names->kmsg);
    return error;
}

/* -- the bell -- */

static void on_bell_beat(void *context)
{
    struct oom_names *names = context;

    if (names->source == OOM_NAMES_LOG)
        read_log(names);
    if (names->source != OOM_NAMES_LOG || names->heard_kill || names->bell_beats-- == 0)
        ticker_pause(&names->bell_ticker);
}

/* The log would wake us up at the kernel's next tick, or behind a slow console: it is looked into at once. */
static void on_bell(void *context)
{
    struct oom_names *names = context;

    victim_bell_hush(&names->bell);
    names->heard_kill = false;
    names->bell_beats = BELL_BEATS_MAX;
    ticker_beat(&names->bell_ticker, clock_monotonic_ns(), bell_beat_ns);
}

/* It is not missed where it cannot be had. */
static void open_bell(struct oom_names *names)
{
    if (victim_bell_open(&names->bell) < 0)
        return;
    names->bell_source = (struct loop_source){names->bell.fd, on_bell, names};
    if (ticker_open(&names->bell_ticker, names->loop, on_bell_beat, names) < 0 ||
        loop_add(names->loop, &names->bell_source, EPOLLIN) < 0)
        victim_bell_close(&names->bell);
}

/* -- the tracepoint -- */

static void read_trace(struct oom_names *names)
{
    struct oom_kill kill;

    while (mark_victim_read(names->mark, &kill) > 0)
        names->listener.named(names->listener.context, &kill, clock_wall_ns());
    if (mark_victim_lost(names->mark) > 0)
        names->listener.lost(names->listener.context);
}

static void on_trace(void *context)
{
    read_trace(context);
}

static void close_trace(struct oom_names *names)
{
    for (size_t i = 0; i < names->mark_count; i++)
        loop_remove(names->loop, &names->mark_sources[i]);
    free(names->mark_sources);
    mark_victim_free(names->mark);
    names->mark_sources = NULL;
    names->mark_count = 0;
    names->mark = NULL;
}

static int open_trace(struct oom_names *names, const char *tracefs_path)
{
    size_t count;
    int error = mark_victim_open(&names->mark, tracefs_path);
    if (error < 0)
        return error;
    const int *fds = mark_victim_fds(names->mark, &count);
    names->mark_sources = calloc(count, sizeof(*names->mark_sources));
    if (!names->mark_sources)
        error = -ENOMEM;
    for (; error == 0 && names->mark_count < count; names->mark_count++) {
        struct loop_source *source = &names->mark_sources[names->mark_count];
        *source = (struct loop_source){fds[names->mark_count], on_trace, names};
        error = loop_add(names->loop, source, EPOLLIN);
    }
    if (error < 0)
        close_trace(names);
    return error;
}

/* -- beginning and end -- */

static void say_without_log(const struct oom_names *names, int log_error)
{
    bool forbidden = log_error == -EPERM || log_error == -EACCES;
    char so[192];

    (void)snprintf(so, sizeof(so), "%s%s",
                   names->source == OOM_NAMES_TRACE
                       ? "a tracepoint names the victims of OOM kills, without their cgroups"
                       : "OOM kills are counted, not named",
                   forbidden ? ": the log needs root, CAP_SYSLOG or kernel.dmesg_restrict=0" : "");
    say(names, strerror(-log_error), so);
}

static int open_best(struct oom_names *names, const char *tracefs_path)
{
    int log_error = open_log(names);
    if (log_error == 0) {
        open_bell(names);
        return 0;
    }
    int trace_error = open_trace(names, tracefs_path);
    if (trace_error == -ENOMEM)
        return trace_error;
    names->source = trace_error == 0 ? OOM_NAMES_TRACE : OOM_NAMES_NONE;
    say_without_log(names, log_error);
    return 0;
}

int oom_names_open(struct oom_names **names, struct loop *loop, const char *kmsg_path,
                   const char *tracefs_path, const struct oom_names_listener *listener)
{
    struct oom_names *opened = calloc(1, sizeof(*opened));
    if (!opened)
        return -ENOMEM;
    opened->loop = loop;
    opened->listener = *listener;
    opened->kmsg_path = kmsg_path;
    opened->bell = (struct victim_bell)VICTIM_BELL_CLOSED;
    opened->kmsg = memory_new(sizeof(*opened->kmsg));
    opened->log = oom_log_new();
    int error = opened->kmsg && opened->log ? 0 : -ENOMEM;
    if (opened->kmsg)
        opened->kmsg->fd = -1;
    if (error == 0)
        error = open_best(opened, tracefs_path);
    if (error < 0) {
        oom_names_close(opened);
        return error;
    }
    *names = opened;
    return 0;
}

void oom_names_close(struct oom_names *names)
{
    if (!names)
        return;
    if (names->loss_unsaid)
        say_loss(names);
    ticker_stop(&names->bell_ticker, names->loop);
    victim_bell_close(&names->bell);
    close_trace(names);
    if (names->kmsg)
        kmsg_close(names->kmsg);
    free(names->kmsg);
    oom_log_free(names->log);
    free(names);
}

enum oom_names_source oom_names_source(const struct oom_names *names)
{
    return names->source;
}

void oom_names_read(struct oom_names *names)
{
    if (names->source == OOM_NAMES_LOG)
        read_whole_log(names);
    else if (names->source == OOM_NAMES_TRACE)
        read_trace(names);
}
