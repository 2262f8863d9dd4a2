/*
 * Samples as frames: all values of an instant (FULL), or how they differ from the sample before (CHANGES).
 *
 * Most of the kernel's counters stand still for a second, and most of the others move by little: a value that
 * has changed takes a byte or two, one that has not takes none.
 */
#pragma once

#include "base/pack.h"
#include "kernel/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The last sample that was put or taken: what the next one differs from. */
struct sample {
    uint64_t monotonic_ns;
    uint64_t wall_ns;
    uint64_t advance_ns; /* of monotonic_ns, from the sample before; 0 in a full one */
    struct value *values;
    size_t count;
};

/* COUNT absent values. Returns 0 or -ENOMEM. */
int sample_init(struct sample *sample, size_t count);
void sample_free(struct sample *sample);

/* Put the content of a frame. Only sample_follow() makes NEXT the one before. */
void sample_put_full(struct packer *packer, const struct sample *next);
void sample_put_changes(struct packer *packer, const struct sample *before, const struct sample *next);

/* Makes NEXT, of as many values, the one before; FULL: it was put whole. */
void sample_follow(struct sample *before, const struct sample *next, bool full);

/* Take the content of a frame and make it the sample. False where it is none; the sample is undefined then.
 */
bool sample_take_full(struct unpacker *unpacker, struct sample *sample);
bool sample_take_changes(struct unpacker *unpacker, struct sample *sample);
