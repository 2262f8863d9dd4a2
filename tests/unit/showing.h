/* Columns over figures of the test's own: what rows are made from. */
#pragma once

#include "render/columns.h"
#include "support.h"

struct showing {
    struct figures figures;
    struct columns columns;
    struct sampler *sampler;
};

/* The columns of LIST, or the default ones where it is NULL. */
static inline void show_columns(struct showing *showing, const char *list)
{
    struct problem problem = {0};

    figures_init(&showing->figures);
    showing->columns = (struct columns){0};
    showing->sampler = sampler_new();
    int error = list ? columns_add_list(&showing->columns, list, &problem)
                     : columns_add_set(&showing->columns, COLUMNS_DEFAULT);
    assert_int_equal(error, 0);
    assert_int_equal(columns_want(&showing->columns, showing->sampler), 0);
}

static inline void showing_free(struct showing *showing)
{
    sampler_free(showing->sampler);
    columns_free(&showing->columns);
}

/* The values of the columns, in their order. */
static inline void set_values(struct showing *showing, const double *values, size_t count)
{
    assert_int_equal(showing->columns.count, count);
    for (size_t i = 0; i < count; i++)
        showing->figures.values[showing->columns.list[i].index] = values[i];
}
