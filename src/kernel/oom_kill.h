/* An OOM kill, as far as the kernel told of it: in its log (oom_log.h) or by a tracepoint (mark_victim.h). */
#pragma once

#include "kernel/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    OOM_COMM_MAX = 64,    /* the kernel's own names have 15 bytes */
    OOM_CGROUP_MAX = 512, /* longer paths are cut */
    OOM_TASKS_MAX = 10,
};

enum oom_constraint {
    OOM_CONSTRAINT_UNKNOWN,
    OOM_CONSTRAINT_NONE, /* the whole machine ran out of memory */
    OOM_CONSTRAINT_MEMCG,
    OOM_CONSTRAINT_CPUSET,
    OOM_CONSTRAINT_MEMORY_POLICY,
};

/* A line of the report's table of tasks. */
struct oom_task {
    struct value pid; /* of the process: always present */
    struct value uid;
    struct value rss_bytes;
    struct value swap_bytes;
    struct value oom_score_adj; /* two's complement */
    char comm[OOM_COMM_MAX];
};

/* A victim, and what the kernel said of the kill. Strings are raw bytes, terminated, "" where not known. */
struct oom_kill {
    struct value pid; /* of the process; of one of its threads where the log tells no more than that */
    struct value uid;
    struct value total_vm_bytes;
    struct value anon_rss_bytes;
    struct value file_rss_bytes;
    struct value shmem_rss_bytes;
    struct value pgtables_bytes;
    struct value oom_score_adj; /* two's complement */
    char comm[OOM_COMM_MAX];

    enum oom_constraint constraint;
    char cgroup[OOM_CGROUP_MAX];       /* the victim's own */
    char limit_cgroup[OOM_CGROUP_MAX]; /* the one whose limit was hit */
    struct value usage_bytes;          /* of that cgroup */
    struct value limit_bytes;
    bool group_kill;            /* one of those that memory.oom.group made die with the victim */
    char trigger[OOM_COMM_MAX]; /* who asked for the memory that was not there */
    struct value trigger_pid;

    struct oom_task tasks[OOM_TASKS_MAX]; /* those that had most in memory, the largest first */
    size_t task_count;
};

/* Anonymous, file and shared memory together; absent where one is. */
struct value oom_kill_rss_bytes(const struct oom_kill *kill);

/* The word for a constraint: "none", "memcg", "cpuset", "memory_policy"; NULL where unknown. */
const char *oom_constraint_name(enum oom_constraint constraint);

/* When a kill happened, as far as the log tells. */
struct oom_moment {
    bool has_wall;
    uint64_t wall_ns;
    bool has_monotonic;
    uint64_t monotonic_us; /* since boot */
};
