/*
 * The OOM killer's reports, from the lines of the kernel's log (mm/oom_kill.c, mm/memcontrol.c; 3.10
 * to 6.18). A kill is the line "Killed process"; what stands before it in the report is added where it is
 * there: the kernel leaves it out when many kills come at once.
 */
#pragma once

#include "kernel/oom_kill.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

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
    bool after_gap; /* lines before it are missing: what they told belongs to nobody who is killed now */
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
