/* The commands of the program. Each takes its words, its own name first, and returns an exit status. */
#pragma once

int command_check(int argc, char **argv);
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
