#include "kernel/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    FIRST_CAPACITY = 4096,
    /*
     * Below this a short read is the end of the file: fs/seq_file.c collects at least a page (4096 bytes)
     * before it hands out a piece, less one record, and no record of the files that are read here is anywhere
     * near half a page.
     */
    SURELY_ONE_PIECE = 2048,
};

int proc_file_open(struct proc_file *file, int proc_fd, const char *path)
{
    *file = (struct proc_file){.fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC)};
    return file->fd < 0 ? -errno : 0;
}

/* New memory is written to at once, so that its page faults happen here and not in a later, longer read. */
static int grow(struct proc_file *file)
{
    size_t capacity = file->capacity ? file->capacity * 2 : FIRST_CAPACITY;
    char *bytes = realloc(file->bytes, capacity);

    if (!bytes)
        return -ENOMEM;
    memset(bytes + file->capacity, 0, capacity - file->capacity);
    file->bytes = bytes;
    file->capacity = capacity;
    return 0;
}

/* The first word of the last line, or an empty one where there is no whole line. */
static const char *last_word(const struct proc_file *file, size_t *length)
{
    *length = 0;
    if (file->length == 0 || file->bytes[file->length - 1] != '\n')
        return NULL;
    const char *newline = memrchr(file->bytes, '\n', file->length - 1);
    const char *word = newline ? newline + 1 : file->bytes;
    const char *end = file->bytes + file->length;
    while (word + *length < end && word[*length] > ' ' && *length < PROC_FILE_TAIL_MAX)
        ++*length;
    return word;
}

static void remember_end(struct proc_file *file, unsigned pieces)
{
    const char *word = last_word(file, &file->tail_length);
    if (file->tail_length > 0)
        memcpy(file->tail, word, file->tail_length);
    file->pieces = pieces;
}

static bool looks_whole(const struct proc_file *file, unsigned pieces)
{
    if (file->pieces == 0 || pieces < file->pieces)
        return false;
    if (file->length < SURELY_ONE_PIECE)
        return true;
    size_t length;
    const char *word = last_word(file, &length);
    return length > 0 && length == file->tail_length && memcmp(word, file->tail, length) == 0;
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
