/* The commands of the program. */
#pragma once

#include "commands/options.h"

#include <stddef.h>

struct command {
    const char *name;     /* of the first word; "" without one: the live view */
    const char *about;    /* in a line */
    const char *operands; /* what they are called, as an option's argument; NULL: there are none */
    const struct option_table *options;
    int (*run)(int argc, char **argv); /* takes its words, its own name first, and returns an exit status */
};

/* All of them, in the order of their names. */
extern const struct command commands[];
extern const size_t command_count;

int command_check(int argc, char **argv);
int command_completion(int argc, char **argv);
int command_live(int argc, char **argv);
int command_metrics(int argc, char **argv);
int command_oom(int argc, char **argv);
int command_record(int argc, char **argv);
int command_replay(int argc, char **argv);
int command_report(int argc, char **argv);
int command_run(int argc, char **argv);
int command_serve(int argc, char **argv);
int command_top(int argc, char **argv);
int command_trace(int argc, char **argv);
int command_vmstat(int argc, char **argv);

extern const struct option_table check_options;
extern const struct option_table completion_options;
extern const struct option_table live_options;
extern const struct option_table metrics_options;
extern const struct option_table oom_options;
extern const struct option_table record_options;
extern const struct option_table replay_options;
extern const struct option_table report_options;
extern const struct option_table run_options;
extern const struct option_table serve_options;
extern const struct option_table top_options;
extern const struct option_table trace_options;
extern const struct option_table vmstat_options;
