#include "render/top_listing.h"

#include <assert.h>
#include <math.h>

static const struct listing_field process_fields[] = {
    {"pid", "PID", 7, 0, "", LISTING_COUNT, 0},
    {"user", "USER", -8, 0, " ", LISTING_NAME, 8},
    {"uid", "", 0, 0, "", LISTING_COUNT, 0},
    {"minor_faults_per_second", "MIN/S", 7, 0, " ", LISTING_RATE, 0},
    {"major_faults_per_second", "MAJ/S", 6, 0, " ", LISTING_RATE, 0},
    {"minor_faults", "", 0, 0, "", LISTING_COUNT, 0},
    {"major_faults", "", 0, 0, "", LISTING_COUNT, 0},
    {"rss_bytes", "RSS", 6, 0, " ", LISTING_BYTES, 0},
    {"swap_bytes", "SWAP", 6, 0, " ", LISTING_BYTES, 0},
    {"oom_score", "OOM", 5, 0, " ", LISTING_COUNT, 0},
    {"ended", "", 1, 0, " ", LISTING_TRUE, 0},
    {"comm", "COMMAND", -15, 0, "", LISTING_NAME, 0},
    {"cgroup", "CGROUP", -1, 0, " ", LISTING_NAME, 0},
};

#define GROUP_FIELDS                                                                                         \
    {"processes", "PROCS", 7, 0, "", LISTING_COUNT, 0},                                                      \
        {"minor_faults_per_second", "MIN/S", 9, 0, " ", LISTING_RATE, 0},                                    \
        {"major_faults_per_second", "MAJ/S", 8, 0, " ", LISTING_RATE, 0},                                    \
        {"rss_bytes", "RSS", 7, 0, " ", LISTING_BYTES, 0},                                                   \
    {                                                                                                        \
        "swap_bytes", "SWAP", 7, 0, " ", LISTING_BYTES, 0                                                    \
    }

static const struct listing_field comm_fields[] = {
    GROUP_FIELDS,
    {"comm", "COMMAND", -1, 0, " ", LISTING_NAME, 0},
};

static const struct listing_field user_fields[] = {
    GROUP_FIELDS,
    {"uid", "UID", 7, 0, " ", LISTING_COUNT, 0},
    {"user", "USER", -1, 0, " ", LISTING_NAME, 0},
};

static const struct listing_field cgroup_fields[] = {
    {"minor_faults_per_second", "MIN/S", 8, 0, "", LISTING_RATE, 0},
    {"major_faults_per_second", "MAJ/S", 7, 0, " ", LISTING_RATE, 0},
    {"memory_some_stall_percent", "SOME%", 6, 0, " ", LISTING_PERCENT, 0},
    {"memory_full_stall_percent", "FULL%", 6, 0, " ", LISTING_PERCENT, 0},
    {"usage_bytes", "USAGE", 6, 0, " ", LISTING_BYTES, 0},
    {"limit_bytes", "LIMIT", 6, 0, " ", LISTING_BYTES, 0},
    {"usage_percent", "USE%", 5, 0, " ", LISTING_PERCENT, 0},
    {"swap_bytes", "SWAP", 6, 0, " ", LISTING_BYTES, 0},
    {"oom_kills", "KILLS", 5, 0, " ", LISTING_COUNT, 0},
    {"oom_kills_in_interval", "", 0, 0, "", LISTING_COUNT, 0},
    {"minor_faults", "", 0, 0, "", LISTING_COUNT, 0},
    {"major_faults", "", 0, 0, "", LISTING_COUNT, 0},
    {"cgroup", "CGROUP", -1, 0, " ", LISTING_NAME, 0},
};

#define FIELDS(list) (list), sizeof(list) / sizeof(*(list))

static const struct listing listings[] = {
    [PROCESS_GROUP_NONE] = {"process", NULL, NULL, FIELDS(process_fields)},
    [PROCESS_GROUP_COMM] = {"comm_group", NULL, NULL, FIELDS(comm_fields)},
    [PROCESS_GROUP_USER] = {"user_group", NULL, NULL, FIELDS(user_fields)},
};

const struct listing cgroup_listing = {"cgroup", NULL, NULL, FIELDS(cgroup_fields)};

static_assert(sizeof(process_fields) / sizeof(*process_fields) <= TOP_CELLS_MAX, "all cells of a row");
static_assert(sizeof(cgroup_fields) / sizeof(*cgroup_fields) <= TOP_CELLS_MAX, "all cells of a row");

const struct listing *top_listing_of(enum process_group group)
{
    return &listings[group];
}

static union listing_cell rate(struct value since, double seconds)
{
    bool known = since.present && seconds > 0;
    return (union listing_cell){.figure = known ? (double)since.number / seconds : NAN};
}

static union listing_cell count(uint64_t number)
{
    return (union listing_cell){.number = {number, true}};
}

static union listing_cell known(struct value value)
{
    return (union listing_cell){.number = value};
}

static union listing_cell name(const char *string)
{
    return (union listing_cell){.name = string};
}

static void fill_process(union listing_cell *cell, const struct top_row *row, const char *user,
                         double seconds)
{
    *cell++ = count(row->pid);
    *cell++ = name(user);
    *cell++ = known(row->uid);
    *cell++ = rate(row->minor_faults_since, seconds);
    *cell++ = rate(row->major_faults_since, seconds);
    *cell++ = count(row->minor_faults);
    *cell++ = count(row->major_faults);
    *cell++ = known(row->rss_bytes);
    *cell++ = known(row->swap_bytes);
    *cell++ = known(row->oom_score);
    *cell++ = known((struct value){1, row->ended});
    *cell++ = name(row->comm);
    *cell = name(row->cgroup);
}

static union listing_cell *fill_sums(union listing_cell *cell, const struct top_row *row, double seconds)
{
    *cell++ = count(row->processes);
    *cell++ = rate(row->minor_faults_since, seconds);
    *cell++ = rate(row->major_faults_since, seconds);
    *cell++ = known(row->rss_bytes);
    *cell++ = known(row->swap_bytes);
    return cell;
}

void top_listing_fill(union listing_cell cells[TOP_CELLS_MAX], enum process_group group,
                      const struct top_row *row, const char *user, double seconds)
{
    if (group == PROCESS_GROUP_NONE) {
        fill_process(cells, row, user, seconds);
        return;
    }
    union listing_cell *cell = fill_sums(cells, row, seconds);
    if (group == PROCESS_GROUP_USER)
        *cell++ = known(row->uid);
    *cell = name(group == PROCESS_GROUP_USER ? user : row->comm);
}

static union listing_cell share(struct value part, double whole)
{
    bool known = part.present && whole > 0;
    return (union listing_cell){.figure = known ? (double)part.number / whole * 100 : NAN};
}

void cgroup_listing_fill(union listing_cell cells[TOP_CELLS_MAX], const struct cgroup_row *row,
                         const char *path, double seconds)
{
    const struct cgroup_memory *memory = &row->memory;
    double limit_bytes = memory->limit_bytes.present ? (double)memory->limit_bytes.number : 0;
    union listing_cell *cell = cells;

    *cell++ = rate(row->minor_faults_since, seconds);
    *cell++ = rate(row->major_faults_since, seconds);
    *cell++ = share(row->some_stall_us_since, seconds * 1e6);
    *cell++ = share(row->full_stall_us_since, seconds * 1e6);
    *cell++ = known(memory->usage_bytes);
    *cell++ = known(memory->limit_bytes);
    *cell++ = share(memory->usage_bytes, limit_bytes);
    *cell++ = known(memory->swap_bytes);
    *cell++ = known(memory->kills);
    *cell++ = known(row->kills_since);
    *cell++ = known(memory->minor_faults);
    *cell++ = known(memory->major_faults);
    *cell = name(path);
}
