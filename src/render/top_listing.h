/* The rows of `top`: processes, groups of them, cgroups. */
#pragma once

#include "metric/cgroup_census.h"
#include "metric/top_row.h"
#include "render/listing.h"

enum { TOP_CELLS_MAX = 16 };

/* The listing of processes, or of groups of them. */
const struct listing *top_listing_of(enum process_group group);

/* Fills CELLS for a row of that listing. USER is the name of the row's, "" where it is not known. Faults are
 * per second over SECONDS. What the cells point to is the row's and USER. */
void top_listing_fill(union listing_cell cells[TOP_CELLS_MAX], enum process_group group,
                      const struct top_row *row, const char *user, double seconds);

/* The same of cgroups; PATH is the row's. Stalls are shares of SECONDS. */
extern const struct listing cgroup_listing;
void cgroup_listing_fill(union listing_cell cells[TOP_CELLS_MAX], const struct cgroup_row *row,
                         const char *path, double seconds);
