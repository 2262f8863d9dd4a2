/*
 * A recording to be read, while it is written or long after: its segments in the order in which they were
 * written, and what their frames hold.
 */
#pragma once

#include "base/problem.h"
#include "blackbox/decoder.h"
#include "blackbox/segment_index.h"

struct recording;

/* What could not be read. */
struct recording_loss {
    uint64_t places;   /* that are damaged */
    uint64_t bytes;    /* in them */
    uint64_t segments; /* that are missing between others */
    uint64_t foreign;  /* segments of other recordings in between */
};

/* Sets *RECORDING, to be closed with recording_close(). Returns 0, or a negative errno with *PROBLEM set:
 * -EBADMSG where it is no recording, or nothing of it is left. */
int recording_open(struct recording **recording, const char *path, struct problem *problem);
void recording_close(struct recording *recording); /* NULL is allowed */

/* Whether PATH is its file, by whatever name. */
bool recording_is_at(const struct recording *recording, const char *path);

/* The segments, oldest first; one at least. Of one without a trailer, that of the newest one mostly, the
 * content is what reading it through found. */
size_t recording_segment_count(const struct recording *recording);
const struct segment_info *recording_segment(const struct recording *recording, size_t index);

/* To go on with segment FIRST. Where nothing was sought, it is the oldest. */
void recording_seek(struct recording *recording, size_t first);

enum recorded {
    RECORDED_END, /* nothing more for now; where it is being written, there may be later */
    RECORDED_SAMPLE,
    RECORDED_PROCESSES,
    RECORDED_EVENT,
    RECORDED_RUN,
    RECORDED_STOP,
    RECORDED_SEGMENT, /* a segment begins, its schema is there */
    RECORDED_LOSS,    /* something is missing here */
};

/* The next one. Returns an enum recorded, or a negative errno. */
int recording_next(struct recording *recording);

/* Where it is: what was last read, and the index of the segment that it stands in. */
const struct decoder *recording_decoder(const struct recording *recording);
size_t recording_at(const struct recording *recording);

/* All that was lost on the way since it was last sought, and what was found missing when it was opened. */
const struct recording_loss *recording_loss(const struct recording *recording);
