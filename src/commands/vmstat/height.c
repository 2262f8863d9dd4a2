#include "commands/vmstat/height.h"

#include "base/terminal.h"

#include <unistd.h>

unsigned vmstat_height(void)
{
    unsigned lines = terminal_size(STDOUT_FILENO).lines;

    if (lines == 0)
        lines = 24;
    return lines > 3 ? lines - 3 : 22;
}
