/* The command line of `faultline vmstat`: that of procps-ng's vmstat(8), and a little more. */
#pragma once

#include "base/problem.h"
#include "base/text.h"
#include "commands/operands.h"
#include "render/unit.h"

struct vmstat_settings {
    bool active;
    bool forks;
    bool slabs;
    bool one_header;
    bool stats;
    bool disk;
    bool disk_sum;
    const char *partition; /* NULL: none asked for */
    const char *unit_word;
    bool wide;
    bool timestamp;
    bool no_first;
    bool faults;
    bool json;
    bool csv;
    const char *proc_path;
    bool help;
    bool version;

    enum size_unit unit;
    char unit_letter; /* as it was given */
    struct beat beat; /* one turn where no delay was given */
};

/*
 * Returns 0, or -EINVAL: with *PROBLEM set to a line in procps' words where it has some, or with an empty one
 * where getopt_long(3) has said what is wrong, and the usage is to be shown.
 */
int vmstat_settings_parse(struct vmstat_settings *settings, int argc, char **argv, struct problem *problem);

void vmstat_settings_put_usage(struct text *text);
