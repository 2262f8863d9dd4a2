#include "render/openmetrics_family.h"

#include "base/clock.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Units that OpenMetrics wants told where a name ends with them. */
static const char *const units[] = {"_bytes", "_seconds"};

static const char replacement[] = "\xef\xbf\xbd"; /* U+FFFD */

static void put_replaced(struct text *text, const char *bytes, size_t length, bool tells_apart)
{
    for (size_t i = 0; i < length; i++) {
        text_string(text, replacement);
        if (tells_apart)
            text_format(text, "%02x", (unsigned char)bytes[i]);
    }
}

/*
 * STRING with a backslash in front of each of SPECIAL, as n where it is a newline. A byte that is no part of
 * valid UTF-8, or of what steers a terminal that somebody reads this on, becomes U+FFFD. TELLS_APART: strings
 * that differ still do, or samples of two processes would be two of one: what the byte was stands behind its
 * U+FFFD, and one that was there stands twice.
 */
static void put_escaped(struct text *text, const char *string, const char *special, bool tells_apart)
{
    while (*string) {
        size_t plain = 0;
        while (string[plain] >= ' ' && string[plain] < 0x7f && !strchr(special, string[plain]))
            plain++;
        text_bytes(text, string, plain);
        string += plain;
        if (!*string)
            return;
        size_t length = text_utf8_length(string);
        bool escapes = length == 1 && strchr(special, *string);
        if (length == 0 || (!escapes && text_steers(string, length))) {
            put_replaced(text, string, length > 0 ? length : 1, tells_apart);
        } else if (escapes) {
            text_char(text, '\\');
            text_bytes(text, *string == '\n' ? "n" : string, 1);
        } else {
            text_bytes(text, string, length);
            if (tells_apart && strncmp(string, replacement, sizeof(replacement) - 1) == 0)
                text_string(text, replacement);
        }
        string += length > 0 ? length : 1;
    }
}

static void put_name(struct text *text, const struct openmetrics_family *family)
{
    text_string(text, family->name);
    if (family->type == OPENMETRICS_COUNTER)
        text_string(text, "_total");
}

/* "# KEYWORD NAME " */
static void begin_comment(struct text *text, enum openmetrics_format format, const char *keyword,
                          const struct openmetrics_family *family)
{
    text_string(text, "# ");
    text_string(text, keyword);
    text_char(text, ' ');
    if (format == OPENMETRICS_1_0)
        text_string(text, family->name);
    else
        put_name(text, family);
    text_char(text, ' ');
}

/* The unit that the family's name ends with, or NULL: OpenMetrics refuses any other. */
static const char *unit_of_name(const char *name)
{
    size_t length = strlen(name);

    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
        size_t unit_length = strlen(units[i]);
        if (length >= unit_length && memcmp(name + length - unit_length, units[i], unit_length) == 0)
            return units[i] + 1;
    }
    return NULL;
}

static const char *type_word(enum openmetrics_format format, enum openmetrics_type type)
{
    static const char *const words[] = {
        [OPENMETRICS_GAUGE] = "gauge",
        [OPENMETRICS_COUNTER] = "counter",
        [OPENMETRICS_HISTOGRAM] = "histogram",
        [OPENMETRICS_UNKNOWN] = "unknown",
    };
    return type == OPENMETRICS_UNKNOWN && format == OPENMETRICS_TEXT_0_0_4 ? "untyped" : words[type];
}

void openmetrics_put_head(struct text *text, enum openmetrics_format format,
                          const struct openmetrics_family *family)
{
    const char *unit = unit_of_name(family->name);

    begin_comment(text, format, "HELP", family);
    /* The older format knows no escaped quote here. */
    put_escaped(text, family->help, format == OPENMETRICS_1_0 ? "\\\n\"" : "\\\n", false);
    text_char(text, '\n');
    begin_comment(text, format, "TYPE", family);
    text_string(text, type_word(format, family->type));
    text_char(text, '\n');
    if (format == OPENMETRICS_1_0 && unit) {
        begin_comment(text, format, "UNIT", family);
        text_string(text, unit);
        text_char(text, '\n');
    }
}

static void put_labels(struct text *text, const struct openmetrics_labels *labels)
{
    for (size_t i = 0; i < labels->count; i++) {
        text_char(text, i == 0 ? '{' : ',');
        text_string(text, labels->list[i].name);
        text_string(text, "=\"");
        put_escaped(text, labels->list[i].value, "\\\n\"", true);
        text_char(text, '"');
    }
    if (labels->count > 0)
        text_char(text, '}');
}

void openmetrics_begin_sample(struct text *text, const struct openmetrics_family *family, const char *suffix,
                              const struct openmetrics_labels *labels)
{
    put_name(text, family);
    text_string(text, suffix);
    if (labels)
        put_labels(text, labels);
    text_char(text, ' ');
}

/* By hand, as a double holds 53 bits: as many digits behind the point as DIVISOR has zeros. */
void openmetrics_put_quotient(struct text *text, uint64_t number, uint64_t divisor)
{
    uint64_t rest = number % divisor;

    text_unsigned(text, number / divisor);
    if (divisor > 1)
        text_char(text, '.');
    for (uint64_t place = 1; place < divisor; place *= 10) {
        rest *= 10;
        text_char(text, (char)('0' + rest / divisor));
        rest %= divisor;
    }
}

void openmetrics_end_sample(struct text *text, const uint64_t *wall_ns)
{
    if (wall_ns) {
        text_char(text, ' ');
        openmetrics_put_quotient(text, *wall_ns / (NS_PER_SECOND / 1000), 1000);
    }
    text_char(text, '\n');
}

static int prepare_words(struct openmetrics_prepared_words *words, enum openmetrics_format format,
                         const struct openmetrics_family *family)
{
    enum { ESCAPED_MAX = 3, WORDS_MAX = 64 };
    struct text text = text_new(5 * strlen(family->name) + ESCAPED_MAX * strlen(family->help) + WORDS_MAX);

    if (!text.bytes)
        return -ENOMEM;
    openmetrics_put_head(&text, format, family);
    openmetrics_begin_sample(&text, family, "", NULL);
    words->bytes = text.bytes;
    words->length = text.length;
    int error = gzip_piece_make(&words->piece, text.bytes, text.length);
    return error == -ENOTSUP ? 0 : error;
}

int openmetrics_prepare(struct openmetrics_prepared *prepared, const struct openmetrics_family *family)
{
    int error = prepare_words(&prepared->words[OPENMETRICS_1_0], OPENMETRICS_1_0, family);

    if (error == 0)
        error = prepare_words(&prepared->words[OPENMETRICS_TEXT_0_0_4], OPENMETRICS_TEXT_0_0_4, family);
    return error;
}

void openmetrics_prepared_free(struct openmetrics_prepared *prepared)
{
    for (size_t i = 0; i < sizeof(prepared->words) / sizeof(*prepared->words); i++) {
        free(prepared->words[i].bytes);
        gzip_piece_free(&prepared->words[i].piece);
    }
    *prepared = (struct openmetrics_prepared){0};
}

void openmetrics_put_prepared(struct text *text, struct openmetrics_spans *spans,
                              enum openmetrics_format format, const struct openmetrics_prepared *prepared,
                              uint64_t number, uint64_t divisor)
{
    const struct openmetrics_prepared_words *words = &prepared->words[format];

    if (words->piece.length > 0 && spans->count < spans->room)
        spans->list[spans->count++] = (struct gzip_span){text->length, words->length, &words->piece};
    text_bytes(text, words->bytes, words->length);
    openmetrics_put_quotient(text, number, divisor);
    text_char(text, '\n');
}

void openmetrics_put_end(struct text *text, enum openmetrics_format format)
{
    if (format == OPENMETRICS_1_0)
        text_string(text, "# EOF\n");
}
