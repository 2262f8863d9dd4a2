/* The commands of the program. Each takes its words, its own name first, and returns an exit status. */
#pragma once

/* Exit statuses. */
enum { STATUS_DONE = 0, STATUS_FAILED = 1, STATUS_USAGE = 2 };

int command_live(int argc, char **argv);
int command_metrics(int argc, char **argv);
