/*
 * The fuzz target of a reader: texts of one kernel file, as they might follow one another, are handed to one
 * source, and every value is held against what the plainest of parsers reads from the text.
 */
#pragma once

#include "kernel/source.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A line of a text. */
struct line {
    const char *at;
    const char *end;      /* its newline, or the end of the text */
    const char *text;     /* where the text begins */
    const char *text_end; /* and ends */
};

/* What a line says of a name. */
struct claim {
    enum { SAYS_NUMBER, SAYS_NONE, SAYS_UNCLEAR } kind;
    uint64_t number;
};

/* What the target of one reader gives: target_*.c. */
struct reader {
    enum source_id id;
    const char *const *names;
    size_t name_count;

    /* Whether the line is one of those that NAME stands on; if so sets *CLAIM. */
    bool (*says)(const struct line *line, const char *name, struct claim *claim);
};

extern const struct reader reader;

/* The line, behind KEY and TERMINATOR, or NULL where it does not begin so. */
const char *behind_key(const struct line *line, const char *key, char terminator);

/* The word at *AT, which is moved behind it; an empty one where the line ends. Words are parted by blanks. */
struct word {
    const char *at;
    size_t length;
};
struct word next_word(const char **at, const char *end);

/* The word as a claim: its number, or none where it is not made of digits alone or does not fit 64 bits. */
struct claim claim_of_digits(struct word word);

/* Whether it is made of digits alone. */
bool is_digits(struct word word);
