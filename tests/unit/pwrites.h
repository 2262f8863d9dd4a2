/*
 * Stands between the writer and pwrite(2), so that a test can play a disk that fails. A program that links
 * this needs -Wl,--wrap=pwrite and -Wl,--wrap=pwrite64.
 */
#pragma once

#include <stddef.h>

struct pwrites {
    unsigned calls;    /* since pwrites_reset() */
    int fail_with;     /* errno of each call that fails; 0: none does */
    unsigned fail_nth; /* that call from now on fails, and no other; 0: each one does */
    size_t piece;      /* no call writes more bytes; 0: no limit */
    size_t room;       /* so many bytes are written before calls fail */
};

extern struct pwrites pwrites;

void pwrites_reset(void);
