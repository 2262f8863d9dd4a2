/* What the command line of `faultline trace` can say. */
#pragma once

#include "base/problem.h"
#include "base/text.h"
#include "metric/fault_book.h"

#include <stdbool.h>
#include <stdint.h>

struct trace_settings {
    double seconds; /* 0: until a signal comes */
    enum fault_grouping grouping;
    uint64_t pid; /* fits 31 bits; 0: all */
    const char *comm;
    const char *cgroup_path;
    uint64_t pairs; /* at most 2^20 */
    uint64_t rows;  /* 0: as many as suit the format */
    bool files;
    bool events;
    bool json;
    bool help;
    bool version;
};

/* As live_settings_parse(). */
int trace_settings_parse(struct trace_settings *settings, int argc, char **argv, struct problem *problem);

void trace_settings_put_help(struct text *text);
