/*
 * Who took faults on what: the pairs of a process and what it faulted on that a trace tells of, with their
 * names, and what they add up to by process, by file or by cgroup.
 */
#pragma once

#include "kernel/fault_names.h"
#include "metric/latency.h"

#include <stdbool.h>
#include <stddef.h>

/* Names may be missing: "". */
struct fault_pair {
    struct fault_key key;
    bool named;
    bool deleted;
    uint32_t uid;
    char comm[FAULT_COMM_BYTES];
    char *path;
    char *cgroup;
    struct latency latency;
};

struct fault_book;

/* NULL without memory. */
struct fault_book *fault_book_new(void);
void fault_book_free(struct fault_book *book);

/* Takes the names of a pair, or what it adds up to, which is added. Both return 0 or -ENOMEM. */
int fault_book_name(struct fault_book *book, const struct fault_names *names);
int fault_book_add(struct fault_book *book, const struct fault_key *key, const struct fault_sum *sum);

/* NULL where nothing was told of it. Valid until the book takes more. */
const struct fault_pair *fault_book_find(const struct fault_book *book, const struct fault_key *key);

/* -- rows -- */

enum fault_grouping { FAULTS_BY_PAIR, FAULTS_BY_PROCESS, FAULTS_BY_FILE, FAULTS_BY_CGROUP };

struct fault_row {
    const struct fault_pair *pair; /* one of those that it is made of: the one that was told of last */
    struct latency latency;
};

/* A zeroed one has none. */
struct fault_rows {
    struct fault_row *list; /* the most time lost first */
    size_t count;
    size_t others; /* rows that were cut off */
    struct latency others_latency;
    struct latency all;
    uint64_t unknown; /* faults of FAULT_UNKNOWN, among all */
};

/* Makes the rows of a book, which stays as it is meanwhile. Those without faults and waits are left out.
 * Returns 0 or -ENOMEM. */
int fault_rows_make(struct fault_rows *rows, const struct fault_book *book, enum fault_grouping grouping);
void fault_rows_free(struct fault_rows *rows);

/* Faults that are in no pair: they go with the others. */
void fault_rows_add_others(struct fault_rows *rows, const struct fault_sum *sum);

/* Keeps the first MOST rows; the rest are others. */
void fault_rows_cut(struct fault_rows *rows, size_t most);
