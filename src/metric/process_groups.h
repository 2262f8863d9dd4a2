/* Sums over processes that have something in common, by a name or a number. */
#pragma once

#include "metric/top_row.h"

/* A zeroed one is empty. */
struct process_groups {
    struct top_row *rows;
    size_t count;
    size_t room;
    size_t *slots; /* where a group is, by the hash of its key: its place and one; 0: none */
    size_t slot_count;
};

void process_groups_clear(struct process_groups *groups);
void process_groups_free(struct process_groups *groups);

/* Adds a process to the group of its GROUP. Returns 0 or -ENOMEM; allocates only for more groups than ever
 * before. */
int process_groups_add(struct process_groups *groups, enum process_group group,
                       const struct top_row *process);
