/* A part of a recording as a recording of its own: evidence to pass on. */
#pragma once

#include "blackbox/playback.h"

#include <stdbool.h>

/*
 * Copies what of RECORDING lies in PART to a new file OUT, which is as large as that needs; FORCE: over a
 * file that is there. Sets *SAMPLES to how many there were. Where something is lost in between, so is it in
 * the copy. Returns 0, or a negative errno with *PROBLEM set.
 */
int cutter_save(struct recording *recording, const struct playback_settings *part, const char *out,
                bool force, uint64_t *samples, struct problem *problem);
