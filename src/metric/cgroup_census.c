#include "metric/cgroup_census.h"

#include "base/memory.h"
#include "kernel/cgroup.h"
#include "kernel/cgroup_walk.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is remembered of each group until the next pass; all is absent of one that could not be read. */
struct seen {
    uint64_t inode;
    struct cgroup_memory memory;
};

/* Groups in the order in which they were found, and where each inode stands among them: a slot has the place
 * of its group plus one, or 0. Slots are twice as many as groups at least, and a power of two. */
struct seen_table {
    struct seen *groups;
    size_t count;
    size_t room;
    uint32_t *slots;
    unsigned slot_bits;
    bool whole; /* every folder could be opened: no group is missing that lies below another */
};

struct cgroup_census {
    char *folder;
    int version;
    uint64_t number; /* of passes that succeeded */
    struct cgroup_walk walk;
    struct seen_table now, last;
};

struct cgroup_census *cgroup_census_new(void)
{
    struct cgroup_census *census = calloc(1, sizeof(*census));

    if (census)
        memory_touch(census, sizeof(*census));
    return census;
}

static void free_table(struct seen_table *table)
{
    free(table->groups);
    free(table->slots);
}

void cgroup_census_free(struct cgroup_census *census)
{
    if (!census)
        return;
    free_table(&census->now);
    free_table(&census->last);
    free(census->folder);
    free(census);
}

static size_t slot_count(const struct seen_table *table)
{
    return table->slots ? (size_t)1 << table->slot_bits : 0;
}

/* The slot of INODE, or the free one where it would be. Inodes follow one another: the product spreads them
 * (Knuth's multiplicative hashing, by the golden ratio of 2^64). */
static uint32_t *slot_of(const struct seen_table *table, uint64_t inode)
{
    size_t mask = slot_count(table) - 1;
    size_t at = (size_t)(inode * UINT64_C(0x9e3779b97f4a7c15) >> (64 - table->slot_bits));

    while (table->slots[at] != 0 && table->groups[table->slots[at] - 1].inode != inode)
        at = (at + 1) & mask;
    return &table->slots[at];
}

static void fill_slots(const struct seen_table *table)
{
    memset(table->slots, 0, slot_count(table) * sizeof(*table->slots));
    for (size_t i = 0; i < table->count; i++)
        *slot_of(table, table->groups[i].inode) = (uint32_t)i + 1;
}

static void forget(struct seen_table *table)
{
    table->count = 0;
    table->whole = true;
    fill_slots(table);
}

static int make_slots(struct seen_table *table, size_t room)
{
    unsigned bits = 1;

    while ((size_t)1 << bits < 2 * room)
        bits++;
    uint32_t *slots = memory_new(sizeof(*slots) << bits);
    if (!slots)
        return -ENOMEM;
    free(table->slots);
    table->slots = slots;
    table->slot_bits = bits;
    fill_slots(table);
    return 0;
}

/* Slots first: there are enough of them at any time. */
static int make_room(struct seen_table *table, size_t room)
{
    if (room <= table->room)
        return 0;
    int error = room < UINT32_MAX ? make_slots(table, room) : -ENOMEM;
    struct seen *groups = error == 0 ? reallocarray(table->groups, room, sizeof(*groups)) : NULL;
    if (!groups)
        return -ENOMEM;
    memory_touch(groups + table->room, (room - table->room) * sizeof(*groups));
    table->groups = groups;
    table->room = room;
    return 0;
}

static int count_groups(struct cgroup_walk *walk, const char *folder, size_t *count)
{
    struct cgroup_found group;
    int more = cgroup_walk_begin(walk, folder, &group);

    for (*count = 0; more > 0; more = cgroup_walk_next(walk, &group))
        ++*count;
    cgroup_walk_end(walk);
    return more;
}

static int make_tables(struct cgroup_census *census, size_t count)
{
    enum { ROOM_MIN = 64 };
    size_t room = count > ROOM_MIN / 2 ? 2 * count : ROOM_MIN;
    int error = make_room(&census->now, room);

    return error < 0 ? error : make_room(&census->last, room);
}

int cgroup_census_open(struct cgroup_census *census, const char *folder, int version)
{
    size_t count = 0;
    int error = -EINVAL;

    if (version == CGROUP_V1 || version == CGROUP_V2)
        error = count_groups(&census->walk, folder, &count);
    if (error == 0)
        error = make_tables(census, count);
    if (error < 0)
        return error;
    census->version = version;
    census->folder = strdup(folder);
    return census->folder ? 0 : -ENOMEM;
}

static const struct seen *find(const struct seen_table *table, uint64_t inode)
{
    uint32_t slot = *slot_of(table, inode);
    return slot > 0 ? &table->groups[slot - 1] : NULL;
}

static int remember(struct seen_table *table, uint64_t inode, const struct cgroup_memory *memory)
{
    int error = table->count < table->room ? 0 : make_room(table, 2 * table->room);

    if (error < 0)
        return error;
    uint32_t *slot = slot_of(table, inode);
    table->groups[table->count++] = (struct seen){inode, *memory};
    *slot = (uint32_t)table->count;
    return 0;
}

/* The totals that the last pass ended with, absent where they are not known. */
static const struct cgroup_memory *totals_before(const struct cgroup_census *census, uint64_t inode)
{
    static const struct cgroup_memory unknown;
    static const struct cgroup_memory fresh = {
        .minor_faults = {0, true},
        .major_faults = {0, true},
        .some_stall_us = {0, true},
        .full_stall_us = {0, true},
        .kills = {0, true},
    };

    if (census->number == 0)
        return &unknown;
    const struct seen *last = find(&census->last, inode);
    if (last)
        return &last->memory;
    return census->last.whole ? &fresh : &unknown;
}

static struct value increment(struct value before, struct value after)
{
    bool known = before.present && after.present && after.number >= before.number;
    return known ? (struct value){after.number - before.number, true} : (struct value){0, false};
}

static struct cgroup_row make_row(const char *path, const struct cgroup_memory *before,
                                  const struct cgroup_memory *memory)
{
    return (struct cgroup_row){
        .path = path,
        .memory = *memory,
        .minor_faults_since = increment(before->minor_faults, memory->minor_faults),
        .major_faults_since = increment(before->major_faults, memory->major_faults),
        .some_stall_us_since = increment(before->some_stall_us, memory->some_stall_us),
        .full_stall_us_since = increment(before->full_stall_us, memory->full_stall_us),
        .kills_since = increment(before->kills, memory->kills),
    };
}

/* Who visits, and what for. */
struct visitor {
    void (*visit)(void *context, const struct cgroup_row *row);
    void *context;
};

/* Renamed meanwhile, a group may be found twice, and is taken once. */
static int take(struct cgroup_census *census, const struct cgroup_found *group, struct visitor visitor,
                struct cgroup_census_result *result)
{
    struct cgroup_memory memory = {0};

    if (*slot_of(&census->now, group->inode) > 0)
        return 0;
    census->now.whole &= group->fd >= 0;
    int read = group->fd < 0 ? group->fd : cgroup_memory_read(group->fd, census->version, &memory);
    if (cgroup_memory_is_gone(read))
        return 0;
    int error = remember(&census->now, group->inode, &memory);
    if (error < 0)
        return error;
    result->groups++;
    result->unread += read < 0;
    if (read < 0)
        return 0;
    struct cgroup_row row = make_row(group->path, totals_before(census, group->inode), &memory);
    visitor.visit(visitor.context, &row);
    return 0;
}

static int take_all(struct cgroup_census *census, struct visitor visitor, struct cgroup_census_result *result)
{
    struct cgroup_found group;
    int more = cgroup_walk_begin(&census->walk, census->folder, &group);

    while (more > 0) {
        int error = take(census, &group, visitor, result);
        more = error < 0 ? error : cgroup_walk_next(&census->walk, &group);
    }
    cgroup_walk_end(&census->walk);
    result->too_deep = census->walk.too_deep;
    return more;
}

/* The table of this pass becomes that of the last. */
static void turn(struct cgroup_census *census)
{
    struct seen_table seen = census->last;

    census->last = census->now;
    census->now = seen;
    census->number++;
}

int cgroup_census_run(struct cgroup_census *census,
                      void (*visit)(void *context, const struct cgroup_row *row), void *context,
                      struct cgroup_census_result *result)
{
    struct cgroup_census_result fresh = {0};

    if (!census->folder)
        return -EBADF;
    forget(&census->now);
    int error = take_all(census, (struct visitor){visit, context}, &fresh);
    if (error < 0)
        return error;
    turn(census);
    *result = fresh;
    return 0;
}
