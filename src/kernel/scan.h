/* Reading numbers out of bytes that came from the kernel and are not trusted: every step is bounded by END.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A number the kernel gave, or none: absent is not zero. */
struct value {
    uint64_t number;
    bool present;
};

/* VALUE in units of UNIT; absent where it was, or where that outgrows 64 bits. */
struct value value_times(struct value value, uint64_t unit);

/*
 * Skips blanks and reads a whole number that ends at a blank, a newline or END. The value is absent where
 * there is none, or where it does not fit 64 bits. Returns the place behind it.
 */
const char *scan_unsigned(const char *at, const char *end, struct value *value);

/* As scan_unsigned, for a number with two decimals, "0.06": read as hundredths, 6. */
const char *scan_hundredths(const char *at, const char *end, struct value *value);

/* Reads COUNT numbers in a row; those that the line does not have are absent. Returns the place behind the
 * last. */
const char *scan_unsigneds(const char *at, const char *end, struct value *values, unsigned count);

/* The word that a line begins with, kept apart from the text that it was found in. */
struct line_word {
    char bytes[64]; /* longer ones are cut */
    size_t length;
};

/* The first word of the last line; empty where that line has no newline, as it may be cut short. */
struct line_word scan_last_word(const char *bytes, size_t length);
bool line_word_equal(const struct line_word *a, const struct line_word *b);

/* The end of the line that AT is on: its newline, or END. */
const char *scan_line_end(const char *at, const char *end);
