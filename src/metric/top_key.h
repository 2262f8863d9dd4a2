/* What the rows of `top` are sorted by. */
#pragma once

#include "kernel/scan.h"

#include <stdbool.h>
#include <stdint.h>

enum top_key {
    TOP_KEY_MAJOR_FAULTS,
    TOP_KEY_MINOR_FAULTS,
    TOP_KEY_RSS,
    TOP_KEY_SWAP,
    TOP_KEY_STALL,
    TOP_KEYS,
};

/* Of a row. */
struct top_keys {
    uint64_t values[TOP_KEYS];
};

/* What is absent is 0. */
uint64_t top_key_of(struct value value);

/* Whether A comes before B: it has more of SORT, or where that is equal, of the first of the others that is
 * not. */
bool top_keys_are_before(const struct top_keys *a, const struct top_keys *b, enum top_key sort);
