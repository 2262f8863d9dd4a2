#include "metric/top_key.h"

uint64_t top_key_of(struct value value)
{
    return value.present ? value.number : 0;
}

bool top_keys_are_before(const struct top_keys *a, const struct top_keys *b, enum top_key sort)
{
    if (a->values[sort] != b->values[sort])
        return a->values[sort] > b->values[sort];
    for (enum top_key key = 0; key < TOP_KEYS; key++) {
        if (a->values[key] != b->values[key])
            return a->values[key] > b->values[key];
    }
    return false;
}
