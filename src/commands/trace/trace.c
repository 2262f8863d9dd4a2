/* faultline trace: how long major page faults take, and on which files. */
#include "base/clock.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/signals.h"
#include "base/ticker.h"
#include "commands/commands.h"
#include "commands/outcome.h"
#include "commands/trace/settings.h"
#include "kernel/bpf.h"
#include "kernel/fault_trace.h"
#include "render/json_trace.h"
#include "render/trace_table.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

enum {
    TABLE_ROWS = 10,
    EVENT_MAX = (int)JSON_FAULT_MAX > (int)TRACE_TABLE_LINE_MAX ? JSON_FAULT_MAX : TRACE_TABLE_LINE_MAX,
    OUTPUT_MAX = EVENT_MAX + 256 * 1024,
};

struct tracing {
    struct trace_settings settings;
    struct fault_tally tally;
    struct text output;
    struct loop loop;
    struct signals signals;
    struct ticker ticker;
    struct loop_source records;
    struct loop_source reader;
    int error; /* of the tally */
    int output_error;
};

/* -- what happens meanwhile -- */

static void flush(struct tracing *tracing)
{
    if (tracing->output_error == 0)
        tracing->output_error = file_write_all(STDOUT_FILENO, tracing->output.bytes, tracing->output.length);
    tracing->output.length = 0;
    if (tracing->output_error < 0)
        loop_stop(&tracing->loop);
}

/* A room for one more is left by then. */
static void flush_if_full(struct tracing *tracing)
{
    if (tracing->output.capacity - tracing->output.length < EVENT_MAX)
        flush(tracing);
}

static void on_event(void *context, const struct fault_record_event *fault, const struct fault_pair *pair)
{
    struct tracing *tracing = context;
    struct trace_event event = {
        .fault = fault,
        .pair = pair,
        .wall_ns = clock_wall_ns() - (clock_monotonic_ns() - fault->end_ns),
    };

    flush_if_full(tracing);
    if (tracing->settings.json)
        json_put_fault(&tracing->output, &event);
    else
        trace_table_put_event(&tracing->output, &event);
}

static void on_records(void *context)
{
    struct tracing *tracing = context;
    int more = fault_tally_read(&tracing->tally);

    flush(tracing);
    if (more < 0) {
        tracing->error = more;
        loop_stop(&tracing->loop);
    }
}

static void on_end(void *context)
{
    struct tracing *tracing = context;
    loop_stop(&tracing->loop);
}

static void on_signal(void *context, int signal)
{
    (void)signal;
    on_end(context);
}

static void on_reader_gone(void *context)
{
    struct tracing *tracing = context;

    tracing->output_error = -EPIPE;
    loop_stop(&tracing->loop);
}

/* -- opening -- */

static int explain_bpf(int error, struct problem *problem)
{
    return problem_set(problem, -error,
                       "trace: %s; without eBPF, `faultline top` tells who faults, and how often",
                       bpf_why(error));
}

static int find_cgroup(const struct trace_settings *settings, struct fault_trace_settings *wanted,
                       struct problem *problem)
{
    const char *path = settings->cgroup_path;
    int error = path ? cgroup_id_of(path, &wanted->cgroup) : 0;

    if (error == -ENOTSUP)
        return problem_set(problem, -error,
                           "--cgroup %s: it is no cgroup of v2, nor of v1's memory controller", path);
    if (error < 0)
        return problem_set(problem, -error, "--cgroup %s: %s", path, strerror(-error));
    return 0;
}

static int open_trace(struct tracing *tracing, struct problem *problem)
{
    const struct trace_settings *settings = &tracing->settings;
    struct fault_trace_settings wanted = {
        .pid = (uint32_t)settings->pid,
        .comm = settings->comm,
        .pairs = (uint32_t)settings->pairs,
        .files_only = settings->files,
        .events = settings->events,
    };
    int error = find_cgroup(settings, &wanted, problem);

    if (error < 0)
        return error;
    error = fault_tally_open(&tracing->tally, &wanted);
    if (error < 0)
        return error == -ENOMEM ? error : explain_bpf(error, problem);
    tracing->tally.event = on_event;
    tracing->tally.context = tracing;
    tracing->output = text_new(OUTPUT_MAX);
    return tracing->output.bytes ? 0 : -ENOMEM;
}

/* A pipe tells without being asked; what else standard output may be cannot be waited for, and need not. */
static void watch_reader(struct tracing *tracing)
{
    tracing->reader = (struct loop_source){STDOUT_FILENO, on_reader_gone, tracing};
    loop_add(&tracing->loop, &tracing->reader, 0);
}

static int open_loop(struct tracing *tracing)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

    int error = loop_open(&tracing->loop);
    if (error == 0)
        error = signals_catch(&tracing->signals, &tracing->loop, signals, sizeof(signals) / sizeof(*signals),
                              on_signal, tracing);
    tracing->records = (struct loop_source){fault_trace_fd(tracing->tally.trace), on_records, tracing};
    if (error == 0)
        error = loop_add(&tracing->loop, &tracing->records, EPOLLIN);
    if (error == 0)
        watch_reader(tracing);
    return error;
}

static int begin(struct tracing *tracing, struct problem *problem)
{
    double seconds = tracing->settings.seconds;
    int error = fault_tally_start(&tracing->tally);

    if (error == -ENOTSUP)
        return problem_set(problem, -error,
                           "trace: --files: this kernel has no tracepoint filemap:mm_filemap_fault: leave "
                           "out --files, which does the same at a higher cost");
    if (error == -EPERM || error == -EACCES)
        return explain_bpf(error, problem);
    if (error == 0 && seconds > 0)
        error = ticker_start(&tracing->ticker, &tracing->loop, tracing->tally.begin_ns,
                             (uint64_t)(seconds * (double)NS_PER_SECOND), on_end, tracing);
    return error;
}

static void note_missing_waits(const struct tracing *tracing)
{
    struct problem problem = {0};
    int why = fault_trace_waits(tracing->tally.trace);

    if (why == 0 || tracing->settings.files)
        return;
    problem_set(&problem, -why, "trace: waits for pages that another thread reads are not told: %s",
                strerror(-why));
    problem_print(&problem);
}

/* Who sits there would wonder what it waits for. */
static void note_begin(const struct tracing *tracing)
{
    struct problem problem = {0};

    if (tracing->settings.seconds > 0 || !isatty(STDERR_FILENO))
        return;
    problem_set(&problem, 0, "trace: Ctrl-C ends it and shows what was");
    problem_print(&problem);
}

/* -- the end -- */

static void put_json(struct tracing *tracing)
{
    const struct fault_rows *rows = &tracing->tally.rows;

    for (size_t i = 0; i < rows->count; i++) {
        flush_if_full(tracing);
        json_put_fault_latency(&tracing->output, &rows->list[i], tracing->settings.grouping,
                               &tracing->tally.summary);
    }
    flush_if_full(tracing);
    if (rows->others_latency.faults + rows->others_latency.waits > 0)
        json_put_fault_others(&tracing->output, rows, &tracing->tally.summary);
    flush_if_full(tracing);
    json_put_trace(&tracing->output, rows, &tracing->tally.summary);
    flush(tracing);
}

static int put_table(struct tracing *tracing)
{
    const struct style style = style_for(STDOUT_FILENO, COLOR_NEVER);
    struct text text = text_new(trace_table_max(&tracing->tally.rows));

    if (!text.bytes)
        return -ENOMEM;
    if (tracing->settings.events)
        text_char(&text, '\n');
    trace_table_put(&text, &tracing->tally.rows, tracing->settings.grouping, &tracing->tally.summary, &style);
    if (tracing->output_error == 0)
        tracing->output_error = file_write_all(STDOUT_FILENO, text.bytes, text.length);
    text_free(&text);
    return 0;
}

static int conclude(struct tracing *tracing)
{
    uint64_t most = tracing->settings.rows > 0 ? tracing->settings.rows
                    : tracing->settings.json   ? UINT64_MAX
                                               : TABLE_ROWS;
    int error =
        tracing->error < 0 ? tracing->error : fault_tally_finish(&tracing->tally, tracing->settings.grouping);

    flush(tracing);
    if (error < 0)
        return error;
    fault_rows_cut(&tracing->tally.rows, most);
    if (!tracing->settings.json)
        return put_table(tracing);
    put_json(tracing);
    return 0;
}

static int run(struct tracing *tracing, struct problem *problem)
{
    int error = open_trace(tracing, problem);
    if (error == 0)
        error = open_loop(tracing);
    if (error == 0)
        error = begin(tracing, problem);
    if (error < 0)
        return error;
    note_missing_waits(tracing);
    note_begin(tracing);
    if (tracing->settings.events && !tracing->settings.json)
        trace_table_put_event_header(&tracing->output);
    flush(tracing);
    error = loop_run(&tracing->loop);
    if (error == 0 && tracing->output_error == 0)
        error = conclude(tracing);
    return error < 0 ? error : outcome_of_writing(tracing->output_error, problem);
}

static void release(struct tracing *tracing)
{
    if (tracing->loop.epoll_fd >= 0)
        ticker_stop(&tracing->ticker, &tracing->loop);
    signals_close(&tracing->signals);
    loop_close(&tracing->loop);
    fault_tally_free(&tracing->tally);
    text_free(&tracing->output);
}

int command_trace(int argc, char **argv)
{
    struct tracing tracing = {.loop.epoll_fd = -1};
    struct problem problem = {0};

    int error = trace_settings_parse(&tracing.settings, argc, argv, &problem);
    int status = outcome_of_words(error, tracing.settings.help, tracing.settings.version,
                                  trace_settings_put_help, &problem);
    if (status != STATUS_GO_ON)
        return status;
    error = run(&tracing, &problem);
    status = outcome_is_end(error) ? STATUS_DONE : outcome_failed(&problem, error);
    release(&tracing);
    return status;
}
