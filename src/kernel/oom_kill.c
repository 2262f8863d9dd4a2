#include "kernel/oom_kill.h"

struct value oom_kill_rss_bytes(const struct oom_kill *kill)
{
    struct value sum = {0, kill->anon_rss_bytes.present && kill->file_rss_bytes.present};
    const struct value *parts[] = {&kill->anon_rss_bytes, &kill->file_rss_bytes, &kill->shmem_rss_bytes};

    /* Shared memory is part of file-rss where a kernel, before 4.5, does not tell it. */
    for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        if (parts[i]->present && __builtin_add_overflow(sum.number, parts[i]->number, &sum.number))
            sum.present = false;
    }
    return sum;
}

const char *oom_constraint_name(enum oom_constraint constraint)
{
    static const char *const names[] = {
        [OOM_CONSTRAINT_NONE] = "none",
        [OOM_CONSTRAINT_MEMCG] = "memcg",
        [OOM_CONSTRAINT_CPUSET] = "cpuset",
        [OOM_CONSTRAINT_MEMORY_POLICY] = "memory_policy",
    };
    return names[constraint];
}
