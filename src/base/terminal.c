#include "base/terminal.h"

#include <sys/ioctl.h>

struct terminal_size terminal_size(int fd)
{
    struct winsize size;

    if (ioctl(fd, TIOCGWINSZ, &size) < 0)
        return (struct terminal_size){0};
    return (struct terminal_size){size.ws_row, size.ws_col};
}
