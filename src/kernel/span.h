/* Pieces of a line that is in somebody else's hands: not terminated, never copied, until they are kept. */
#pragma once

#include "kernel/scan.h"

#include <stdbool.h>
#include <stddef.h>

struct span {
    const char *at;
    size_t length;
};

struct span span_of(const char *string);
const char *span_end(struct span span);

/* What of SPAN begins at AT, or ends there; AT lies within it. */
struct span span_from(struct span span, const char *at);
struct span span_until(struct span span, const char *at);

bool span_is(struct span span, const char *string);

/* The first, or last, place of WORDS, or NULL. */
const char *span_find(struct span span, const char *words);
const char *span_find_last(struct span span, const char *words);

/* Takes off what SPAN begins with, where it does. */
bool span_take_prefix(struct span *span, const char *prefix);
void span_skip_blanks(struct span *span);

/* Takes WORDS off, and all before them: that is *BEFORE, where not NULL. */
bool span_take_until(struct span *span, const char *words, struct span *before);

/* Takes a word off, and the blanks in front of it; it is empty where nothing else is left. */
struct span span_take_word(struct span *span);

/* Takes a line off, without its newline. False where nothing is left. */
bool span_take_line(struct span *span, struct span *line);

/* Takes a number off, with a minus where it is negative (two's complement then). Absent where there is none
 * or it does not fit 64 bits; the span stays as it is then. */
struct value span_take_number(struct span *span);

/* Copies what fits into STRING[SIZE], and terminates it. */
void span_keep(char *string, size_t size, struct span span);
#define SPAN_KEEP(array, span) span_keep(array, sizeof(array), span)
