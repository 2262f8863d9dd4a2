/* What the command line of `faultline top` can say. */
#pragma once

#include "base/text.h"
#include "commands/operands.h"
#include "metric/process_census.h"
#include "metric/top_key.h"
#include "metric/top_row.h"

#include <stdbool.h>

enum top_by { TOP_BY_PROCESS, TOP_BY_COMM, TOP_BY_USER, TOP_BY_CGROUP };

enum { TOP_PIDS_MAX = 64, TOP_ROWS_MAX = 10000 };

struct top_settings {
    struct beat beat;
    enum top_by by;
    enum top_key sort;
    uint64_t pids[TOP_PIDS_MAX];
    size_t pid_count;   /* 0: all */
    uint64_t rows;      /* 0: as many as the screen has, or 10 */
    const char *filter; /* or NULL */
    enum process_source source;
    bool verbose;
    bool json;
    bool csv;
    bool batch;
    const char *proc_path;
    const char *cgroup_path; /* of the groups, or NULL: all */
    bool help;
    bool version;
};

/* Fills SETTINGS from the words, ARGV[0] left out. Returns 0, or -EINVAL with *PROBLEM set. */
int top_settings_parse(struct top_settings *settings, int argc, char **argv, struct problem *problem);

/* The text of --help. */
void top_settings_put_help(struct text *text);

/* The word of --sort for a key, the word of --by. */
const char *top_key_name(enum top_key key);
const char *top_by_name(enum top_by by);
