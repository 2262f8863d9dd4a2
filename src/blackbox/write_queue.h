/*
 * Writes to a file in the order in which they were asked for, without anybody waiting for it: pwrite(2) takes
 * memory for the page cache, and the journal of the file system, and so may take seconds on a machine that
 * thrashes. It has a thread of its own, and memory of a fixed size for what waits.
 */
#pragma once

#include "blackbox/flusher.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    WRITE_QUEUE_BYTES = 160 * 1024, /* that wait, at least; a few bytes of each write are its own */
};

struct write_queue;

/* FD and FLUSHER stay the caller's, and open until write_queue_stop(). Sets *QUEUE. Returns 0 or a negative
 * errno. */
int write_queue_start(struct write_queue **queue, int fd, struct flusher *flusher);

/*
 * Copies BYTES, to be written at OFFSET behind all that was put before; what cannot be written is tried again
 * with the next that is put. Returns 0, or where there is no room a negative errno, and nothing is put: the
 * error of the last attempt, or -EBUSY where that has not come back yet.
 */
int write_queue_put(struct write_queue *queue, const void *bytes, size_t length, uint64_t offset);

/* What was put by now shall be on the disk soon: the flusher is asked as soon as it is written. */
void write_queue_sync(struct write_queue *queue);

/* Whether all that was put has been written. */
bool write_queue_is_empty(struct write_queue *queue);

/* The error of the last attempt to write, as a negative errno; 0: it went well. */
int write_queue_error(struct write_queue *queue);

/* Writes what waits, and ends it. Returns the error of that: then the rest is lost. NULL is allowed. */
int write_queue_stop(struct write_queue *queue);

/* Writes all of it at once, without a queue. Returns 0 or a negative errno. */
int write_queue_write_now(int fd, const void *bytes, size_t length, uint64_t offset);
