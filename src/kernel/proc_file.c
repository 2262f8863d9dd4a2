#include "kernel/proc_file.h"

#include "base/memory.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    FIRST_CAPACITY = 4096,
    /*
     * Below this a short read is the end of the file: fs/seq_file.c hands out a file of one record (stat,
     * meminfo, pressure) whole, and collects at least a page (4096 bytes) of the others, less one record.
     * Those of vmstat are lines, nowhere near half a page.
     */
    SURELY_ONE_PIECE = 2048,
    /* What no file here comes near (/proc/stat of 8192 CPUs has a megabyte): that one would never end. */
    LENGTH_MAX = 16 << 20,
};

/* Opened without waiting and looked at: a FIFO in a folder that is not a /proc would be waited for, for ever.
 */
static int check_regular(int fd)
{
    struct stat status;

    if (fstat(fd, &status) < 0)
        return -errno;
    return S_ISREG(status.st_mode) ? 0 : S_ISDIR(status.st_mode) ? -EISDIR : -ESPIPE;
}

int proc_file_open(struct proc_file *file, int proc_fd, const char *path)
{
    *file = (struct proc_file){.fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
    if (file->fd < 0)
        return -errno;
    int error = check_regular(file->fd);
    if (error < 0)
        proc_file_close(file);
    return error;
}

/* New memory is touched at once: a later read that is longer takes no page fault. */
static int grow(struct proc_file *file)
{
    size_t capacity = file->capacity ? file->capacity * 2 : FIRST_CAPACITY;

    if (capacity > LENGTH_MAX)
        return -EFBIG;
    char *bytes = realloc(file->bytes, capacity);
    if (!bytes)
        return -ENOMEM;
    memory_touch(bytes + file->capacity, capacity - file->capacity);
    file->bytes = bytes;
    file->capacity = capacity;
    return 0;
}

static void remember_end(struct proc_file *file, unsigned pieces)
{
    file->tail = scan_last_word(file->bytes, file->length);
    file->pieces = pieces;
}

static bool looks_whole(const struct proc_file *file, unsigned pieces)
{
    if (file->pieces == 0 || pieces < file->pieces)
        return false;
    if (file->length < SURELY_ONE_PIECE)
        return true;
    struct line_word word = scan_last_word(file->bytes, file->length);
    return word.length > 0 && line_word_equal(&word, &file->tail);
}

static int read_to_end(struct proc_file *file)
{
    for (unsigned pieces = 0;;) {
        if (file->length == file->capacity) {
            int error = grow(file);
            if (error < 0)
                return error;
        }
        ssize_t got =
            pread(file->fd, file->bytes + file->length, file->capacity - file->length, (off_t)file->length);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        if (got == 0) {
            remember_end(file, pieces);
            return 0;
        }
        file->length += (size_t)got;
        pieces++;
        if (file->length < file->capacity && looks_whole(file, pieces))
            return 0;
    }
}

int proc_file_read(struct proc_file *file)
{
    bool first = file->pieces == 0;

    file->length = 0;
    int error = read_to_end(file);
    if (error < 0)
        file->length = 0;
    else if (first && file->length > file->capacity / 2)
        error = grow(file); /* counters gain digits: leave room for a file twice as long */
    return error;
}

void proc_file_close(struct proc_file *file)
{
    if (file->fd >= 0)
        close(file->fd);
    free(file->bytes);
    *file = (struct proc_file){.fd = -1};
}

ssize_t proc_file_read_small(int folder_fd, const char *path, char *bytes, size_t size)
{
    int fd = openat(folder_fd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    bytes[0] = '\0';
    if (fd < 0)
        return -errno;
    ssize_t got = read(fd, bytes, size - 1);
    ssize_t result = got < 0 ? -errno : got;
    bytes[got > 0 ? got : 0] = '\0';
    close(fd);
    return result;
}
