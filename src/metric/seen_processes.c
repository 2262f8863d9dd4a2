#include "metric/seen_processes.h"

#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int seen_processes_reserve(struct seen_processes *seen, size_t count)
{
    if (count <= seen->room)
        return 0;
    struct seen_process *list = reallocarray(seen->list, count, sizeof(*list));
    if (!list)
        return -ENOMEM;
    memory_touch(list + seen->room, (count - seen->room) * sizeof(*list));
    seen->list = list;
    seen->room = count;
    return 0;
}

void seen_processes_free(struct seen_processes *seen)
{
    free(seen->list);
    *seen = (struct seen_processes){0};
}

void seen_processes_clear(struct seen_processes *seen)
{
    seen->count = 0;
    seen->next = 0;
}

/* Where PID stands, or would. As the kernel lists them, it comes behind all others. */
static size_t place_of(const struct seen_processes *seen, uint64_t pid)
{
    size_t low = 0;
    size_t high = seen->count;

    if (high > 0 && seen->list[high - 1].pid < pid)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (seen->list[middle].pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool is_at(const struct seen_processes *seen, size_t place, uint64_t pid)
{
    return place < seen->count && seen->list[place].pid == pid;
}

const struct seen_process *seen_processes_find(struct seen_processes *seen, uint64_t pid)
{
    size_t place = is_at(seen, seen->next, pid) ? seen->next : place_of(seen, pid);

    seen->next = place + 1;
    return is_at(seen, place, pid) ? &seen->list[place] : NULL;
}

int seen_processes_add(struct seen_processes *seen, const struct seen_process *process)
{
    int error = seen->count < seen->room ? 0 : seen_processes_reserve(seen, 2 * seen->room + 1);

    if (error < 0)
        return error;
    size_t place = place_of(seen, process->pid);
    struct seen_process *to = seen->list + place;
    memmove(to + 1, to, (seen->count - place) * sizeof(*to));
    *to = *process;
    seen->count++;
    return 0;
}
