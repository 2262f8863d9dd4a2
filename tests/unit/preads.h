/*
 * Stands between the readers and pread(2), so that a test can count the calls and play kernel: hand out less
 * than was asked for, as seq files do, or fail. A program that links this needs -Wl,--wrap=pread and
 * -Wl,--wrap=pread64.
 */
#pragma once

#include <stddef.h>

struct preads {
    unsigned calls;       /* since preads_reset() */
    size_t piece;         /* no call gives more bytes; 0: no limit */
    int fail_with;        /* errno of every call from now on; 0: none fails */
    unsigned interrupted; /* so many calls give EINTR first */
};

extern struct preads preads;

void preads_reset(void);
