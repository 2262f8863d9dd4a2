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

void text_repeat(struct text *text, char byte, size_t count)
{
    while (count-- > 0)
        text_char(text, byte);
}

void text_unsigned(struct text *text, uint64_t number)
{
    char digits[20];
    size_t start = sizeof(digits);

    do {
        digits[--start] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    text_bytes(text, digits + start, sizeof(digits) - start);
}

void text_decimal(struct text *text, double number, unsigned decimals)
{
    static const uint32_t powers[] = {1, 10, 100, 1000, 10000, 100000, 1000000};
    uint32_t power = powers[decimals];

    if (number < 0) {
        text_char(text, '-');
        number = -number;
    }
    double scaled = number * power + 0.5;
    uint64_t rounded = scaled < 0x1p64 ? (uint64_t)scaled : UINT64_MAX;
    text_unsigned(text, rounded / power);
    if (decimals == 0)
        return;
    text_char(text, '.');
    uint32_t fraction = (uint32_t)(rounded % power);
    for (uint32_t place = power / 10; place > 0; place /= 10)
        text_char(text, (char)('0' + fraction / place % 10));
}

void text_printable(struct text *text, const char *string)
{
    for (; *string; string++) {
        unsigned char byte = (unsigned char)*string;
        text_char(text, byte < 0x20 || byte == 0x7f ? '?' : *string);
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
