/* What is shown of a process, or of a group of them. */
#pragma once

#include "kernel/process.h"

enum process_group { PROCESS_GROUP_NONE, PROCESS_GROUP_COMM, PROCESS_GROUP_USER };

enum { TOP_FILTER_MAX = 64 };

/* Strings are raw bytes. */
struct top_row {
    uint64_t processes; /* 1, or how many are in the group, ended ones among them */
    char comm[PROCESS_COMM_MAX];
    struct value uid;
    struct value rss_bytes;
    struct value swap_bytes;
    struct value minor_faults_since; /* of a group: of those of whom it is known */
    struct value major_faults_since;

    /* of a process */
    uint64_t pid;
    uint64_t start_ticks;
    uint64_t minor_faults;
    uint64_t major_faults;
    bool ended;
    struct value oom_score; /* absent for one that has ended, and where it cannot be read */
    const char *cgroup;     /* of its memory; "" where it has none, and where it cannot be read */
};
