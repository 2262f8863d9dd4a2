/* OOM kills out of a log, for people. */
#pragma once

#include "base/text.h"
#include "kernel/oom_kill.h"

/* Upper bound for what one kill needs. */
enum { OOM_TABLE_MAX = (OOM_COMM_MAX * (OOM_TASKS_MAX + 2) + OOM_CGROUP_MAX * 2) * 4 + 4096 };

/* The headings. Each put adds whole lines. */
void oom_table_put_header(struct text *text);

/* A kill in one line, the cgroup last; VERBOSE: below it what the victim's memory was, who asked for more,
 * and the largest tasks at that time. */
void oom_table_put_kill(struct text *text, const struct oom_kill *kill, const struct oom_moment *moment,
                        bool verbose);

/* What VERBOSE puts below the line. */
void oom_table_put_details(struct text *text, const struct oom_kill *kill);
