/* The file of a recording that is written: made whole at the start, and nobody else's while it is. */
#pragma once

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_BYTES_DEFAULT (UINT64_C(64) << 20)
#define STORE_BYTES_MIN     (UINT64_C(1) << 20)
#define STORE_BYTES_MAX     (UINT64_C(1) << 40)

struct store_settings {
    const char *path;
    uint64_t bytes; /* a multiple of SEGMENT_BYTES; 0: as the file has, or the default */
    bool force;     /* what is there and is not as asked for is overwritten */
};

struct write_queue;

struct store {
    int fd;                    /* -1 when not open */
    struct write_queue *queue; /* the caller's, that writes; NULL: each write is waited for */
    uint64_t bytes;
    bool fresh;         /* there is nothing in it */
    bool copies_blocks; /* its file system writes to new places, which may be wanting on a full disk */
};

/*
 * Opens or makes the file, locked against a second writer and with all its blocks. Returns 0, or a negative
 * errno with *PROBLEM set: -EAGAIN where another one writes to it, -EPERM where it is another user's, -EEXIST
 * where it is of another size, of another version, or no recording.
 */
int store_open(struct store *store, const struct store_settings *settings, struct problem *problem);
void store_close(struct store *store);

/* A new file that becomes as large as what is written to it; FORCE: in the place of one that is there.
 * Returns as store_open(). */
int store_create(struct store *store, const char *path, bool force, struct problem *problem);

/* Writes all of it, or puts it into the queue. Returns 0 or a negative errno. */
int store_write(const struct store *store, const void *bytes, size_t length, uint64_t offset);
