#include "base/text.h"

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
    struct text text = {.bytes = malloc(capacity), .capacity = capacity};
    if (text.bytes)
        memset(text.bytes, 0, capacity); /* page faults happen here, not in the first long row */
    return text;
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

void text_printable(struct text *text, const char *string)
{
    for (; *string; string++) {
        unsigned char byte = (unsigned char)*string;
        bool control = byte < 0x20 || byte == 0x7f;
        text_char(text, (char)(control ? '?' : byte));
    }
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
