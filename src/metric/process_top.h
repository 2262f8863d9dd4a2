/*
 * The processes that come first by what they do, or by what they hold; or groups of them, by the name of
 * their command or by their user.
 *
 *     process_top_new, process_top_open, then process_top_run again and again
 */
#pragma once

#include "base/users.h"
#include "metric/process_census.h"
#include "metric/top_key.h"
#include "metric/top_row.h"

/* May change between two runs. */
struct process_view {
    size_t rows; /* at most so many, and as there is room for */
    enum process_group group;
    enum top_key sort;           /* the most first; then by the other keys. Of a process no stall is known */
    char filter[TOP_FILTER_MAX]; /* a part of the command's or the user's name; "": all */
    const uint64_t *pids;        /* these alone, */
    size_t pid_count;            /* so many; 0: all */
};

struct process_top_result {
    size_t count;    /* of rows */
    uint64_t others; /* processes or groups that there was no room for */
    struct process_census_result census;
};

struct process_top;

/* With room for ROWS of them, 1 at least. NULL without memory. Free with process_top_free(). */
struct process_top *process_top_new(size_t rows);
void process_top_free(struct process_top *top);

/* As process_census_open(), whose it is. */
int process_top_open(struct process_top *top, const char *proc_path, enum process_source source);
const struct process_census *process_top_census(const struct process_top *top);

/*
 * Looks at all processes. Where SWAP_IN_USE is false, nobody has any, and that of nobody is read. The rows
 * are valid until the next run. Returns 0 or a negative errno. Allocates only for more processes, or groups,
 * than ever before.
 */
int process_top_run(struct process_top *top, const struct process_view *view, bool swap_in_use,
                    struct process_top_result *result);

const struct top_row *process_top_row(const struct process_top *top, size_t place);

/* Of a row, for people: its name, or its number where that has none. */
const char *process_top_user(const struct process_top *top, const struct top_row *row, char number[24]);
