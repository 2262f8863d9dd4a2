#include "base/text.h"

#include "base/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct text text_over(char *memory, size_t capacity)
{
    return (struct text){.bytes = memory, .capacity = capacity};
}

struct text text_new(size_t capacity)
{
    return (struct text){.bytes = memory_new(capacity), .capacity = capacity};
}

void text_free(struct text *text)
{
    free(text->bytes);
    *text = (struct text){0};
}

void text_bytes(struct text *text, const char *bytes, size_t length)
{
    size_t room = text->capacity - text->length;
    size_t taken = length < room ? length : room;

    memcpy(text->bytes + text->length, bytes, taken);
    text->length += taken;
    text->lost += length - taken;
}

void text_string(struct text *text, const char *string)
{
    text_bytes(text, string, strlen(string));
}

void text_char(struct text *text, char byte)
{
    if (text->length < text->capacity)
        text->bytes[text->length++] = byte;
    else
        text->lost++;
}

void text_indent(struct text *text, size_t start, size_t count)
{
    size_t room = text->capacity - text->length;
    size_t taken = count < room ? count : room;

    memmove(text->bytes + start + taken, text->bytes + start, text->length - start);
    memset(text->bytes + start, ' ', taken);
    text->length += taken;
    text->lost += count - taken;
}

void text_unsigned(struct text *text, uint64_t number)
{
    enum { DIGITS_MAX = 20 };
    char digits[DIGITS_MAX * 2]; /* the second half is only ever copied from */
    size_t start = DIGITS_MAX;

    do {
        digits[--start] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    if (text->capacity - text->length < DIGITS_MAX) {
        text_bytes(text, digits + start, DIGITS_MAX - start);
    } else {
        memcpy(text->bytes + text->length, digits + start,
               DIGITS_MAX); /* of fixed length: two moves, no call */
        text->length += DIGITS_MAX - start;
    }
}

/* NUMBER, finite and not negative, to the nearest whole number. */
static uint64_t rounded(double number)
{
    double sum = number + 0.5;
    return sum < 0x1p64 ? (uint64_t)sum : UINT64_MAX;
}

static void put_fraction(struct text *text, uint64_t fraction, uint64_t power)
{
    text_char(text, '.');
    for (uint64_t place = power / 10; place > 0; place /= 10)
        text_char(text, (char)('0' + fraction / place % 10));
}

void text_decimal(struct text *text, double number, unsigned decimals)
{
    static const uint32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};

    if (number < 0) {
        text_char(text, '-');
        number = -number;
    }
    if (decimals == 0) {
        text_unsigned(text, rounded(number));
        return;
    }
    if (number >=
        0x1p53) { /* from here on a double is whole, and the multiplication below would outgrow 64 bits */
        text_unsigned(text, rounded(number));
        put_fraction(text, 0, powers[decimals]);
        return;
    }
    uint64_t units = rounded(number * powers[decimals]);
    text_unsigned(text, units / powers[decimals]);
    put_fraction(text, units % powers[decimals], powers[decimals]);
}

size_t text_utf8_length(const char *string)
{
    const unsigned char *bytes = (const unsigned char *)string;
    static const struct {
        unsigned char first_low, first_high, second_low, second_high;
        size_t length;
    } forms[] = {
        {0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
        {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
        {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4},
    };

    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms); i++) {
        if (bytes[0] < forms[i].first_low || bytes[0] > forms[i].first_high)
            continue;
        if (forms[i].length > 1 && (bytes[1] < forms[i].second_low || bytes[1] > forms[i].second_high))
            return 0;
        for (size_t n = 2; n < forms[i].length; n++) {
            if ((bytes[n] & 0xc0) != 0x80)
                return 0;
        }
        return forms[i].length;
    }
    return 0;
}

bool text_steers(const char *at, size_t length)
{
    const unsigned char *byte = (const unsigned char *)at;

    if (length == 1)
        return byte[0] < 0x20 || byte[0] == 0x7f;
    if (length == 2)
        return (byte[0] == 0xc2 && byte[1] < 0xa0) || (byte[0] == 0xd8 && byte[1] == 0x9c); /* U+061C */
    return length == 3 && byte[0] == 0xe2 &&
           ((byte[1] == 0x80 && (byte[2] == 0x8e || byte[2] == 0x8f)) || /* U+200E, U+200F */
            (byte[1] == 0x80 && byte[2] >= 0xa8 && byte[2] <= 0xae) ||   /* U+2028 to U+202E */
            (byte[1] == 0x81 && byte[2] >= 0xa6 && byte[2] <= 0xa9));    /* U+2066 to U+2069 */
}

static void put_hex(struct text *text, unsigned char byte)
{
    static const char digits[] = "0123456789abcdef";

    text_string(text, "\\x");
    text_char(text, digits[byte >> 4]);
    text_char(text, digits[byte & 15]);
}

void text_printable(struct text *text, const char *string)
{
    while (*string) {
        size_t length = text_utf8_length(string);
        bool shown = length > 0 && !text_steers(string, length);
        if (shown)
            text_bytes(text, string, length);
        else if (length == 0)
            length = 1;
        for (size_t i = 0; !shown && i < length; i++)
            put_hex(text, (unsigned char)string[i]);
        string += length;
    }
}

static size_t escape_length(const char *bytes, size_t length)
{
    size_t at = 1;

    if (length < 2 || bytes[1] != '[')
        return 1;
    do {
        at++;
    } while (at < length && (bytes[at] < '@' || bytes[at] > '~'));
    return at < length ? at + 1 : length;
}

size_t text_width(const char *bytes, size_t length)
{
    size_t width = 0;

    for (size_t at = 0; at < length;) {
        unsigned char byte = (unsigned char)bytes[at];
        bool continues = (byte & 0xc0) == 0x80;
        width += byte < 0x20 || continues ? 0 : byte >= 0xf0 ? 2 : 1;
        at += byte == '\033' ? escape_length(bytes + at, length - at) : 1;
    }
    return width;
}

void text_format(struct text *text, const char *format, ...)
{
    size_t room = text->capacity - text->length;
    va_list arguments;
    va_start(arguments, format);
    int wanted = vsnprintf(text->bytes + text->length, room, format, arguments);
    va_end(arguments);
    if (wanted < 0)
        return;
    size_t taken = (size_t)wanted < room ? (size_t)wanted : room > 0 ? room - 1 : 0;
    text->length += taken;
    text->lost += (size_t)wanted - taken;
}
