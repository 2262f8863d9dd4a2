#include "kernel/scan.h"

#include <string.h>

struct value value_times(struct value value, uint64_t unit)
{
    if (value.present && __builtin_mul_overflow(value.number, unit, &value.number))
        value.present = false;
    return value;
}

/* 0 to 9, or more for any other byte. */
static unsigned digit_of(char byte)
{
    return (unsigned)(unsigned char)byte - '0';
}

static const char *skip_blanks(const char *at, const char *end)
{
    while (at < end && *at == ' ')
        at++;
    return at;
}

/* Digits, as far as they go. The value is absent where there is none or where they outgrow 64 bits. */
static inline const char *scan_digits(const char *at, const char *end, struct value *value)
{
    enum {
        SURE_DIGITS = 19
    }; /* 10^19 - 1 fits whatever the digits: all but a few numbers end before it gets dear */
    const char *first = at;
    const char *sure = end - at > SURE_DIGITS ? at + SURE_DIGITS : end;
    uint64_t sum = 0;
    unsigned digit;
    bool fits = true;

    for (; at < sure && (digit = digit_of(*at)) <= 9; at++)
        sum = sum * 10 + digit;
    for (; at < end && (digit = digit_of(*at)) <= 9; at++) {
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, digit, &sum))
            fits = false;
    }
    *value = (struct value){sum, fits && at > first};
    return at;
}

static bool ends_word(const char *at, const char *end)
{
    return at == end || *at == ' ' || *at == '\n';
}

const char *scan_unsigned(const char *at, const char *end, struct value *value)
{
    at = scan_digits(skip_blanks(at, end), end, value);
    value->present &= ends_word(at, end);
    return at;
}

const char *scan_hundredths(const char *at, const char *end, struct value *value)
{
    struct value hundredths;

    at = scan_digits(skip_blanks(at, end), end, value);
    if (at == end || *at != '.') {
        value->present = false;
        return at;
    }
    const char *behind = scan_digits(at + 1, end, &hundredths);
    value->present &= behind == at + 3 && ends_word(behind, end) &&
                      !__builtin_mul_overflow(value->number, UINT64_C(100), &value->number) &&
                      !__builtin_add_overflow(value->number, hundredths.number, &value->number);
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

struct line_word scan_last_word(const char *bytes, size_t length)
{
    struct line_word word = {.length = 0};

    if (length == 0 || bytes[length - 1] != '\n')
        return word;
    const char *newline = memrchr(bytes, '\n', length - 1);

    for (size_t at = newline ? (size_t)(newline - bytes) + 1 : 0;
         at < length && bytes[at] > ' ' && word.length < sizeof(word.bytes); at++)
        word.bytes[word.length++] = bytes[at];
    return word;
}

bool line_word_equal(const struct line_word *a, const struct line_word *b)
{
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}
