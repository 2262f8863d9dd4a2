/* What the command line of `faultline run` can say. */
#pragma once

#include "base/problem.h"
#include "base/text.h"

#include <stdbool.h>
#include <stdint.h>

struct run_settings {
    char **command;     /* terminated */
    const char *output; /* -o, or NULL: standard error */
    bool json;
    bool trace;
    uint64_t memory_max_bytes; /* 0: no limit */
    bool fail_on_oom;
    double every_seconds; /* 0: no rows */
    const char *record;   /* or NULL */
    bool waits;
    bool no_cgroup;
    bool help;
    bool version;
};

/* As live_settings_parse(); what stands behind the first word that is no option is the command's. */
int run_settings_parse(struct run_settings *settings, int argc, char **argv, struct problem *problem);

void run_settings_put_help(struct text *text);
