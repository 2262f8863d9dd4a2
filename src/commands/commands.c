#include "commands/commands.h"

const struct command commands[] = {
    {"", "rows of this machine", "DELAY", &live_options, command_live},
    {"check", "what this machine allows", NULL, &check_options, command_check},
    {"completion", "the completion of a shell", "bash|zsh|fish", &completion_options, command_completion},
    {"metrics", "every metric", NULL, &metrics_options, command_metrics},
    {"oom", "OOM kills of the kernel's log", NULL, &oom_options, command_oom},
    {"record", "the black box", NULL, &record_options, command_record},
    {"replay", "a recording as rows", "FILE", &replay_options, command_replay},
    {"report", "an incident of a recording", "FILE", &report_options, command_report},
    {"run", "what a job costs, and what kills it", "COMMAND", &run_options, command_run},
    {"serve", "Prometheus, and a live page", "ADDRESS", &serve_options, command_serve},
    {"top", "who faults", "DELAY", &top_options, command_top},
    {"trace", "how long faults take, and on which file", "SECONDS", &trace_options, command_trace},
    {"vmstat", "as vmstat(8)", "DELAY", &vmstat_options, command_vmstat},
};

const size_t command_count = sizeof(commands) / sizeof(*commands);
