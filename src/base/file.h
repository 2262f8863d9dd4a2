/* Whole writes to a descriptor. */
#pragma once

#include <stddef.h>

/* Writes all bytes, however many write(2) calls it takes. Returns 0 or the negative errno of the first
 * failure. */
int file_write_all(int fd, const char *bytes, size_t length);
