#include "metric/cgroup_top.h"

#include "metric/ranking.h"

#include <stdlib.h>
#include <string.h>

struct cgroup_top {
    struct cgroup_census *census;
    struct ranking ranking;

    /* of the run that goes on */
    const struct cgroup_view *view;
    uint64_t candidates;
};

struct candidate {
    struct cgroup_top_row row;
    struct top_keys keys;
};

static struct top_keys keys_of(const struct cgroup_row *group)
{
    return (struct top_keys){{
        [TOP_KEY_MAJOR_FAULTS] = top_key_of(group->major_faults_since),
        [TOP_KEY_MINOR_FAULTS] = top_key_of(group->minor_faults_since),
        [TOP_KEY_RSS] = top_key_of(group->memory.usage_bytes),
        [TOP_KEY_SWAP] = top_key_of(group->memory.swap_bytes),
        [TOP_KEY_STALL] = top_key_of(group->some_stall_us_since),
    }};
}

static bool is_before(const void *a, const void *b, const void *context)
{
    const struct candidate *one = a;
    const struct candidate *other = b;

    return top_keys_are_before(&one->keys, &other->keys, ((const struct cgroup_top *)context)->view->sort);
}

struct cgroup_top *cgroup_top_new(size_t rows)
{
    struct cgroup_top *top = calloc(1, sizeof(*top));

    if (!top)
        return NULL;
    top->census = cgroup_census_new();
    if (top->census && ranking_init(&top->ranking, sizeof(struct candidate), rows, is_before, top) == 0)
        return top;
    cgroup_top_free(top);
    return NULL;
}

void cgroup_top_free(struct cgroup_top *top)
{
    if (!top)
        return;
    cgroup_census_free(top->census);
    ranking_free(&top->ranking);
    free(top);
}

int cgroup_top_open(struct cgroup_top *top, const char *folder, int version)
{
    return cgroup_census_open(top->census, folder, version);
}

static void take(void *context, const struct cgroup_row *row)
{
    struct cgroup_top *top = context;
    struct candidate candidate = {.row.group = *row, .keys = keys_of(row)};
    if (!strstr(row->path, top->view->filter))
        return;
    candidate.row.group.path = NULL;
    memcpy(candidate.row.path, row->path, strlen(row->path) + 1);
    top->candidates++;
    ranking_offer(&top->ranking, &candidate);
}

int cgroup_top_run(struct cgroup_top *top, const struct cgroup_view *view, struct cgroup_top_result *result)
{
    top->view = view;
    top->candidates = 0;
    ranking_clear(&top->ranking);
    top->ranking.most = view->rows < top->ranking.room ? view->rows : top->ranking.room;
    int error = cgroup_census_run(top->census, take, top, &result->census);
    if (error < 0)
        return error;
    result->count = top->ranking.count;
    result->others = top->candidates - result->count;
    return 0;
}

const struct cgroup_top_row *cgroup_top_row(const struct cgroup_top *top, size_t place)
{
    return &((const struct candidate *)ranking_at(&top->ranking, place))->row;
}
