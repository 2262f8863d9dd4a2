/* Operands: DELAY and COUNT, the same in every command that prints rows; a recording. */
#pragma once

#include "base/problem.h"

#include <stdint.h>

#define BEAT_DELAY_MIN 0.05

struct beat {
    double delay_seconds; /* from 0.05 to a day */
    uint64_t count;       /* rows; 0: for ever */
};

/* Reads [DELAY [COUNT]] from a terminated list of words. Sets *BEAT, by default 1 s for ever. Returns 0, or
 * -EINVAL with *PROBLEM set. */
int operands_parse_beat(char **words, struct beat *beat, struct problem *problem);

/* Reads [FILE] from a terminated list of words. Sets *PATH, to NULL without a word. Returns 0, or -EINVAL
 * with *PROBLEM set. */
int operands_parse_file(char **words, const char **path, struct problem *problem);
