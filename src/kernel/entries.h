/* The entries of a folder, as getdents64(2) gives them, in memory of the caller's: opendir(3) would allocate.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct entries {
    int fd; /* the folder, which stays the caller's */
    char *memory;
    size_t size;
    size_t at;
    size_t length;
};

struct entry {
    uint64_t inode;
    unsigned char type; /* DT_DIR and the like */
    const char *name;   /* until the next entry is asked for */
};

/* Those of the folder FD, from where it is at. MEMORY[SIZE] is aligned for a uint64_t, and of 512 bytes or
 * more; it is theirs until the last entry. */
struct entries entries_of(int fd, char *memory, size_t size);

/* The next one, "." and ".." among them, in the kernel's order. Returns 1, 0 at the end, or a negative errno;
 * *ENTRY is as it was but for 1. Allocates nothing. */
int entries_next(struct entries *entries, struct entry *entry);
