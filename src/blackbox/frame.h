/*
 * Frames: what a segment is made of. A frame is the length of its content, its type, the content, and a
 * CRC-32C over all of these.
 *
 * The checksum goes on from another one, and so proves more than its own bytes. That of a frame which stands
 * alone goes on from the header of the segment: it is of this segment, and not what an earlier lap of the
 * ring left behind. That of a frame which tells differences goes on from the frame that they are to: where
 * one has been lost, none that depends on it is taken for good.
 */
#pragma once

#include "base/pack.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum frame_type {
    FRAME_SCHEMA = 1,
    FRAME_FULL = 2,
    FRAME_CHANGES = 3,
    FRAME_PROCESSES = 4,
    FRAME_EVENT = 5,
    FRAME_RUN = 6,
    FRAME_STOP = 7,
    FRAME_KNOWN_END, /* those from here to 127 are of later versions, and stand alone: they can be passed over
                      */
    FRAME_TYPES_END = 128,
};

enum {
    FRAME_CONTENT_MAX = 64 * 1024,
    FRAME_EXTRA_MAX = 3 + 1 + 4, /* length, type, checksum */
};

/* The checksums that those of the next frames go on from. */
struct frame_roots {
    uint32_t header; /* of the segment: for SCHEMA, EVENT, RUN, STOP */
    uint32_t schema; /* of the schema: for FULL */
    uint32_t chain;  /* of the last FULL, CHANGES or PROCESSES: for CHANGES, PROCESSES */
    bool has_schema;
    bool has_chain;
};

struct frame_roots frame_roots_of(uint32_t header_crc);

/* Takes in that a frame of TYPE with the checksum CRC is the last one. */
void frame_roots_follow(struct frame_roots *roots, enum frame_type type, uint32_t crc);

/*
 * Puts a frame with CONTENT. Returns its checksum. The roots stay as they are: they follow when the frame has
 * reached the file.
 */
uint32_t frame_put(struct packer *packer, const struct frame_roots *roots, enum frame_type type,
                   const struct packer *content);

struct frame {
    enum frame_type type;
    const uint8_t *content;
    size_t length;
    uint32_t crc;
    size_t bytes; /* of the whole frame */
};

/*
 * The frame at AT, where one stands there whole that can be proved by ROOTS. What cannot be one, is damaged,
 * ends behind END, or builds on what is not there, is none: false.
 */
bool frame_take(const uint8_t *at, const uint8_t *end, const struct frame_roots *roots, struct frame *frame);

/* The first frame behind AT that can be proved by ROOTS; NULL where none is. */
const uint8_t *frame_find(const uint8_t *at, const uint8_t *end, const struct frame_roots *roots);
