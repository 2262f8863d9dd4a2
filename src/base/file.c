#include "base/file.h"

#include "base/signals.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A terminal or pipe that another program switched to non-blocking mode is waited for, not spun on. */
static int wait_writable(int fd)
{
    struct pollfd waiting = {.fd = fd, .events = POLLOUT};
    return poll(&waiting, 1, -1) < 0 ? -errno : 0;
}

int file_write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written >= 0) {
            bytes += written;
            length -= (size_t)written;
            continue;
        }
        int error = errno == EAGAIN ? wait_writable(fd) : -errno;
        if (error == -EINTR && !signals_want_end())
            error = 0;
        if (error < 0)
            return error;
    }
    return 0;
}

static int read_to_end(FILE *file, char **text)
{
    enum { FIRST = 64 << 10, MOST = 16 << 20 };
    size_t length = 0;

    for (size_t capacity = FIRST; capacity <= MOST; capacity *= 2) {
        char *larger = realloc(*text, capacity + 1);
        if (!larger)
            return -ENOMEM;
        *text = larger;
        length += fread(*text + length, 1, capacity - length, file);
        (*text)[length] = '\0';
        if (length < capacity)
            return ferror(file) ? -EIO : 0;
    }
    return -EFBIG;
}

int file_read_whole(const char *path, char **text)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return -errno;
    *text = NULL;
    int error = read_to_end(file, text);
    if (error < 0)
        free(*text);
    (void)fclose(file);
    return error;
}

ssize_t file_read_at(int fd, void *bytes, size_t length, off_t offset)
{
    size_t got = 0;

    while (got < length) {
        ssize_t more = pread(fd, (uint8_t *)bytes + got, length - got, offset + (off_t)got);
        if (more < 0 && errno == EINTR)
            continue;
        if (more < 0)
            return -errno;
        if (more == 0)
            break;
        got += (size_t)more;
    }
    return (ssize_t)got;
}

static void close_inherited(void)
{
    DIR *folder = opendir("/proc/self/fd");
    const struct dirent *entry;

    while (folder && (entry = readdir(folder))) {
        int fd = (int)strtol(entry->d_name, NULL, 10);
        int flags = fd > STDERR_FILENO ? fcntl(fd, F_GETFD) : -1;
        if (flags >= 0 && !(flags & FD_CLOEXEC))
            close(fd);
    }
    if (folder)
        closedir(folder);
}

void file_let_go_of_inherited(int kept)
{
    int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int fd = STDIN_FILENO; null_fd >= 0 && fd <= STDERR_FILENO; fd++) {
        if (fd != kept)
            dup2(null_fd, fd);
    }
    close_inherited();
    if (null_fd > STDERR_FILENO)
        close(null_fd);
}

void file_reserve_standard(void)
{
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
        if (fcntl(fd, F_GETFD) < 0)
            (void)open("/dev/null",
                       O_CLOEXEC |
                           (fd == STDIN_FILENO ? O_WRONLY : O_RDONLY)); /* takes the lowest free number */
    }
}
