/* The row of procps-ng's vmstat(8), 4.0.4 and later, as a set of columns. */
#pragma once

#include "render/columns.h"

struct classic_choice {
    bool wide;   /* -w */
    bool active; /* -a: inact and active in place of buff and cache */
    bool faults; /* --faults: min and maj behind the others */
    bool letter; /* r to the letter of vmstat(8), whose own process is among them */
};

/* Adds the 18 columns, or 20. Returns 0 or a negative errno. */
int classic_add_columns(struct columns *columns, const struct classic_choice *choice);

/* The line above their headings. */
const char *classic_title(const struct classic_choice *choice);
