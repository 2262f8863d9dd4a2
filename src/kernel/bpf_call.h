/* Calls of bpf(2) for what is loaded already: the skeletons bring those for loading. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Whether the kernel has a name for programs that load others (Linux 5.14), or does not say. To try one tells
 * less of an older kernel: that charges maps to RLIMIT_MEMLOCK, and where that is too low it is EPERM, as for
 * want of privileges.
 */
bool bpf_knows_loaders(void);

/* Begins a walk of an iterator that is attached as LINK_FD. Returns a descriptor to read it from, to be
 * closed by the caller, or a negative errno. */
int bpf_iterate(int link_fd);

/* A walk through the entries of a hash, many at a time (Linux 5.6). One that begins is zero but for MAP_FD.
 */
struct bpf_map_walk {
    int map_fd;
    bool begun;
    uint32_t position;
};

/*
 * Copies the next entries, ROOM of them at most, to the arrays KEYS and VALUES, and sets *COUNT. Returns 1, 0
 * where these are the last, or a negative errno, with none. What is added or goes meanwhile may be missing.
 */
int bpf_map_walk_next(struct bpf_map_walk *walk, void *keys, void *values, uint32_t room, uint32_t *count);
