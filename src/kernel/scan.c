#include "kernel/scan.h"

#include <stddef.h>
#include <string.h>

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && *at == ' ')
        at++;
    return at;
}

/* Adds the digits at AT to *SUM; *FITS turns false where they outgrow 64 bits. */
static const char *scan_digits(const char *at, const char *end, uint64_t *sum, bool *fits)
{
    for (; at < end && is_digit(*at); at++) {
        if (__builtin_mul_overflow(*sum, 10, sum) || __builtin_add_overflow(*sum, (uint64_t)(*at - '0'), sum))
            *fits = false;
    }
    return at;
}

static bool ends_word(const char *at, const char *end)
{
    return at == end || *at == ' ' || *at == '\n';
}

const char *scan_unsigned(const char *at, const char *end, struct value *value)
{
    const char *first = skip_blanks(at, end);
    uint64_t sum = 0;
    bool fits = true;
    const char *behind = scan_digits(first, end, &sum, &fits);

    *value = (struct value){sum, behind > first && fits && ends_word(behind, end)};
    return behind;
}

const char *scan_hundredths(const char *at, const char *end, struct value *value)
{
    const char *first = skip_blanks(at, end);
    uint64_t sum = 0;
    bool fits = true;
    const char *point = scan_digits(first, end, &sum, &fits);

    *value = (struct value){0};
    if (point == first || point == end || *point != '.')
        return point;
    const char *behind = scan_digits(point + 1, end, &sum, &fits);
    *value = (struct value){sum, behind == point + 3 && fits && ends_word(behind, end)};
    return behind;
}

const char *scan_unsigneds(const char *at, const char *end, struct value *values, unsigned count)
{
    for (unsigned i = 0; i < count; i++)
        at = scan_unsigned(at, end, &values[i]);
    return at;
}

const char *scan_line_end(const char *at, const char *end)
{
    const char *newline = memchr(at, '\n', (size_t)(end - at));
    return newline ? newline : end;
}
