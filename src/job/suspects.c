#include "job/suspects.h"

void suspects_add(struct suspects *suspects, const struct oom_kill *kill)
{
    suspects->list[suspects->next] = *kill;
    suspects->next = (suspects->next + 1) % SUSPECTS_MAX;
}

bool suspects_take(struct suspects *suspects, pid_t pid, struct oom_kill *kill)
{
    for (size_t i = 0; i < SUSPECTS_MAX; i++) {
        struct oom_kill *suspect = &suspects->list[i];
        if (!suspect->pid.present || suspect->pid.number != (uint64_t)pid)
            continue;
        *kill = *suspect;
        suspect->pid.present = false;
        return true;
    }
    return false;
}
