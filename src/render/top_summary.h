/* What stands above the rows of `top`: how many there are to choose from, and how the machine does. */
#pragma once

#include "base/text.h"
#include "metric/cgroup_census.h"
#include "metric/interval.h"
#include "metric/process_census.h"

struct top_summary {
    uint64_t wall_ns;
    double seconds; /* since the look before; 0: there was none */
    const char *by; /* the words for what the rows are, and are sorted by */
    const char *sort;
    const struct process_census_result *processes; /* NULL: the rows are cgroups, */
    const struct cgroup_census_result *cgroups;    /* of which this is known */
    uint64_t others;                               /* that there is no row for */
    const struct interval *machine;                /* NULL: it has just begun */
};

/* Wants what is told of the machine. Returns 0 or a negative errno. */
int top_summary_want(struct sampler *sampler);

/* A line for people, an object for programs. */
void top_summary_put(struct text *text, const struct top_summary *summary);
void top_summary_put_json(struct text *text, const struct top_summary *summary);
