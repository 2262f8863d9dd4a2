/* A place in a recording where it does not just go on. No interval spans one of the first three. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum mark_kind {
    MARK_BOOT,       /* the machine was started anew */
    MARK_RESTART,    /* the recorder was */
    MARK_LOSS,       /* something is missing: damaged, or overwritten */
    MARK_CLOCK_STEP, /* somebody set the wall clock */
    MARK_SUSPEND,    /* the machine slept */
};

struct mark {
    enum mark_kind kind;
    uint64_t wall_ns; /* behind it */
    double seconds;   /* without a record; that the clock was set forward, or back (negative); that it slept.
                         NAN: not known */
    bool orderly;     /* the recorder had been ended before, it did not just stop */
};

/* A boot of the machine, as far as it was recorded. */
struct recorded_boot {
    int64_t number; /* 0: the newest, -1 the one before */
    uint64_t begin_ns;
    uint64_t end_ns;
    const char *host; /* "" where it is not known */
    const char *kernel;
};
