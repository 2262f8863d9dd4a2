/*
 * What fault_trace.bpf.c says of page faults: sums for each pair of a process and what it faulted on, in a
 * hash; and in a ring the names of both, and each fault where that is asked for.
 */
#pragma once

#include "path_record.h"

#include <linux/types.h>

enum {
    FAULT_COMM_BYTES = 16,
    FAULT_RING_BYTES = 4 * 1024 * 1024,
    FAULT_PAIRS = 8192,
    FAULT_THREADS = 16384, /* that are in a fault at the same time, at least */
};

/* What an address belongs to. */
enum fault_backing {
    FAULT_FILE,
    FAULT_SHMEM,   /* a file of tmpfs, shared memory */
    FAULT_SWAP,    /* memory of no file, which comes from swap where the fault is a major one */
    FAULT_UNKNOWN, /* the memory map was locked by somebody else */
};

/* A pair. A process is its pid and when it was started, as pids are used again. */
struct fault_key {
    __u64 start_ns; /* since boot */
    __u64 inode;    /* of FAULT_FILE and FAULT_SHMEM, else 0, as is the device */
    __u32 device;   /* 12 bits major number, 20 bits minor number */
    __u32 pid;      /* in the kernel's first PID namespace */
    __u32 backing;
    __u32 unused; /* 0 */
};

/*
 * Times are counted in buckets, eight to each power of two. Bucket 0 has what is below 2^10 ns (1 us), the
 * last one what is 2^36 ns (69 s) or more.
 */
enum {
    FAULT_OCTAVE_BITS = 3,
    FAULT_OCTAVE_BUCKETS = 1 << FAULT_OCTAVE_BITS,
    FAULT_OCTAVE_FIRST = 10,
    FAULT_OCTAVE_END = 36,
    FAULT_BUCKETS = (FAULT_OCTAVE_END - FAULT_OCTAVE_FIRST) * FAULT_OCTAVE_BUCKETS + 2,
};

static inline __attribute__((always_inline)) __u32 fault_bucket(__u64 ns)
{
    __u32 octave = 0;

    for (__u32 bits = 32; bits > 0; bits /= 2) {
        if (ns >> octave >> bits)
            octave += bits;
    }
    if (octave < FAULT_OCTAVE_FIRST)
        return 0;
    if (octave >= FAULT_OCTAVE_END)
        return FAULT_BUCKETS - 1;
    __u32 within = (__u32)(ns >> (octave - FAULT_OCTAVE_BITS)) & (FAULT_OCTAVE_BUCKETS - 1);
    return 1 + (octave - FAULT_OCTAVE_FIRST) * FAULT_OCTAVE_BUCKETS + within;
}

struct fault_sum {
    __u64 faults; /* major ones; these are what the times and the buckets are of */
    __u64 total_ns;
    __u64 max_ns;
    __u64 waits; /* minor faults that slept */
    __u64 wait_ns;
    __u32 buckets[FAULT_BUCKETS];
    __u32 named; /* its names are in the ring */
    __u32 unused;
};

enum fault_record_kind { FAULT_RECORD_NAMES, FAULT_RECORD_EVENT };

/*
 * Of a pair: as it was at its first fault. Behind it stand PATH_BYTES of the file's path and CGROUP_BYTES of
 * the process's memory cgroup (path_record.h).
 */
struct fault_record_names {
    __u32 kind;
    __u32 uid; /* the effective one, in the kernel's first user namespace */
    struct fault_key key;
    char comm[FAULT_COMM_BYTES]; /* of the process, raw bytes, terminated */
    __u32 flags;
    __u32 path_bytes;
    __u32 cgroup_bytes;
    __u32 unused;
};

struct fault_record_event {
    __u32 kind;
    __u32 tid;
    struct fault_key key;
    __u64 end_ns; /* CLOCK_MONOTONIC */
    __u64 ns;     /* how long it took */
    __u64 address;
    __u64 offset;                /* in the file */
    char comm[FAULT_COMM_BYTES]; /* of the thread */
    __u32 waited;                /* it was no major one */
    __u32 unused;
};
