/*
 * The memory cgroups whose path matches a pattern, those with the most memory first, and not more than so
 * many.
 */
#pragma once

#include "kernel/cgroup_walk.h"
#include "metric/cgroup_census.h"

enum { CGROUP_CHOICE_MAX = 100 };

struct cgroup_chosen {
    struct cgroup_memory memory;
    char path[CGROUP_PATH_MAX];
};

struct cgroup_choice;

/* PATTERN as for fnmatch(3), a * also for slashes; stays the caller's. NULL without memory. Free with
 * cgroup_choice_free(), NULL is allowed. */
struct cgroup_choice *cgroup_choice_new(const char *pattern);
void cgroup_choice_free(struct cgroup_choice *choice);

/* As cgroup_census_open(). */
int cgroup_choice_open(struct cgroup_choice *choice, const char *folder, int version);

/* Looks at all groups. As cgroup_census_run(). */
int cgroup_choice_look(struct cgroup_choice *choice);

size_t cgroup_choice_count(const struct cgroup_choice *choice);
const struct cgroup_chosen *cgroup_choice_at(const struct cgroup_choice *choice, size_t place);

/* How many match and are not among them. */
uint64_t cgroup_choice_left_out(const struct cgroup_choice *choice);
