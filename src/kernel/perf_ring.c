#include "kernel/perf_ring.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static size_t page_size(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

static size_t at_most(size_t number, size_t most)
{
    return number < most ? number : most;
}

static void set_tail(struct perf_ring *ring, uint64_t tail)
{
    /* What was read of the ring has been read before the kernel may write there again. */
    __atomic_store_n(&ring->control->data_tail, tail, __ATOMIC_RELEASE);
}

/* Older kernels map the pages one by one, when they are touched: not in the middle of a shortage. The control
 * page is written to, the others may only be read. */
static void touch(struct perf_ring *ring)
{
    const volatile unsigned char *data = ring->data;

    set_tail(ring, 0);
    for (size_t at = 0; at < ring->size; at += page_size())
        (void)data[at];
}

int perf_ring_map(struct perf_ring *ring, int fd, size_t pages)
{
    size_t size = pages * page_size();
    void *memory = mmap(NULL, page_size() + size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);

    if (memory == MAP_FAILED) {
        *ring = (struct perf_ring){.control = NULL};
        return -errno;
    }
    *ring = (struct perf_ring){.control = memory,
                               .data = (const unsigned char *)memory + page_size(),
                               .size = size};
    touch(ring);
    return 0;
}

void perf_ring_unmap(struct perf_ring *ring)
{
    if (ring->control)
        munmap(ring->control, page_size() + ring->size);
    *ring = (struct perf_ring){.control = NULL};
}

/* LENGTH bytes (no more than the ring has) from AT on, which may go on at the ring's beginning. */
static void copy_out(const struct perf_ring *ring, uint64_t at, void *to, size_t length)
{
    size_t place = (size_t)(at & (ring->size - 1));
    size_t first = at_most(length, ring->size - place);

    memcpy(to, ring->data + place, first);
    memcpy((unsigned char *)to + first, ring->data, length - first);
}

/* The header of the oldest record at AT. What cannot be a record is thrown away with all that follows: where
 * the next one would begin is not known. */
static bool next_header(struct perf_ring *ring, uint64_t *at, struct perf_event_header *header)
{
    uint64_t head = __atomic_load_n(&ring->control->data_head, __ATOMIC_ACQUIRE);

    *at = ring->control->data_tail;
    uint64_t filled = head - *at;
    if (filled >= sizeof(*header) && filled <= ring->size) {
        copy_out(ring, *at, header, sizeof(*header));
        if (header->size >= sizeof(*header) && header->size <= filled)
            return true;
    }
    if (filled > 0)
        set_tail(ring, head);
    return false;
}

/* The body of a PERF_RECORD_SAMPLE: u64 time; u32 size; char raw[size]. */
static bool read_sample(const struct perf_ring *ring, uint64_t at, size_t length, struct perf_sample *sample)
{
    enum { TIME_SIZE = 8, RAW_AT = 12 };
    uint32_t raw_size;

    if (length < RAW_AT)
        return false;
    copy_out(ring, at, &sample->time, TIME_SIZE);
    copy_out(ring, at + TIME_SIZE, &raw_size, sizeof(raw_size));
    sample->length = at_most(at_most(raw_size, length - RAW_AT), PERF_RAW_MAX);
    copy_out(ring, at + RAW_AT, sample->raw, sample->length);
    return true;
}

/* The body of a PERF_RECORD_LOST: u64 id; u64 lost. */
static uint64_t read_lost(const struct perf_ring *ring, uint64_t at, size_t length)
{
    enum { LOST_AT = 8 };
    uint64_t lost = 0;

    if (length >= LOST_AT + sizeof(lost))
        copy_out(ring, at + LOST_AT, &lost, sizeof(lost));
    return lost;
}

bool perf_ring_peek(struct perf_ring *ring, struct perf_sample *sample)
{
    struct perf_event_header header;
    uint64_t at;

    while (next_header(ring, &at, &header)) {
        uint64_t body = at + sizeof(header);
        size_t length = header.size - sizeof(header);

        sample->record_size = header.size;
        if (header.type == PERF_RECORD_SAMPLE && read_sample(ring, body, length, sample))
            return true;
        if (header.type == PERF_RECORD_LOST)
            ring->lost += read_lost(ring, body, length);
        perf_ring_drop(ring, sample);
    }
    return false;
}

void perf_ring_drop(struct perf_ring *ring, const struct perf_sample *sample)
{
    set_tail(ring, ring->control->data_tail + sample->record_size);
}
