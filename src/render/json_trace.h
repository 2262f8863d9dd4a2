/* What `faultline trace` tells, as JSON, one object a line. Described by docs/faultline.schema.json. */
#pragma once

#include "render/trace_table.h"

/* What page faults took: of a row; of those that are in none, all together; a fault by itself; and of all. */
void json_put_fault_latency(struct text *text, const struct fault_row *row, enum fault_grouping grouping,
                            const struct trace_summary *summary);
void json_put_fault_others(struct text *text, const struct fault_rows *rows,
                           const struct trace_summary *summary);
void json_put_fault(struct text *text, const struct trace_event *event);
void json_put_trace(struct text *text, const struct fault_rows *rows, const struct trace_summary *summary);

/* An upper bound for what one of them needs. */
enum { JSON_FAULT_MAX = (FAULT_COMM_BYTES + 2 * PATH_NAMES_MAX) * 6 + FAULT_BUCKETS * 48 + 1024 };
