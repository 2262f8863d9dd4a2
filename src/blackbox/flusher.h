/*
 * Brings what was written to the disk, without anybody waiting for it: fdatasync(2) may take seconds on a
 * disk that is busy swapping, and those are the seconds that are worth a sample. So it has a thread of its
 * own, which sleeps until it is asked.
 */
#pragma once

struct flusher;

/* FD stays the caller's, and open until flusher_stop(). Sets *FLUSHER. Returns 0 or a negative errno. */
int flusher_start(struct flusher **flusher, int fd);

/* What was written by now shall be on the disk soon. */
void flusher_request(struct flusher *flusher);

/* The error of an fdatasync(2) since this was last asked, as a negative errno; 0: none. */
int flusher_error(struct flusher *flusher);

/* Brings all to the disk, and ends it. Returns the error of that. NULL is allowed. */
int flusher_stop(struct flusher *flusher);
