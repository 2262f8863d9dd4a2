/* The JSON string writer, held against a decoder of UTF-8 by arithmetic. */
#include "render/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { REPLACEMENT = 0xfffd };

static void fail(const char *why)
{
    (void)fprintf(stderr, "%s\n", why);
    abort();
}

/*
 * The code point that BYTES, which end with a zero, start with, and its length. What is no UTF-8 is one byte
 * and REPLACEMENT.
 */
static uint32_t decode(const unsigned char *bytes, size_t *length)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t wanted = bytes[0] < 0x80         ? 1
                    : bytes[0] >> 5 == 0x06 ? 2
                    : bytes[0] >> 4 == 0x0e ? 3
                    : bytes[0] >> 3 == 0x1e ? 4
                                            : 0;
    uint32_t point = wanted == 1 ? bytes[0] : wanted > 0 ? bytes[0] & (0x7fU >> wanted) : 0;
    size_t have = 1;

    while (have < wanted && bytes[have] >> 6 == 2)
        point = point << 6 | (bytes[have++] & 0x3fU);
    *length = 1;
    if (wanted == 0 || have < wanted || point < least[wanted] || point > 0x10ffff ||
        (point >= 0xd800 && point <= 0xdfff))
        return REPLACEMENT;
    *length = wanted;
    return point;
}

static uint32_t hex_digit(unsigned char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - (uint32_t)'0';
    if (byte >= 'a' && byte <= 'f')
        return byte - (uint32_t)'a' + 10;
    fail("no hexadecimal digit");
    return 0;
}

/* The next character of a JSON string. */
static uint32_t read_character(const unsigned char **at)
{
    size_t length;
    uint32_t point;

    if (**at != '\\') {
        point = decode(*at, &length);
        if (point < 0x20 || point == '"')
            fail("a byte that has to be escaped");
        if (point == REPLACEMENT && length != 3)
            fail("a byte that is no UTF-8");
        *at += length;
        return point;
    }
    if ((*at)[1] == 'u') {
        point = 0;
        for (int i = 2; i < 6; i++)
            point = point << 4 | hex_digit((*at)[i]);
        *at += 6;
        return point;
    }
    if ((*at)[1] != '"' && (*at)[1] != '\\')
        fail("an unknown escape");
    point = (*at)[1];
    *at += 2;
    return point;
}

static void check(const char *string, const struct text *json)
{
    const unsigned char *in = (const unsigned char *)string;
    const unsigned char *out = (const unsigned char *)json->bytes;
    size_t length;

    if (json->length < 2 || *out != '"' || out[json->length - 1] != '"')
        fail("no quotes around");
    const unsigned char *end = out + json->length - 1;
    for (out++; *in; in += length) {
        uint32_t wanted = decode(in, &length);
        if (out >= end || read_character(&out) != wanted)
            fail("another character than in the string");
    }
    if (out != end)
        fail("more characters than in the string");
}

/* The same into less memory: the beginning of it, and nothing uncounted. */
static void check_cut(const char *string, const struct text *whole, size_t capacity)
{
    char *memory = malloc(capacity > 0 ? capacity : 1);
    if (!memory)
        abort();
    struct text cut = text_over(memory, capacity);

    json_put_string(&cut, string);
    if (cut.length + cut.lost != whole->length)
        fail("bytes neither put nor lost");
    if (memcmp(cut.bytes, whole->bytes, cut.length) != 0)
        fail("another beginning");
    free(memory);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *string = malloc(size + 1);
    char *memory = malloc(size * 6 + 16);

    if (!string || !memory)
        abort();
    memcpy(string, data, size);
    string[size] = '\0';
    struct text json = text_over(memory, size * 6 + 3);
    json_put_string(&json, string);
    if (json.lost > 0)
        fail("more than six bytes for one");
    memory[json.length] = '\0';
    check(string, &json);
    check_cut(string, &json, size / 2);
    free(string);
    free(memory);
    return 0;
}
