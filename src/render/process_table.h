/* Processes of a scan, for people. */
#pragma once

#include "base/text.h"
#include "metric/process_scan.h"

/* An upper bound for what COUNT of them need. */
size_t process_table_max(size_t count);

/* Headings, and a line for each. Faults are per second over the SECONDS since the scan before; 0: it was the
 * first. */
void process_table_put(struct text *text, const struct process_row *rows, size_t count, double seconds);
