#include "metric/process_groups.h"

#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM_MIN = 64, SLOTS_PER_ROW = 2 };

void process_groups_clear(struct process_groups *groups)
{
    groups->count = 0;
    if (groups->slots)
        memset(groups->slots, 0, groups->slot_count * sizeof(*groups->slots));
}

void process_groups_free(struct process_groups *groups)
{
    free(groups->rows);
    free(groups->slots);
    *groups = (struct process_groups){0};
}

/* FNV-1a */
static uint64_t hash_bytes(const void *bytes, size_t length)
{
    const unsigned char *at = bytes;
    uint64_t hash = UINT64_C(0xcbf29ce484222325);

    for (size_t i = 0; i < length; i++)
        hash = (hash ^ at[i]) * UINT64_C(0x100000001b3);
    return hash;
}

/* Of those whose user is not known there is one group. */
static uint64_t user_of(const struct top_row *row)
{
    return row->uid.present ? row->uid.number : UINT64_MAX;
}

static uint64_t hash_of(enum process_group group, const struct top_row *row)
{
    const uint64_t user = user_of(row);

    return group == PROCESS_GROUP_USER ? hash_bytes(&user, sizeof(user))
                                       : hash_bytes(row->comm, strlen(row->comm));
}

static bool is_same(enum process_group group, const struct top_row *a, const struct top_row *b)
{
    if (group == PROCESS_GROUP_USER)
        return user_of(a) == user_of(b);
    return strcmp(a->comm, b->comm) == 0;
}

/* The slot of the row's group, or the empty one that it would take. */
static size_t *slot_of(const struct process_groups *groups, enum process_group group,
                       const struct top_row *row)
{
    size_t at = hash_of(group, row) & (groups->slot_count - 1);

    while (groups->slots[at] != 0 && !is_same(group, &groups->rows[groups->slots[at] - 1], row))
        at = (at + 1) & (groups->slot_count - 1);
    return &groups->slots[at];
}

static void place_all(struct process_groups *groups, enum process_group group)
{
    memset(groups->slots, 0, groups->slot_count * sizeof(*groups->slots));
    for (size_t i = 0; i < groups->count; i++)
        *slot_of(groups, group, &groups->rows[i]) = i + 1;
}

static int grow(struct process_groups *groups, enum process_group group)
{
    size_t room = groups->room > 0 ? 2 * groups->room : ROOM_MIN;
    struct top_row *rows = reallocarray(groups->rows, room, sizeof(*rows));
    size_t *slots = rows ? memory_new(room * SLOTS_PER_ROW * sizeof(*slots)) : NULL;

    if (rows)
        groups->rows = rows;
    if (!slots)
        return -ENOMEM;
    memory_touch(rows + groups->room, (room - groups->room) * sizeof(*rows));
    free(groups->slots);
    groups->slots = slots;
    groups->room = room;
    groups->slot_count = room * SLOTS_PER_ROW;
    place_all(groups, group);
    return 0;
}

static void add(struct value *sum, struct value part)
{
    if (!part.present)
        return;
    sum->number += part.number;
    sum->present = true;
}

static void begin(struct top_row *sums, enum process_group group, const struct top_row *process)
{
    *sums = (struct top_row){.cgroup = ""};
    if (group == PROCESS_GROUP_USER)
        sums->uid = process->uid;
    else
        memcpy(sums->comm, process->comm, sizeof(sums->comm));
}

int process_groups_add(struct process_groups *groups, enum process_group group, const struct top_row *process)
{
    size_t *slot = groups->room > 0 ? slot_of(groups, group, process) : NULL;

    if (!slot || (*slot == 0 && groups->count == groups->room)) {
        int error = grow(groups, group);
        if (error < 0)
            return error;
        slot = slot_of(groups, group, process);
    }
    if (*slot == 0) {
        begin(&groups->rows[groups->count++], group, process);
        *slot = groups->count;
    }
    struct top_row *sums = &groups->rows[*slot - 1];
    sums->processes += process->processes;
    add(&sums->rss_bytes, process->rss_bytes);
    add(&sums->swap_bytes, process->swap_bytes);
    add(&sums->minor_faults_since, process->minor_faults_since);
    add(&sums->major_faults_since, process->major_faults_since);
    return 0;
}
