#include "metric/latency.h"

void latency_add_sum(struct latency *latency, const struct fault_sum *sum)
{
    struct latency other = {sum->faults, sum->total_ns, sum->max_ns, sum->waits, sum->wait_ns, {0}};

    for (size_t i = 0; i < FAULT_BUCKETS; i++)
        other.buckets[i] = sum->buckets[i];
    latency_add(latency, &other);
}

void latency_add(struct latency *latency, const struct latency *other)
{
    latency->faults += other->faults;
    latency->total_ns += other->total_ns;
    if (latency->max_ns < other->max_ns)
        latency->max_ns = other->max_ns;
    latency->waits += other->waits;
    latency->wait_ns += other->wait_ns;
    for (size_t i = 0; i < FAULT_BUCKETS; i++)
        latency->buckets[i] += other->buckets[i];
}

uint64_t latency_bucket_begin(size_t bucket)
{
    if (bucket == 0)
        return 0;
    uint64_t octave = FAULT_OCTAVE_FIRST + (bucket - 1) / FAULT_OCTAVE_BUCKETS;
    uint64_t within = (bucket - 1) % FAULT_OCTAVE_BUCKETS;
    return (FAULT_OCTAVE_BUCKETS + within) << (octave - FAULT_OCTAVE_BITS);
}

uint64_t latency_bucket_end(size_t bucket)
{
    return bucket < FAULT_BUCKETS - 1 ? latency_bucket_begin(bucket + 1) : UINT64_MAX;
}

static uint64_t in_buckets(const struct latency *latency)
{
    uint64_t count = 0;

    for (size_t i = 0; i < FAULT_BUCKETS; i++)
        count += latency->buckets[i];
    return count;
}

/* In two steps, as the product of both may not fit. */
static uint64_t rank_of(uint64_t count, unsigned percent)
{
    return count / 100 * percent + (count % 100 * percent + 99) / 100;
}

uint64_t latency_percentile_ns(const struct latency *latency, unsigned percent)
{
    uint64_t rank = rank_of(in_buckets(latency), percent);
    uint64_t below = 0;

    if (rank == 0)
        return 0;
    size_t bucket = 0;
    while ((below += latency->buckets[bucket]) < rank)
        bucket++;
    uint64_t end_ns = latency_bucket_end(bucket);
    return end_ns < latency->max_ns ? end_ns : latency->max_ns;
}

uint64_t latency_lost_ns(const struct latency *latency)
{
    return latency->total_ns + latency->wait_ns;
}
