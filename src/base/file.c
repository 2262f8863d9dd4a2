#include "base/file.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

/* A terminal or pipe that another program switched to non-blocking mode is waited for, not spun on. */
static int wait_writable(int fd)
{
    struct pollfd waiting = {.fd = fd, .events = POLLOUT};
    return poll(&waiting, 1, -1) < 0 && errno != EINTR ? -errno : 0;
}

int file_write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written >= 0) {
            bytes += written;
            length -= (size_t)written;
        } else if (errno == EAGAIN) {
            int error = wait_writable(fd);
            if (error < 0)
                return error;
        } else if (errno != EINTR) {
            return -errno;
        }
    }
    return 0;
}
