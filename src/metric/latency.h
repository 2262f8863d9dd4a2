/*
 * How long many faults took: their number and time, exact, and a histogram out of which percentiles are read.
 * Its buckets are those of bpf/fault_record.h: a percentile is at most an eighth above the true one.
 */
#pragma once

#include "bpf/fault_record.h"

#include <stddef.h>
#include <stdint.h>

/* A zeroed one has none. */
struct latency {
    uint64_t faults;
    uint64_t total_ns;
    uint64_t max_ns;
    uint64_t waits; /* not among the faults */
    uint64_t wait_ns;
    uint64_t buckets[FAULT_BUCKETS];
};

void latency_add_sum(struct latency *latency, const struct fault_sum *sum);
void latency_add(struct latency *latency, const struct latency *other);

/* Where a bucket begins, and where it ends, which is where the next one begins. UINT64_MAX: the last one has
 * no end. */
uint64_t latency_bucket_begin(size_t bucket);
uint64_t latency_bucket_end(size_t bucket);

/* What PERCENT, from 1 to 100, of the faults took at most: the end of the bucket that it falls into, or the
 * maximum where that is less. 0 without faults. */
uint64_t latency_percentile_ns(const struct latency *latency, unsigned percent);

/* All that was lost by faults and waits. */
uint64_t latency_lost_ns(const struct latency *latency);
