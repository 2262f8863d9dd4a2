/* Who took a fault, and on which file: the record of names that a program in the kernel sends of it. */
#pragma once

#include "bpf/fault_record.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { FAULT_NAMES_PATH_MAX = FAULT_PATH_BYTES + FAULT_NAME_BYTES + 8 };

struct fault_names {
    struct fault_key key;
    uint32_t uid;
    bool deleted;                    /* the file had no name any more */
    char comm[FAULT_COMM_BYTES];     /* of the process; any bytes, terminated, as are the paths */
    char path[FAULT_NAMES_PATH_MAX]; /* "" where there is none; with "..." in front where it was cut there */
    char cgroup[FAULT_NAMES_PATH_MAX]; /* the memory cgroup, from the root of its hierarchy: "/" */
};

/* Reads a record of LENGTH bytes. Returns 0, or -EBADMSG where it is not whole. */
int fault_names_read(struct fault_names *names, const void *record, size_t length);
