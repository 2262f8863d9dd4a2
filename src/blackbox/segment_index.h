/*
 * The segments of a file, in the order in which they were written.
 *
 * Where they stand is looked up by their headers, not by what their places should be: a file that has lost
 * or gained bytes keeps what was not hit.
 */
#pragma once

#include "blackbox/segment.h"

#include <sys/types.h>

struct segment_info {
    off_t offset;
    size_t bytes; /* that are its own: where some were lost, the next one begins early */
    struct segment_header header;
    struct segment_trailer content; /* for whoever reads it */
    bool closed;                    /* CONTENT is its trailer */
};

struct segment_index {
    int fd;           /* the caller's */
    off_t file_bytes; /* when it was looked through */
    struct segment_info *list;
    size_t count;
    uint64_t foreign;        /* segments of other recordings, which are left out */
    uint64_t headless;       /* places with something that is no segment any more */
    uint64_t headless_bytes; /* in them */
};

/* Looks through a file of FILE_BYTES. Afterwards, and where it failed too, to be freed with
 * segment_index_free(). Returns 0, with one segment at least, or a negative errno: -EBADMSG where there is
 * none, -EPROTONOSUPPORT where there may be of a later version. */
int segment_index_build(struct segment_index *index, int fd, off_t file_bytes);
void segment_index_free(struct segment_index *index);

/* Whether the writer has begun a segment behind the newest one that is known, which is then the last. */
bool segment_index_look_for_newer(struct segment_index *index);
