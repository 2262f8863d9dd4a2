/* What deaths.bpf.c says of a process that a signal ended. */
#pragma once

#include "path_record.h"

#include <linux/types.h>

enum {
    DEATH_COMM_BYTES = 16,
    DEATH_RING_BYTES = 256 * 1024, /* some 1,500 that nobody read of */
    DEATH_GENERATIONS = 64,        /* how far up its parents are looked at */
    DEATH_SENDERS = 4096,          /* signals whose senders are remembered, the last ones */
    DEATH_FILES = 32,              /* the same for a SIGBUS and its file */
};

/* How a process ended, as its parent is told (wait(2)). */
enum { DEATH_STATUS_SIGNAL = 0x7f, DEATH_STATUS_CORE = 0x80 };

enum {
    DEATH_SENDER_SEEN = 1 << 0,
    DEATH_SENDER_KERNEL = 1 << 1, /* it ran in that process, which need not be why */
};

/* Pids and users are numbers of the kernel's first namespaces. */
struct death_sender {
    __u32 flags;
    __u32 pid;
    __u32 uid;                   /* the effective one */
    char comm[DEATH_COMM_BYTES]; /* raw bytes, terminated, as is the other */
};

enum { DEATH_FILE_SEEN = 1 << 0, DEATH_FILE_LIMITED = 1 << 1 /* a tmpfs that has a size */ };

/* What a SIGBUS was about. */
struct death_file {
    __u64 offset;      /* in bytes, where it was touched */
    __u64 length;      /* in bytes, how long it is */
    __u64 used_bytes;  /* of its file system, where that is limited; some of what each CPU did is missing */
    __u64 limit_bytes; /* the same */
    __u32 device;      /* 12 bits major number, 20 bits minor number */
    __u32 flags;
    __u32 path_flags;
    __u32 path_bytes; /* of names that stand behind the record (path_record.h) */
};

struct death_record {
    __u32 pid;
    __u32 parent_pid;
    __u32 uid;    /* the effective one */
    __u32 status; /* DEATH_STATUS_... */
    char comm[DEATH_COMM_BYTES];
    struct death_sender sender;
    __u32 unused;
    struct death_file file;
};
