#include "metric/top_key.h"

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
