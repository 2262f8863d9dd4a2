#include "render/json_object.h"

#include "base/clock.h"

#include <math.h>

/* A sequence of up to three bytes as \uHHHH. */
static void put_escaped(struct text *text, const unsigned char *at, size_t length)
{
    static const char hex[] = "0123456789abcdef";
    unsigned point = length == 1 ? at[0] : at[0] & (0x7fU >> length);

    for (size_t i = 1; i < length; i++)
        point = point << 6 | (at[i] & 0x3fU);
    text_string(text, "\\u");
    for (int shift = 12; shift >= 0; shift -= 4)
        text_char(text, hex[point >> shift & 15]);
}

void json_put_string(struct text *text, const char *string)
{
    const unsigned char *at = (const unsigned char *)string;

    text_char(text, '"');
    while (*at) {
        size_t length = text_utf8_length((const char *)at);
        if (length == 0) {
            text_string(text, "\xef\xbf\xbd");
        } else if (*at == '"' || *at == '\\') {
            text_char(text, '\\');
            text_char(text, (char)*at);
        } else if (text_steers((const char *)at, length)) {
            put_escaped(text, at, length);
        } else {
            text_bytes(text, (const char *)at, length);
        }
        at += length > 0 ? length : 1;
    }
    text_char(text, '"');
}

/* ,"KEY": */
void json_key(struct text *text, const char *key)
{
    text_string(text, ",\"");
    text_string(text, key);
    text_string(text, "\":");
}

void json_string(struct text *text, const char *key, const char *value)
{
    json_key(text, key);
    json_put_string(text, value);
}

/* Absent is no key. */
void json_figure(struct text *text, const char *key, double value, unsigned decimals)
{
    if (!isfinite(value))
        return;
    json_key(text, key);
    text_decimal(text, value, decimals);
}

/* {"type":"TYPE" */
void json_begin(struct text *text, const char *type)
{
    text_string(text, "{\"type\":\"");
    text_string(text, type);
    text_char(text, '"');
}

void json_time(struct text *text, uint64_t wall_ns)
{
    json_key(text, "time");
    text_char(text, '"');
    clock_put_iso(text, wall_ns);
    text_char(text, '"');
}

void json_end(struct text *text)
{
    text_string(text, "}\n");
}

void json_value(struct text *text, const char *key, struct value value)
{
    if (!value.present)
        return;
    json_key(text, key);
    text_unsigned(text, value.number);
}

void json_signed(struct text *text, const char *key, struct value value)
{
    if (!value.present)
        return;
    json_key(text, key);
    if ((int64_t)value.number < 0)
        text_char(text, '-');
    text_unsigned(text, (int64_t)value.number < 0 ? -value.number : value.number);
}

void json_known(struct text *text, const char *key, const char *value)
{
    if (value && value[0])
        json_string(text, key, value);
}

void json_count(struct text *text, const char *key, uint64_t count)
{
    json_value(text, key, (struct value){count, true});
}
