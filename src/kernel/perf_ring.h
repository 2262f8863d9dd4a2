/*
 * The buffer that the kernel puts the samples of one perf event in: a page of control, then a ring of bytes
 * (perf_event_open(2), MMAP layout). For events with a sample_type of PERF_SAMPLE_TIME | PERF_SAMPLE_RAW.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { PERF_RAW_MAX = 512 };

struct perf_event_mmap_page;

struct perf_ring {
    struct perf_event_mmap_page *control; /* NULL: not mapped */
    const unsigned char *data;
    size_t size;   /* of the data: a power of two */
    uint64_t lost; /* samples that there was no room for; the reader may set it back */
};

struct perf_sample {
    uint64_t time; /* of perf's clock; to be compared with that of other samples */
    size_t length;
    unsigned char raw[PERF_RAW_MAX]; /* what the event says; longer ones are cut */
    size_t record_size;              /* how much of the ring it takes */
};

/* Maps the ring of the event FD, with PAGES (a power of two) for the data. Returns 0 or a negative errno:
 * -EPERM where that is more than kernel.perf_event_mlock_kb and RLIMIT_MEMLOCK leave to the user. */
int perf_ring_map(struct perf_ring *ring, int fd, size_t pages);

/* Of one that is not mapped nothing becomes. */
void perf_ring_unmap(struct perf_ring *ring);

/* Sets *SAMPLE to the oldest sample in the ring, and leaves it there. Counts what was lost before it. False
 * where there is none. */
bool perf_ring_peek(struct perf_ring *ring, struct perf_sample *sample);

/* Makes room of SAMPLE, which perf_ring_peek() gave. */
void perf_ring_drop(struct perf_ring *ring, const struct perf_sample *sample);
