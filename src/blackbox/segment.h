/*
 * A recording is a file of segments of one size, and nothing else. A segment is a header, frames behind it,
 * and at its very end a trailer, once it is full or left. Each can be read alone. docs/blackbox-format.md has
 * every byte.
 */
#pragma once

#include "kernel/boot_id.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SEGMENT_BYTES = 256 * 1024,
    SEGMENT_HEADER_BYTES = 68,
    SEGMENT_TRAILER_BYTES = 72,
    SEGMENT_FRAMES_END = SEGMENT_BYTES - SEGMENT_TRAILER_BYTES,
    SEGMENT_VERSION = 1,
};

/* What stands at the beginning of a segment, and of a recording so. */
extern const char segment_magic[8];

struct segment_header {
    uint64_t recording_id; /* drawn by lot when the file was made */
    uint64_t sequence;     /* from 1; the order of segments is by this, not by where they stand */
    uint8_t boot_id[BOOT_ID_BYTES];
    uint64_t monotonic_ns; /* when it was begun */
    uint64_t wall_ns;
    uint32_t crc; /* of its bytes: where the checksums of the frames go on from */
};

/* What is in a segment, told at its end so that nobody needs to read it for that. */
struct segment_trailer {
    uint32_t used_bytes; /* from the segment's beginning to the end of the last frame */
    uint32_t samples;
    uint32_t events;
    uint32_t oom_kills;
    uint32_t runs;              /* that began in it */
    uint64_t last_monotonic_ns; /* of the last sample or event */
    uint64_t last_wall_ns;
    uint64_t wall_least_ns; /* of samples and events */
    uint64_t wall_most_ns;
};

/* Whether nothing has ever been written there: all of it is zero. */
bool segment_is_blank(const uint8_t *bytes, size_t length);

/* What a segment holds that was begun at this time, before its first frame. */
struct segment_trailer segment_trailer_begin(uint64_t monotonic_ns, uint64_t wall_ns);

/* Takes in the time of a sample or an event. */
void segment_trailer_note(struct segment_trailer *trailer, uint64_t monotonic_ns, uint64_t wall_ns);

/* Writes SEGMENT_HEADER_BYTES and sets header->crc. */
void segment_put_header(uint8_t *bytes, struct segment_header *header);

/* 0; -ENOENT where it is no header; -EBADMSG where it is damaged; -EPROTONOSUPPORT where it is whole, and of
 * another version or size of segments. The checksum is at the same place in all versions. */
int segment_take_header(const uint8_t *bytes, struct segment_header *header);

/* Of the trailer's SEGMENT_TRAILER_BYTES, in the segment that HEADER is of. */
void segment_put_trailer(uint8_t *bytes, const struct segment_header *header,
                         const struct segment_trailer *trailer);
bool segment_take_trailer(const uint8_t *bytes, const struct segment_header *header,
                          struct segment_trailer *trailer);
