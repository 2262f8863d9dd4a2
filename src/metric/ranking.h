/* The first N of many, in order, without keeping the others. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

struct ranking {
    size_t item_size;
    size_t room;
    size_t most; /* that are kept, at most ROOM; may be changed when it is empty */
    size_t count;
    char *items; /* their memory; in no order */
    char **order;

    /* Whether A comes before B. Where neither does, the one offered first stays in front. */
    bool (*is_before)(const void *a, const void *b, const void *context);
    const void *context;
};

/* Keeps copies of items of ITEM_SIZE bytes, ROOM of them. Returns 0 or -ENOMEM. */
int ranking_init(struct ranking *ranking, size_t item_size, size_t room,
                 bool (*is_before)(const void *a, const void *b, const void *context), const void *context);

/* Of a zeroed one nothing becomes. */
void ranking_free(struct ranking *ranking);

void ranking_clear(struct ranking *ranking);
void ranking_offer(struct ranking *ranking, const void *item);

/* The one at PLACE, from 0; may be written to, but for what the order depends on. */
void *ranking_at(const struct ranking *ranking, size_t place);
