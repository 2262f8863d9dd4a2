/*
 * One file below /proc, kept open and read whole, again and again.
 *
 * A file of /proc has no size: how far it goes shows only in reading. The kernel hands out the larger ones in
 * pieces of a page or more (fs/seq_file.c), and asking "is there more?" costs a system call each time. So the
 * first read goes on until the kernel says that nothing is left and remembers how many pieces that took and
 * with which word the last line began; a later read that took as many pieces and ends with the same line is
 * whole. Anything else is read to its end again.
 */
#pragma once

#include "kernel/scan.h"

#include <stddef.h>
#include <sys/types.h>

struct proc_file {
    int fd; /* -1 when not open */
    char *bytes;
    size_t length; /* of the last read */
    size_t capacity;
    unsigned pieces;       /* reads that gave data, the last time the end was seen; 0 when never */
    struct line_word tail; /* of the last line then */
};

/* Opens PATH below the directory PROC_FD. Returns 0 or a negative errno (-EISDIR and -ESPIPE where it is no
 * file); it is closed then. */
int proc_file_open(struct proc_file *file, int proc_fd, const char *path);

/*
 * Reads the file as it is now into bytes[0..length). The memory grows, with room to spare, when the file has
 * outgrown it: at the first read, and only as an exception later. Returns 0 or a negative errno (-EFBIG where
 * there seems to be no end); the length is 0 then.
 */
int proc_file_read(struct proc_file *file);

void proc_file_close(struct proc_file *file);

/*
 * A small file below FOLDER_FD, opened, read with a single read(2), as files of one record can be, and closed
 * again. What fits into BYTES[SIZE] stands there, terminated, "" where that fails. Returns its length or a
 * negative errno.
 */
ssize_t proc_file_read_small(int folder_fd, const char *path, char *bytes, size_t size);
