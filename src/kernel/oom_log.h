/*
 * The OOM killer's reports, from the lines of the kernel's log (mm/oom_kill.c, mm/memcontrol.c; 3.10
 * to 6.18). A kill is the line "Killed process"; what stands before it in the report is added where it is
 * there: the kernel leaves it out when many kills come at once.
 */
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

enum oom_line {
    OOM_LINE_OTHER,
    OOM_LINE_KILL,
    OOM_LINE_REPEAT, /* *KILL is one that was told before: the first victim of a group is killed, counted and
                        logged twice */
};

/* A line of the log, without what stands in front of the kernel's words. */
struct oom_log_line {
    const char *text;
    size_t length;  /* without a newline */
    bool continues; /* it goes on where the one before of this caller ended */
    const char
        *caller; /* who wrote it, where the log tells, else "": parts reports that are written together */
    struct value time_us; /* by any clock, where the log tells */
};

struct kmsg_record;

/* A record of the kernel's own log as a line, which points into it. */
struct oom_log_line oom_log_line_of(const struct kmsg_record *record);

/* Reads lines in their order. Of a fixed size. */
struct oom_log;

/* NULL without memory. */
struct oom_log *oom_log_new(void);
void oom_log_free(struct oom_log *log);

/* Takes in a line. Where it is a kill (OOM_LINE_KILL), or one told before, *KILL is set. */
enum oom_line oom_log_take(struct oom_log *log, const struct oom_log_line *line, struct oom_kill *kill);
