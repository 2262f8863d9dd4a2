#include "metric/ranking.h"

#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int ranking_init(struct ranking *ranking, size_t item_size, size_t room,
                 bool (*is_before)(const void *a, const void *b, const void *context), const void *context)
{
    *ranking = (struct ranking){
        .item_size = item_size,
        .room = room,
        .most = room,
        .items = memory_new(room * item_size),
        .order = memory_new(room * sizeof(*ranking->order)),
        .is_before = is_before,
        .context = context,
    };
    if (ranking->items && ranking->order)
        return 0;
    ranking_free(ranking);
    return -ENOMEM;
}

void ranking_free(struct ranking *ranking)
{
    free(ranking->items);
    free(ranking->order);
    *ranking = (struct ranking){0};
}

void ranking_clear(struct ranking *ranking)
{
    ranking->count = 0;
}

/* Memory for one more: of the last, which falls out, where there are as many as there may be. */
static char *make_room(struct ranking *ranking)
{
    if (ranking->count == ranking->most)
        return ranking->order[ranking->most - 1];
    return ranking->items + ranking->count++ * ranking->item_size;
}

static bool is_before(const struct ranking *ranking, const void *item, size_t place)
{
    return ranking->is_before(item, ranking->order[place], ranking->context);
}

/* Behind all that it does not come before; most come behind the last. */
static size_t place_of(const struct ranking *ranking, const void *item)
{
    size_t low = 0;
    size_t high = ranking->count;

    if (high > 0 && !is_before(ranking, item, high - 1))
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (is_before(ranking, item, middle))
            high = middle;
        else
            low = middle + 1;
    }
    return low;
}

void ranking_offer(struct ranking *ranking, const void *item)
{
    size_t place = place_of(ranking, item);

    if (place == ranking->most)
        return;
    char *kept = make_room(ranking);
    memmove(ranking->order + place + 1, ranking->order + place,
            (ranking->count - place - 1) * sizeof(*ranking->order));
    ranking->order[place] = kept;
    memcpy(kept, item, ranking->item_size);
}

void *ranking_at(const struct ranking *ranking, size_t place)
{
    return ranking->order[place];
}
