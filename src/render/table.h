/* Rows and headings for people, and the lines of events between them. */
#pragma once

#include "metric/interval.h"
#include "render/columns.h"
#include "render/style.h"
#include "watch/mark.h"

struct table {
    const struct columns *columns;
    const char *title; /* a line above the headings, or NULL */
    struct style style;
    double delay_seconds; /* nominal; an interval that differs is marked in its row. 0: never */
};

/* The headings. Each put adds whole lines. */
void table_put_header(struct text *text, const struct table *table);

/* One row. A number that outgrows its column pushes the row to the right, and the next columns win the space
 * back. STORM: in red. */
void table_put_row(struct text *text, const struct table *table, const struct interval *interval, bool storm);

/* An event as a line of its own. */
void table_put_event(struct text *text, const struct style *style, const struct event *event);

/* A place where a recording does not just go on, as a line of its own. */
void table_put_mark(struct text *text, const struct mark *mark);

/* An upper bound for what one row, or a header, needs. */
size_t table_row_max(const struct columns *columns);
