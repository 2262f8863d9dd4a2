#include "kernel/span.h"

#include <string.h>

struct span span_of(const char *string)
{
    return (struct span){string, strlen(string)};
}

bool span_is(struct span span, const char *string)
{
    return span.length == strlen(string) && memcmp(span.at, string, span.length) == 0;
}

struct span span_from(struct span span, const char *at)
{
    return (struct span){at, span.length - (size_t)(at - span.at)};
}

struct span span_until(struct span span, const char *at)
{
    return (struct span){span.at, (size_t)(at - span.at)};
}

const char *span_end(struct span span)
{
    return span.at + span.length;
}

bool span_take_prefix(struct span *span, const char *prefix)
{
    size_t length = strlen(prefix);

    if (span->length < length || memcmp(span->at, prefix, length) != 0)
        return false;
    *span = span_from(*span, span->at + length);
    return true;
}

const char *span_find(struct span span, const char *words)
{
    return memmem(span.at, span.length, words, strlen(words));
}

const char *span_find_last(struct span span, const char *words)
{
    const char *last = NULL;

    for (const char *at = span_find(span, words); at; at = span_find(span_from(span, at + 1), words))
        last = at;
    return last;
}

bool span_take_until(struct span *span, const char *words, struct span *before)
{
    const char *at = span_find(*span, words);

    if (!at)
        return false;
    if (before)
        *before = span_until(*span, at);
    *span = span_from(*span, at + strlen(words));
    return true;
}

struct span span_take_word(struct span *span)
{
    span_skip_blanks(span);
    const char *blank = memchr(span->at, ' ', span->length);
    struct span word = span_until(*span, blank ? blank : span_end(*span));

    *span = span_from(*span, span_end(word));
    return word;
}

bool span_take_line(struct span *span, struct span *line)
{
    if (span->length == 0)
        return false;
    if (!span_take_until(span, "\n", line)) {
        *line = *span;
        *span = span_from(*span, span_end(*span));
    }
    return true;
}

struct value span_take_number(struct span *span)
{
    struct span rest = *span;
    struct value value = {0, false};
    bool negative = span_take_prefix(&rest, "-");
    const char *at = rest.at;
    const char *end = span_end(rest);

    for (; at < end && *at >= '0' && *at <= '9'; at++) {
        value.present = true;
        if (__builtin_mul_overflow(value.number, 10, &value.number) ||
            __builtin_add_overflow(value.number, (unsigned)(*at - '0'), &value.number))
            return (struct value){0, false};
    }
    if (!value.present)
        return value;
    if (negative)
        value.number = -value.number;
    *span = span_from(*span, at);
    return value;
}

void span_skip_blanks(struct span *span)
{
    while (span->length > 0 && *span->at == ' ')
        *span = span_from(*span, span->at + 1);
}

void span_keep(char *string, size_t size, struct span span)
{
    size_t length = span.length < size ? span.length : size - 1;

    memcpy(string, span.at, length);
    string[length] = '\0';
}
