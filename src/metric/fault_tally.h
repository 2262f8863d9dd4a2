/* A trace of page faults from its beginning to its end: what it sends is booked, and makes rows at last. */
#pragma once

#include "kernel/fault_trace.h"
#include "metric/fault_book.h"

/* What a trace says besides its rows. */
struct trace_summary {
    uint64_t wall_ns; /* when it ended */
    double seconds;
    bool has_waits;     /* else they are absent */
    uint64_t beyond;    /* faults and waits of pairs that there was no room for */
    uint64_t unstarted; /* faults that had begun before it did */
    uint64_t lost;      /* names and events that there was no room for */
};

struct fault_tally {
    struct fault_trace *trace;
    struct fault_book *book;
    struct fault_rows rows; /* from fault_tally_finish() on */
    struct trace_summary summary;

    /* What is done with a fault by itself, where the trace is asked for events; PAIR is NULL where nothing is
     * known of it. To be set before fault_tally_read(). */
    void (*event)(void *context, const struct fault_record_event *fault, const struct fault_pair *pair);
    void *context;

    /* its own */
    uint64_t begin_ns;
    int error;
};

/* As fault_trace_open(); to be freed with fault_tally_free() in any case. */
int fault_tally_open(struct fault_tally *tally, const struct fault_trace_settings *settings);

/* Of a zeroed one nothing becomes. */
void fault_tally_free(struct fault_tally *tally);

/* As fault_trace_start(). */
int fault_tally_start(struct fault_tally *tally);

/* Takes some of what there is. Returns 1 where there may be more, 0, or -ENOMEM. */
int fault_tally_read(struct fault_tally *tally);

/* Ends the trace, and makes the rows and the summary. Returns 0 or a negative errno. */
int fault_tally_finish(struct fault_tally *tally, enum fault_grouping grouping);
