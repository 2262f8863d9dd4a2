#include "metric/cgroup_choice.h"

#include "metric/ranking.h"

#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>

struct cgroup_choice {
    const char *pattern;
    struct cgroup_census *census;
    struct ranking ranking;
    uint64_t matched;
};

static bool is_before(const void *a, const void *b, const void *context)
{
    const struct cgroup_chosen *one = a;
    const struct cgroup_chosen *other = b;

    (void)context;
    return one->memory.usage_bytes.number > other->memory.usage_bytes.number;
}

struct cgroup_choice *cgroup_choice_new(const char *pattern)
{
    struct cgroup_choice *choice = calloc(1, sizeof(*choice));

    if (!choice)
        return NULL;
    choice->pattern = pattern;
    choice->census = cgroup_census_new();
    if (choice->census &&
        ranking_init(&choice->ranking, sizeof(struct cgroup_chosen), CGROUP_CHOICE_MAX, is_before, NULL) == 0)
        return choice;
    cgroup_choice_free(choice);
    return NULL;
}

void cgroup_choice_free(struct cgroup_choice *choice)
{
    if (!choice)
        return;
    cgroup_census_free(choice->census);
    ranking_free(&choice->ranking);
    free(choice);
}

int cgroup_choice_open(struct cgroup_choice *choice, const char *folder, int version)
{
    return cgroup_census_open(choice->census, folder, version);
}

static void visit(void *context, const struct cgroup_row *row)
{
    struct cgroup_choice *choice = context;
    struct cgroup_chosen chosen = {.memory = row->memory};

    if (fnmatch(choice->pattern, row->path, 0) != 0)
        return;
    choice->matched++;
    (void)snprintf(chosen.path, sizeof(chosen.path), "%s", row->path);
    ranking_offer(&choice->ranking, &chosen);
}

int cgroup_choice_look(struct cgroup_choice *choice)
{
    struct cgroup_census_result result;

    ranking_clear(&choice->ranking);
    choice->matched = 0;
    return cgroup_census_run(choice->census, visit, choice, &result);
}

size_t cgroup_choice_count(const struct cgroup_choice *choice)
{
    return choice->ranking.count;
}

const struct cgroup_chosen *cgroup_choice_at(const struct cgroup_choice *choice, size_t place)
{
    return ranking_at(&choice->ranking, place);
}

uint64_t cgroup_choice_left_out(const struct cgroup_choice *choice)
{
    return choice->matched - choice->ranking.count;
}
