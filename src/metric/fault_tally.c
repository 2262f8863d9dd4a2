#include "metric/fault_tally.h"

#include "base/clock.h"

#include <errno.h>

int fault_tally_open(struct fault_tally *tally, const struct fault_trace_settings *settings)
{
    *tally = (struct fault_tally){0};
    int error = fault_trace_open(&tally->trace, settings);
    if (error < 0)
        return error;
    tally->book = fault_book_new();
    return tally->book ? 0 : -ENOMEM;
}

void fault_tally_free(struct fault_tally *tally)
{
    fault_rows_free(&tally->rows);
    fault_book_free(tally->book);
    fault_trace_free(tally->trace);
    *tally = (struct fault_tally){0};
}

int fault_tally_start(struct fault_tally *tally)
{
    int error = fault_trace_start(tally->trace);

    tally->begin_ns = clock_monotonic_ns();
    return error;
}

static void take_names(void *context, const struct fault_names *names)
{
    struct fault_tally *tally = context;
    int error = fault_book_name(tally->book, names);

    if (error < 0)
        tally->error = error;
}

static void take_event(void *context, const struct fault_record_event *fault)
{
    struct fault_tally *tally = context;

    if (tally->event)
        tally->event(tally->context, fault, fault_book_find(tally->book, &fault->key));
}

int fault_tally_read(struct fault_tally *tally)
{
    const struct fault_listener listener = {take_names, take_event, tally};
    bool more = fault_trace_read(tally->trace, &listener);

    return tally->error < 0 ? tally->error : more;
}

static void take_sum(void *context, const struct fault_key *key, const struct fault_sum *sum)
{
    struct fault_tally *tally = context;
    int error = fault_book_add(tally->book, key, sum);

    if (error < 0)
        tally->error = error;
}

static void summarize(struct fault_tally *tally)
{
    const struct fault_sum *beyond = fault_trace_without_room(tally->trace);

    tally->summary = (struct trace_summary){
        .wall_ns = clock_wall_ns(),
        .seconds = (double)(clock_monotonic_ns() - tally->begin_ns) / (double)NS_PER_SECOND,
        .has_waits = fault_trace_waits(tally->trace) == 0,
        .beyond = beyond->faults + beyond->waits,
        .unstarted = fault_trace_unstarted(tally->trace),
    };
}

/* Only when all records are read are all names there. */
int fault_tally_finish(struct fault_tally *tally, enum fault_grouping grouping)
{
    int error;

    summarize(tally);
    fault_trace_stop(tally->trace);
    do {
        error = fault_tally_read(tally);
    } while (error > 0);
    tally->summary.lost = fault_trace_lost_records(tally->trace);
    if (error == 0)
        error = fault_trace_sums(tally->trace, take_sum, tally);
    if (error == 0)
        error = tally->error;
    if (error == 0)
        error = fault_rows_make(&tally->rows, tally->book, grouping);
    if (error == 0)
        fault_rows_add_others(&tally->rows, fault_trace_without_room(tally->trace));
    return error;
}
