/* Lines that are looked for in a text of the kernel's, by what they begin with: "pgfault 2048", "some
 * avg10=... total=5". */
#pragma once

#include "kernel/scan.h"

#include <stdbool.h>
#include <stddef.h>

/* One of them, and where the number that it has goes. */
struct wanted_line {
    const char *start;
    struct value *value;
    bool found; /* false at first */
};

/* Reads the number of a line from what follows its start, as a source_format does. */
typedef void wanted_line_parse(const char *at, const char *end, struct value *values, unsigned fields);

/*
 * Sets the values of all that are WANTED; absent is what has no line or no number. Of lines with the same
 * start the first counts; a last line without its newline may be cut short, and does not. Ends with the last
 * one that is wanted, however long the text is.
 */
void wanted_lines_take(const char *bytes, size_t length, wanted_line_parse *parse, struct wanted_line *wanted,
                       size_t count);

#define WANTED_LINES_TAKE(bytes, length, parse, wanted)                                                      \
    wanted_lines_take(bytes, length, parse, wanted, sizeof(wanted) / sizeof(*(wanted)))
