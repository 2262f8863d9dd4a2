/* Who took a fault, and on which file: the record of names that a program in the kernel sends of it. */
#pragma once

#include "bpf/fault_record.h"
#include "kernel/path_names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct fault_names {
    struct fault_key key;
    uint32_t uid;
    bool deleted;                /* the file had no name any more */
    char comm[FAULT_COMM_BYTES]; /* of the process; any bytes, terminated, as are the paths */
    char path[PATH_NAMES_MAX];   /* "" where there is none; with "..." in front where it was cut there */
    char cgroup[PATH_NAMES_MAX]; /* the memory cgroup, from the root of its hierarchy: "/" */
};

/* Reads a record of LENGTH bytes. Returns 0, or -EBADMSG where it is not whole. */
int fault_names_read(struct fault_names *names, const void *record, size_t length);
