/* Where a run of the recorder begins, and where it ended in order, as frames. */
#pragma once

#include "base/pack.h"

#include <stdbool.h>
#include <stdint.h>

/* The beginning of a run. */
struct run {
    uint64_t monotonic_ns;
    uint64_t wall_ns;
    uint64_t pid;     /* of the recorder */
    char version[32]; /* of the recorder */
};

/* Its end, where it came in order. */
struct stop {
    uint64_t monotonic_ns;
    uint64_t wall_ns;
};

void run_frame_put(struct packer *packer, const struct run *run);
bool run_frame_take(struct unpacker *unpacker, struct run *run);
void stop_frame_put(struct packer *packer, const struct stop *stop);
bool stop_frame_take(struct unpacker *unpacker, struct stop *stop);
