/* What this machine lets faultline see and do, each thing tried: what is lost without it, and the mend. */
#pragma once

#include "base/problem.h"

#include <stdbool.h>
#include <stddef.h>

enum ability_state { ABILITY_HERE, ABILITY_PARTLY, ABILITY_MISSING };

enum { ABILITIES_MAX = 24, ABILITY_PLACE_MAX = 256, ABILITY_WHY_MAX = PROBLEM_TEXT_MAX };

struct ability {
    const char *id;    /* "kernel_log" */
    const char *title; /* "kernel log" */
    bool core;         /* without it there is no row to show */
    enum ability_state state;
    char place[ABILITY_PLACE_MAX]; /* where it was looked for; any bytes, terminated, as the other */
    char why[ABILITY_WHY_MAX];     /* it is not all here; else "" */
    const char *without;           /* what is lost */
    const char *mend;              /* how to get it, where it is not all here; else NULL */
};

struct ability_settings {
    const char *proc_path;
    const char *kmsg_path;
    const char *mountinfo_path; /* where cgroups are mounted */
};

#define ABILITY_DEFAULTS                                                                                     \
    {                                                                                                        \
        .proc_path = "/proc", .kmsg_path = "/dev/kmsg", .mountinfo_path = "/proc/self/mountinfo"             \
    }

/*
 * Tries everything, in the order of importance, and fills LIST[ABILITIES_MAX]. What a try takes is given
 * back: programs that were put into the kernel, a cgroup that was made (below or beside the own one,
 * cgroup_job.h), memory that was locked, a lower oom_score_adj. Returns how many there are.
 */
size_t ability_look(const struct ability_settings *settings, struct ability *list);

/* Whether one that is core is missing. */
bool ability_lacks_core(const struct ability *list, size_t count);
