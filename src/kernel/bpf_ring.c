#include "kernel/bpf_ring.h"

#include <errno.h>
#include <linux/bpf.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RECORD_ALIGNMENT = 8 };

static void *map(int fd, size_t size, int protection, size_t offset)
{
    void *memory = mmap(NULL, size, protection, MAP_SHARED, fd, (off_t)offset);
    return memory == MAP_FAILED ? NULL : memory;
}

int bpf_ring_map(struct bpf_ring *ring, int fd, size_t size)
{
    size_t page_size = (size_t)sysconf(_SC_PAGESIZE);

    *ring = (struct bpf_ring){.fd = fd, .page_size = page_size, .size = size};
    ring->consumed = map(fd, page_size, PROT_READ | PROT_WRITE, 0);
    if (!ring->consumed)
        return -errno;
    ring->pages = map(fd, page_size + 2 * size, PROT_READ, page_size);
    if (ring->pages)
        return 0;
    int error = -errno;
    bpf_ring_unmap(ring);
    return error;
}

void bpf_ring_unmap(struct bpf_ring *ring)
{
    if (ring->consumed)
        munmap(ring->consumed, ring->page_size);
    if (ring->pages)
        munmap((void *)ring->pages, ring->page_size + 2 * ring->size);
    *ring = (struct bpf_ring){0};
}

static size_t whole_record(uint32_t header)
{
    size_t length = header & ~(BPF_RINGBUF_BUSY_BIT | BPF_RINGBUF_DISCARD_BIT);
    return (length + BPF_RINGBUF_HDR_SZ + RECORD_ALIGNMENT - 1) / RECORD_ALIGNMENT * RECORD_ALIGNMENT;
}

static const char *place_of(const struct bpf_ring *ring)
{
    return ring->pages + ring->page_size + (*ring->consumed & (ring->size - 1));
}

/* Of the record at the reader's place; false where there is none, or one that is still being written. Where
 * what stands there cannot be one, which no kernel does, all that is in the ring goes. */
static bool read_header(const struct bpf_ring *ring, uint32_t *header)
{
    unsigned long produced =
        __atomic_load_n((const unsigned long *)(const void *)ring->pages, __ATOMIC_ACQUIRE);
    unsigned long left = produced - *ring->consumed; /* the counts may wrap around */

    if (left == 0)
        return false;
    *header = __atomic_load_n((const uint32_t *)(const void *)place_of(ring), __ATOMIC_ACQUIRE);
    if (*header & BPF_RINGBUF_BUSY_BIT)
        return false;
    if (left <= ring->size && whole_record(*header) <= left)
        return true;
    __atomic_store_n(ring->consumed, produced, __ATOMIC_RELEASE);
    return false;
}

static void go_on(struct bpf_ring *ring, uint32_t header)
{
    __atomic_store_n(ring->consumed, *ring->consumed + whole_record(header), __ATOMIC_RELEASE);
}

const void *bpf_ring_peek(struct bpf_ring *ring, size_t *length)
{
    uint32_t header;

    while (read_header(ring, &header)) {
        if (!(header & BPF_RINGBUF_DISCARD_BIT)) {
            *length = header;
            return place_of(ring) + BPF_RINGBUF_HDR_SZ;
        }
        go_on(ring, header);
    }
    return NULL;
}

void bpf_ring_drop(struct bpf_ring *ring)
{
    uint32_t header;

    if (read_header(ring, &header))
        go_on(ring, header);
}
