/*
 * When the processes are worth reading. A scan of them costs more than all else in a sample, and while memory
 * is plentiful hardly anything of it changes: then scans are as far apart as keeps their share of the time
 * small. When some of it has gone since the last scan they come closer together; when memory is short or
 * tasks stand still for it, every sample has one.
 */
#pragma once

#include "metric/interval.h"

#include <stdbool.h>
#include <stdint.h>

struct scan_schedule {
    bool begun;
    uint64_t due_ns;        /* of the next one, where nothing happens before */
    uint64_t stirred_ns;    /* the same, where some memory has gone */
    double available_bytes; /* at the last one; NAN where the kernel does not say */
};

/* Wants the metrics that it looks at. Returns 0 or a negative errno. */
int scan_schedule_want(struct sampler *sampler);

/* Whether memory is short, going fast, or waited for. INTERVAL is the last one. */
bool scan_schedule_is_urgent(const struct scan_schedule *schedule, const struct interval *interval);

/* Whether the sample at NOW_NS (CLOCK_MONOTONIC) should have one. INTERVAL is what ended with it. */
bool scan_schedule_is_due(const struct scan_schedule *schedule, uint64_t now_ns,
                          const struct interval *interval);

/* One began at NOW_NS and took TOOK_NS. */
void scan_schedule_done(struct scan_schedule *schedule, uint64_t now_ns, uint64_t took_ns,
                        const struct interval *interval);
