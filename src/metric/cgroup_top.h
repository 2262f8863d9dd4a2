/*
 * The memory cgroups that come first by what those in them do, or by what they hold.
 *
 *     cgroup_top_new, cgroup_top_open, then cgroup_top_run again and again
 */
#pragma once

#include "kernel/cgroup_walk.h"
#include "metric/cgroup_census.h"
#include "metric/top_key.h"
#include "metric/top_row.h"

/* May change between two runs. */
struct cgroup_view {
    size_t rows;                 /* at most so many, and as there is room for */
    enum top_key sort;           /* the most first; then by the other keys */
    char filter[TOP_FILTER_MAX]; /* a part of the path; "": all */
};

struct cgroup_top_row {
    struct cgroup_row group; /* without its path, which is: */
    char path[CGROUP_PATH_MAX];
};

struct cgroup_top_result {
    size_t count;    /* of rows */
    uint64_t others; /* groups that there was no room for */
    struct cgroup_census_result census;
};

struct cgroup_top;

/* With room for ROWS of them, 1 at least. NULL without memory. Free with cgroup_top_free(). */
struct cgroup_top *cgroup_top_new(size_t rows);
void cgroup_top_free(struct cgroup_top *top);

/* As cgroup_census_open(). */
int cgroup_top_open(struct cgroup_top *top, const char *folder, int version);

/* Looks at all groups. The rows are valid until the next run. As cgroup_census_run(). */
int cgroup_top_run(struct cgroup_top *top, const struct cgroup_view *view, struct cgroup_top_result *result);

const struct cgroup_top_row *cgroup_top_row(const struct cgroup_top *top, size_t place);
