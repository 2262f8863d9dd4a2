/*
 * Which cgroups an OOM report names: the victim's own, and the one whose limit was hit. Paths may hold
 * anything, the words between them as well, so that they are parted by what is known otherwise.
 *
 * Since 5.0 (mm/oom_kill.c, dump_oom_summary()), put together by the kernel from pieces:
 *
 *     oom-kill:constraint=CONSTRAINT_MEMCG,nodemask=(null),cpuset=/,mems_allowed=0,oom_memcg=/train,
 *     task_memcg=/train/job,task=python3,pid=4242,uid=1000
 *
 * Up to 4.20 (mm/memcontrol.c): Task in /train/job killed as a result of limit of /train
 */
#pragma once

#include "kernel/oom_kill.h"
#include "kernel/span.h"

enum { OOM_SUMMARY_MAX = OOM_CGROUP_MAX * 3 };

/* A summary, kept until the victim's name is known. */
struct oom_summary {
    struct value pid; /* absent: no summary */
    struct value uid;
    enum oom_constraint constraint;
    char text[OOM_SUMMARY_MAX];
    size_t length; /* 0: too long to be kept, but for what stands above */
};

/* Whether LINE is a summary; then it is kept in *SUMMARY. */
bool oom_summary_take(struct oom_summary *summary, struct span line);

/* Sets constraint, pid and cgroups of the victim, whose name is known by now. */
void oom_summary_read(const struct oom_summary *summary, struct oom_kill *kill);

/* Whether LINE is the one of old kernels; then the constraint and the cgroups of *KILL are set. */
bool oom_limit_take(struct span line, struct oom_kill *kill);
