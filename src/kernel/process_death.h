/* How a signal ended a process: the record that a program in the kernel sends of it (bpf/death_record.h). */
#pragma once

#include "bpf/death_record.h"
#include "kernel/path_names.h"
#include "kernel/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Who sent the signal: the one that a handler, if any, passed on. KERNEL: nobody did but the kernel, such as
 * the OOM killer, a fault, a timer, a closed pipe. It ran in that process then, which is the one that died
 * where it was a fault of its own, and may be anyone where it was not.
 */
struct death_signal_sender {
    bool seen; /* false: all else is zero */
    bool kernel;
    uint32_t pid;
    uint32_t uid;
    char comm[DEATH_COMM_BYTES];
};

/* What was touched where the kernel sent a SIGBUS. */
struct death_touched_file {
    bool known;                /* false: all else is zero or absent */
    char path[PATH_NAMES_MAX]; /* as of struct fault_names */
    bool deleted;
    uint32_t device;       /* 12 bits major number, 20 bits minor number */
    uint64_t offset_bytes; /* where it was touched; behind its end where that is not below... */
    uint64_t length_bytes; /* ...its length, in whole pages */
    struct value
        used_bytes; /* of a tmpfs that has a size, by all its files: may lack some pages of each CPU */
    struct value size_bytes;
};

/* Pids and users are numbers of the kernel's first namespaces; a name is any bytes, terminated. */
struct process_death {
    uint32_t pid;
    uint32_t parent_pid; /* when it ended */
    uint32_t uid;        /* the effective one, as is the sender's */
    char comm[DEATH_COMM_BYTES];
    int signal;
    bool core; /* it left one */
    struct death_signal_sender sender;
    struct death_touched_file file;
};

/* Reads a record of LENGTH bytes. Returns 0, or -EBADMSG where it is not whole. */
int process_death_from_record(struct process_death *death, const void *record, size_t length);
