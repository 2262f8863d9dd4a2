/* The ring that a program in the kernel puts records into, and the reader of it (BPF_MAP_TYPE_RINGBUF,
 * Linux 5.8; kernel/bpf/ringbuf.c). */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* A zeroed one is not mapped. */
struct bpf_ring {
    int fd; /* of its map, to be waited for with EPOLLIN; whose it is stays so */
    size_t page_size;
    size_t size;             /* of the data: a power of two */
    unsigned long *consumed; /* the reader's own page */
    const char *pages;       /* the kernel's page, and behind it the data, twice */
};

/* Maps the ring of the map FD, which has SIZE bytes. Returns 0 or a negative errno; it is not mapped then. */
int bpf_ring_map(struct bpf_ring *ring, int fd, size_t size);
void bpf_ring_unmap(struct bpf_ring *ring);

/* The oldest record, aligned to eight bytes, and in *LENGTH its size; it is in the kernel's memory until it
 * is dropped. NULL where there is none yet. */
const void *bpf_ring_peek(struct bpf_ring *ring, size_t *length);
void bpf_ring_drop(struct bpf_ring *ring);
