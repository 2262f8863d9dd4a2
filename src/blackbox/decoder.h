/*
 * Reads the frames of one segment, in order. Trusts nothing: what cannot be proved by its checksum is skipped
 * and told as damage, and so is what depends on it.
 */
#pragma once

#include "blackbox/event_frame.h"
#include "blackbox/frame.h"
#include "blackbox/process_book.h"
#include "blackbox/run_frame.h"
#include "blackbox/sample.h"
#include "blackbox/schema.h"
#include "blackbox/segment.h"

enum decoded {
    DECODED_STUCK, /* no frame that can be proved stands here: it is the end, or damage, or not there yet */
    DECODED_END,   /* behind the last frame of a segment that has a trailer */
    DECODED_OTHER, /* a frame of a later version */
    DECODED_SCHEMA,
    DECODED_SAMPLE,
    DECODED_PROCESSES,
    DECODED_EVENT,
    DECODED_RUN,
    DECODED_STOP,
};

struct decoder {
    const uint8_t *bytes; /* the segment's; the caller's, who may bring those from AT on up to date */
    size_t length;        /* that there are: a file may have been cut */
    size_t at;            /* behind the last frame that was taken */

    struct segment_header header;
    bool has_trailer;
    struct segment_trailer trailer; /* what it says; without one, what was found so far */
    struct segment_trailer found;   /* what was taken so far */
    struct frame_roots roots;

    /* What the last frame of each kind held. */
    struct schema schema;
    struct sample sample;
    struct process_book *book;
    struct process_summary processes;
    struct process_row rows[PROCESS_ROWS_MAX];
    size_t row_count;
    struct recorded_event event;
    struct run run;
    struct stop stop;
};

/* NULL without memory. */
struct decoder *decoder_new(void);
void decoder_free(struct decoder *decoder);

/*
 * Begins with a segment, whose BYTES have to stay in place. Returns 0, or as segment_take_header() where it
 * is none.
 */
int decoder_begin(struct decoder *decoder, const uint8_t *bytes, size_t length);

/* Looks for the trailer again. */
void decoder_look_for_trailer(struct decoder *decoder);

/* Takes the next frame. Returns an enum decoded, or -ENOMEM. */
int decoder_next(struct decoder *decoder);

/* Where it is stuck: whether decoder_skip() would find a frame. */
bool decoder_can_skip(const struct decoder *decoder);

/* Where it is stuck: goes to the next frame that can be proved. Returns how many bytes were skipped; 0 where
 * there is no such frame: then all that is left in the segment is no data, or lost. */
size_t decoder_skip(struct decoder *decoder);

/* All that can be proved from here on, for what `found` says of it then. Returns 0 or -ENOMEM. */
int decoder_read_through(struct decoder *decoder);
