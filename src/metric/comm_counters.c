#include "metric/comm_counters.h"

#include "metric/process_groups.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A look weighs half as much ten looks later: at Prometheus's usual 15 s, after two and a half minutes. */
static const double FADING = 0.933;

/* What a major fault weighs in minor ones, and a MiB in them. */
static const double MAJOR_WEIGHT = 100;
static const double MIB_WEIGHT = 1;

struct comm_counters {
    struct process_census *census;
    struct process_groups groups;
    uint64_t page_bytes;
    size_t room;
    size_t count;
    struct comm_counter named[COMM_COUNTERS_MAX];
    struct comm_counter rest;
    int error; /* of the look that goes on */
};

struct comm_counters *comm_counters_new(size_t groups)
{
    struct comm_counters *counters = calloc(1, sizeof(*counters));

    if (!counters)
        return NULL;
    counters->room = groups;
    counters->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    counters->census = process_census_new();
    if (!counters->census) {
        free(counters);
        return NULL;
    }
    return counters;
}

void comm_counters_free(struct comm_counters *counters)
{
    if (!counters)
        return;
    process_census_free(counters->census);
    process_groups_free(&counters->groups);
    free(counters);
}

int comm_counters_open(struct comm_counters *counters, const char *proc_path)
{
    return process_census_open(counters->census, proc_path, PROCESS_SOURCE_AUTO, true);
}

static void visit(void *context, const struct process_change *change)
{
    struct comm_counters *counters = context;
    struct top_row row = {
        .processes = change->ended ? 0 : 1,
        .rss_bytes =
            value_times((struct value){change->stat->rss_pages, !change->ended}, counters->page_bytes),
        .swap_bytes = change->swap_bytes,
        .minor_faults_since = change->minor_faults_since,
        .major_faults_since = change->major_faults_since,
    };

    memcpy(row.comm, change->stat->comm, sizeof(row.comm));
    int error = process_groups_add(&counters->groups, PROCESS_GROUP_COMM, &row);
    if (error < 0)
        counters->error = error;
}

static double weight_of(const struct top_row *group)
{
    return (double)group->major_faults_since.number * MAJOR_WEIGHT +
           (double)group->minor_faults_since.number +
           (double)group->rss_bytes.number / (1 << 20) * MIB_WEIGHT;
}

static struct comm_counter *find(struct comm_counters *counters, const char *comm)
{
    for (size_t i = 0; i < counters->count; i++) {
        if (strcmp(counters->named[i].comm, comm) == 0)
            return &counters->named[i];
    }
    return NULL;
}

static struct comm_counter *lightest(struct comm_counters *counters)
{
    struct comm_counter *least = &counters->named[0];

    for (size_t i = 1; i < counters->count; i++) {
        if (counters->named[i].weight < least->weight)
            least = &counters->named[i];
    }
    return least;
}

/* A place for a group that has none and is WEIGHT heavy, or NULL. */
static struct comm_counter *place_for(struct comm_counters *counters, double weight)
{
    if (counters->count < counters->room)
        return &counters->named[counters->count++];
    struct comm_counter *least = lightest(counters);
    return least->weight < weight ? least : NULL;
}

static void fade(struct comm_counters *counters)
{
    for (size_t i = 0; i < counters->count; i++)
        counters->named[i].weight *= FADING;
}

static void forget_present(struct comm_counter *counter)
{
    counter->processes = 0;
    counter->resident_bytes = 0;
    counter->swap_bytes = (struct value){0, false};
}

/* Those that have a place first, so that none is taken from one that is about to grow. */
static void weigh_known(struct comm_counters *counters)
{
    for (size_t i = 0; i < counters->groups.count; i++) {
        const struct top_row *group = &counters->groups.rows[i];
        struct comm_counter *known = find(counters, group->comm);
        if (known)
            known->weight += weight_of(group);
    }
}

static void give_places(struct comm_counters *counters)
{
    for (size_t i = 0; i < counters->groups.count; i++) {
        const struct top_row *group = &counters->groups.rows[i];
        double weight = weight_of(group);
        if (find(counters, group->comm))
            continue;
        struct comm_counter *place = place_for(counters, weight);
        if (!place)
            continue;
        *place = (struct comm_counter){.weight = weight};
        memcpy(place->comm, group->comm, sizeof(place->comm));
    }
}

static void count(struct comm_counter *counter, const struct top_row *group)
{
    counter->processes += group->processes;
    counter->resident_bytes += group->rss_bytes.number;
    counter->swap_bytes.number += group->swap_bytes.number;
    counter->swap_bytes.present |= group->swap_bytes.present;
    counter->minor_faults += group->minor_faults_since.number;
    counter->major_faults += group->major_faults_since.number;
}

static void count_all(struct comm_counters *counters)
{
    for (size_t i = 0; i < counters->count; i++)
        forget_present(&counters->named[i]);
    forget_present(&counters->rest);
    for (size_t i = 0; i < counters->groups.count; i++) {
        const struct top_row *group = &counters->groups.rows[i];
        struct comm_counter *known = find(counters, group->comm);
        count(known ? known : &counters->rest, group);
    }
}

int comm_counters_look(struct comm_counters *counters)
{
    struct process_census_result result;

    process_groups_clear(&counters->groups);
    counters->error = 0;
    int error = process_census_run(counters->census, visit, counters, &result);
    if (error == 0)
        error = counters->error;
    if (error < 0)
        return error;
    fade(counters);
    weigh_known(counters);
    give_places(counters);
    count_all(counters);
    return 0;
}

const struct comm_counter *comm_counters_named(const struct comm_counters *counters, size_t *count_of_them)
{
    *count_of_them = counters->count;
    return counters->named;
}

const struct comm_counter *comm_counters_rest(const struct comm_counters *counters)
{
    return &counters->rest;
}
