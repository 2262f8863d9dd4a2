/* Texts of kernel files, read by name. */
#pragma once

#include "kernel/source.h"
#include "support.h"

#include <string.h>

enum { PARSED_MAX = 64 };

/* The value NAME of a source that wants it and was handed TEXT. */
static inline struct value parse_one(enum source_id id, const char *name, const char *text)
{
    struct value values[PARSED_MAX];
    struct source *source = source_new(id);

    assert_non_null(source);
    int place = source_want(source, name);
    assert_true(place >= 0);
    assert_true(source_value_count(source) <= PARSED_MAX);
    source_parse(source, text, strlen(text), values);
    struct value value = values[place];
    source_free(source);
    return value;
}

#define assert_parses(id, name, text, number) assert_value(parse_one(id, name, text), number)
#define assert_not_in(id, name, text)         assert_false(parse_one(id, name, text).present)
