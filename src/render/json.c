#include "render/json.h"

#include "base/clock.h"

#include <math.h>
#include <string.h>

/* The length of the valid UTF-8 sequence that BYTES starts with, or 0 (RFC 3629: shortest form, no
 * surrogates). */
static size_t utf8_length(const unsigned char *bytes)
{
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

static void put_escaped(struct text *text, unsigned char byte)
{
    static const char hex[] = "0123456789abcdef";

    if (byte == '"' || byte == '\\') {
        text_char(text, '\\');
        text_char(text, (char)byte);
    } else {
        text_string(text, "\\u00");
        text_char(text, hex[byte >> 4]);
        text_char(text, hex[byte & 15]);
    }
}

void json_put_string(struct text *text, const char *string)
{
    const unsigned char *at = (const unsigned char *)string;

    text_char(text, '"');
    while (*at) {
        size_t length = utf8_length(at);
        if (length == 0)
            text_string(text, "\xef\xbf\xbd");
        else if (length == 1 && (*at < 0x20 || *at == '"' || *at == '\\' || *at == 0x7f))
            put_escaped(text, *at);
        else
            text_bytes(text, (const char *)at, length);
        at += length > 0 ? length : 1;
    }
    text_char(text, '"');
}

/* ,"KEY": */
static void put_key(struct text *text, const char *key)
{
    text_string(text, ",\"");
    text_string(text, key);
    text_string(text, "\":");
}

static void put_string(struct text *text, const char *key, const char *value)
{
    put_key(text, key);
    json_put_string(text, value);
}

/* Absent is no key. */
static void put_number(struct text *text, const char *key, double value, unsigned decimals)
{
    if (!isfinite(value))
        return;
    put_key(text, key);
    text_decimal(text, value, decimals);
}

/* {"type":"TYPE","time":"…" */
static void begin_object(struct text *text, const char *type, uint64_t wall_ns)
{
    text_string(text, "{\"type\":\"");
    text_string(text, type);
    text_string(text, "\",\"time\":\"");
    clock_put_iso(text, wall_ns);
    text_char(text, '"');
}

static void end_object(struct text *text)
{
    text_string(text, "}\n");
}

void json_put_sample(struct text *text, const struct columns *columns, const struct interval *interval)
{
    begin_object(text, "sample", interval->wall_ns);
    put_number(text, "interval_seconds", interval->seconds, 3);
    for (size_t i = 0; i < columns->count; i++) {
        const struct metric *metric = columns->list[i].metric;
        put_number(text, metric->id, interval->values[columns->list[i].index], metric_decimals(metric));
    }
    end_object(text);
}

static void put_alert(struct text *text, const struct event *event)
{
    static const char *const states[] = {
        [STATE_BEGIN] = "begin", [STATE_CONTINUE] = "continue", [STATE_END] = "end"};

    begin_object(text, "alert", event->wall_ns);
    put_string(text, "alert", event->alert);
    put_string(text, "state", states[event->state]);
    put_number(text, "value", event->value, 1);
    put_number(text, "threshold", event->threshold, 1);
    put_number(text, "worst", event->worst, 1);
    put_number(text, "duration_seconds", event->duration_seconds, 3);
    if (event->diagnosis)
        put_string(text, "diagnosis", event->diagnosis);
}

static void put_oom_kill(struct text *text, const struct event *event)
{
    begin_object(text, "oom_kill", event->wall_ns);
    put_number(text, "kills", (double)event->kills, 0);
}

void json_put_event(struct text *text, const struct event *event)
{
    if (event->kind == EVENT_ALERT)
        put_alert(text, event);
    else
        put_oom_kill(text, event);
    put_string(text, "message", event->message);
    end_object(text);
}

size_t json_sample_max(const struct columns *columns)
{
    enum { HEAD_MAX = 128, NUMBER_MAX = 32 };
    size_t size = HEAD_MAX;

    for (size_t i = 0; i < columns->count; i++)
        size += strlen(columns->list[i].metric->id) + NUMBER_MAX;
    return size;
}
