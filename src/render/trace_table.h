/* How long page faults took, and on what, for people. */
#pragma once

#include "base/text.h"
#include "metric/fault_book.h"
#include "render/style.h"

/* What a trace says besides its rows. */
struct trace_summary {
    uint64_t wall_ns; /* when it ended */
    double seconds;
    bool has_waits;     /* else they are absent */
    uint64_t pairs;     /* that there was room for */
    uint64_t beyond;    /* faults and waits of pairs beyond those */
    uint64_t unstarted; /* faults that had begun before it did */
    uint64_t lost;      /* names and events that there was no room for */
};

/* One fault. PAIR is NULL where nothing is known of it but its key. */
struct trace_event {
    const struct fault_record_event *fault;
    const struct fault_pair *pair;
    uint64_t wall_ns; /* when it ended */
};

enum { TRACE_TABLE_LINE_MAX = 2 * PATH_NAMES_MAX * 4 + 512 };

/* An upper bound for what trace_table_put() needs. */
size_t trace_table_max(const struct fault_rows *rows);

/* Totals, a line for each row, and a histogram of all. */
void trace_table_put(struct text *text, const struct fault_rows *rows, enum fault_grouping grouping,
                     const struct trace_summary *summary, const struct style *style);

/* The headings above events, and a line for one, of TRACE_TABLE_LINE_MAX bytes at most. */
void trace_table_put_event_header(struct text *text);
void trace_table_put_event(struct text *text, const struct trace_event *event);
