/* Intervals as CSV (RFC 4180, but lines end with a newline alone): the keys of the JSON sample, but for
 * `type`, as its header. */
#pragma once

#include "metric/interval.h"
#include "render/columns.h"

void csv_put_header(struct text *text, const struct columns *columns);

/* What is absent is an empty cell. */
void csv_put_row(struct text *text, const struct columns *columns, const struct interval *interval);
