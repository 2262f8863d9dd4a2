/* Whole writes to a descriptor, and whole reads. */
#pragma once

#include <stddef.h>
#include <sys/types.h>

/* Writes all bytes, however many write(2) calls it takes. Returns 0 or the negative errno of the first
 * failure; -EINTR where a signal that asks for the end came while the reader did not read. */
int file_write_all(int fd, const char *bytes, size_t length);

/* Reads a file whole into *TEXT, terminated, to be freed with free(). Returns 0 or a negative errno: -EFBIG
 * from 16 MiB on. */
int file_read_whole(const char *path, char **text);

/* Reads LENGTH bytes at OFFSET, or as many as there are. Returns their number, or a negative errno. */
ssize_t file_read_at(int fd, void *bytes, size_t length, off_t offset);

/*
 * Fills descriptors 0 to 2 where they are closed, so that none of the program's own lands there and is taken
 * for standard output. Reading and writing them fails as before (EBADF), and what is started finds them
 * closed.
 */
void file_reserve_standard(void);

/*
 * For a process that outlives its use of what it was started with: standard descriptors but KEPT (-1: none)
 * become /dev/null, and all that whoever started it has handed down is closed, which is what is open and not
 * close-on-exec. Who waits for the end of a pipe among them sees it.
 */
void file_let_go_of_inherited(int kept);
