/* How long page faults took, and on what, for people. */
#pragma once

#include "base/text.h"
#include "metric/fault_tally.h"
#include "render/style.h"

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

/* What both are made of: a time, "84us", "1.2ms", "15s"; and what it was on, where PAIR may be NULL. */
void trace_table_put_time(struct text *text, uint64_t ns);
void trace_table_put_file(struct text *text, const struct fault_key *key, const struct fault_pair *pair);
