/*
 * /proc/slabinfo: the kernel's own caches, of the versions 2.0 and 2.1. Format: mm/slab_common.c,
 * slabinfo(5). Below a heading, a line a cache, of which what stands behind " : tunables" is not read:
 *
 *     slabinfo - version: 2.1
 *     # name <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : ...
 *     dentry     40446  41160    192   21    1 : tunables    0    0    0 : slabdata ...
 */
#pragma once

#include "kernel/span.h"

enum { SLAB_NAME_MAX = 96 };

enum slab_number {
    SLAB_ACTIVE_OBJECTS,
    SLAB_OBJECTS,
    SLAB_OBJECT_BYTES,
    SLAB_OBJECTS_PER_SLAB,
    SLAB_PAGES_PER_SLAB,
    SLAB_NUMBERS,
};

struct slab {
    char name[SLAB_NAME_MAX]; /* longer ones are cut */
    struct value numbers[SLAB_NUMBERS];
};

/* Takes the heading off TEXT. Returns 0, or -EINVAL where it is that of another version, or none. */
int slabinfo_begin(struct span *text);

/* Takes the next line off TEXT. Returns 1 with *SLAB filled, 0 where none is left, or -EINVAL for a line that
 * is not understood, and was taken off as well. */
int slabinfo_next(struct span *text, struct slab *slab);
