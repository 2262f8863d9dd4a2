/* What faultline costs itself. */
#pragma once

#include "kernel/scan.h"

struct own_cost {
    int statm_fd; /* negative: not to be read */
    double start_seconds;
};

struct own_cost_figures {
    double cpu_seconds;
    struct value resident_bytes;
    double start_seconds; /* since 1970 */
};

/* The start is now. Close with own_cost_close(). */
void own_cost_open(struct own_cost *cost);
void own_cost_close(struct own_cost *cost);

struct own_cost_figures own_cost_read(const struct own_cost *cost);
