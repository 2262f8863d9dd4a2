/*
 * /proc/diskstats: what each disk and partition has done since it appeared. Format: block/genhd.c,
 * diskstats_show(), and Documentation/admin-guide/iostats.rst:
 *
 *     254       0 vda 62340 7783 3165002 11698 27378 11157 2526872 7743 0 8604 22080
 *
 * Behind the name stand 11 numbers, since 4.18 15 with those of discards, since 5.5 17 with those of
 * flushes. Partitions of 2.6 before 2.6.25 had four: reads, sectors read, writes, sectors written. A sector
 * is 512 bytes.
 */
#pragma once

#include "kernel/span.h"

enum { DISK_NAME_MAX = 64 }; /* the kernel's names have 31 bytes */

enum disk_number {
    DISK_READS,
    DISK_READS_MERGED,
    DISK_SECTORS_READ,
    DISK_READ_MS,
    DISK_WRITES,
    DISK_WRITES_MERGED,
    DISK_SECTORS_WRITTEN,
    DISK_WRITE_MS,
    DISK_IN_FLIGHT,
    DISK_BUSY_MS,
    DISK_WEIGHTED_MS, /* of each request, added up */
    DISK_DISCARDS,
    DISK_DISCARDS_MERGED,
    DISK_SECTORS_DISCARDED,
    DISK_DISCARD_MS,
    DISK_FLUSHES,
    DISK_FLUSH_MS,
    DISK_NUMBERS,
};

/* Those that every kernel has of disks and partitions, in their order. */
enum { DISK_BASIC_NUMBERS = 4 };
extern const enum disk_number disk_basic_numbers[DISK_BASIC_NUMBERS];

struct disk {
    char name[DISK_NAME_MAX]; /* "vda", "cciss/c0d0p1" */
    struct value numbers[DISK_NUMBERS];
};

/* Takes the next line off TEXT. Returns 1 with *DISK filled, 0 where none is left, or -EINVAL for a line that
 * is not understood, and was taken off as well. */
int diskstats_next(struct span *text, struct disk *disk);

/* Whether NAME, as people write it ("vda1", "cciss/c0d0", "cciss!c0d0"), is that of DISK. */
bool disk_is_called(const struct disk *disk, const char *name);

/* Whether it is a whole disk, and no partition: only disks have a folder in /sys/block, which SYS_BLOCK_FD
 * is. */
bool disk_is_whole(const struct disk *disk, int sys_block_fd);
