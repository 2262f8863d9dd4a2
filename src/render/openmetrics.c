#include "render/openmetrics.h"

#include "base/clock.h"

#include <string.h>
#include <strings.h>

/* How the state or counter behind a metric is told from what an interval made of it. A state must not be
 * called a total, as meminfo.HugePages_Total would be. */
static const struct shape {
    bool counter;
    const char *dropped; /* from the end of the id */
    const char *unit;    /* put there instead */
} shapes[] = {
    [METRIC_GAUGE] = {false, "_total", ""},
    [METRIC_RATE] = {true, "_per_second", ""},
    [METRIC_INCREASE] = {true, "", ""},
    [METRIC_STALL] = {true, "_percent", "_seconds"},
    [METRIC_CPU_SHARE] = {true, "_percent", "_seconds"},
};

/* Units that OpenMetrics wants told where a name ends with them. */
static const char *const units[] = {"_bytes", "_seconds"};

static bool ends_with(const char *bytes, size_t length, const char *end)
{
    size_t end_length = strlen(end);
    return length >= end_length && strncasecmp(bytes + length - end_length, end, end_length) == 0;
}

/* The byte as it may stand in a name, whatever the locale, or 0. */
static char name_byte(char byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return (char)(byte - 'A' + 'a');
    if ((byte >= 'a' && byte <= 'z') || (byte >= '0' && byte <= '9'))
        return byte;
    return '\0';
}

/* Keys of the kernel's own have more than a name may hold: "meminfo.Active(anon)_bytes". */
static void put_words(struct text *text, const char *words, size_t length)
{
    bool between = true;

    for (size_t i = 0; i < length; i++) {
        char byte = name_byte(words[i]);
        if (byte && between)
            text_char(text, '_');
        if (byte)
            text_char(text, byte);
        between = !byte;
    }
}

/* The name without what only samples have. */
static void put_family_name(struct text *text, const struct metric *metric)
{
    const struct shape *shape = &shapes[metric->kind];
    size_t length = strlen(metric->id);

    if (ends_with(metric->id, length, shape->dropped))
        length -= strlen(shape->dropped);
    text_string(text, "faultline");
    put_words(text, metric->id, length);
    text_string(text, shape->unit);
}

void openmetrics_put_name(struct text *text, const struct metric *metric)
{
    put_family_name(text, metric);
    if (shapes[metric->kind].counter)
        text_string(text, "_total");
}

/* STRING with a backslash in front of each of SPECIAL, as n where it is a newline. */
static void put_escaped(struct text *text, const char *string, const char *special)
{
    while (*string) {
        size_t length = text_utf8_length(string);
        if (length == 0) {
            text_string(text, "\xef\xbf\xbd"); /* U+FFFD */
        } else if (strchr(special, *string)) {
            text_char(text, '\\');
            text_bytes(text, *string == '\n' ? "n" : string, 1);
        } else {
            text_bytes(text, string, length);
        }
        string += length > 0 ? length : 1;
    }
}

/* "# KEYWORD NAME " */
static void begin_comment(struct text *text, enum openmetrics_format format, const char *keyword,
                          const struct metric *metric)
{
    text_string(text, "# ");
    text_string(text, keyword);
    text_char(text, ' ');
    if (format == OPENMETRICS_1_0)
        put_family_name(text, metric);
    else
        openmetrics_put_name(text, metric);
    text_char(text, ' ');
}

/* The unit that the family's name ends with, or NULL: OpenMetrics refuses any other. */
static const char *unit_of_name(const struct metric *metric)
{
    char memory[OPENMETRICS_VALUE_MAX];
    struct text name = text_over(memory, sizeof(memory));

    put_family_name(&name, metric);
    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
        if (ends_with(name.bytes, name.length, units[i]))
            return units[i] + 1;
    }
    return NULL;
}

void openmetrics_put_family(struct text *text, enum openmetrics_format format, const struct metric *metric)
{
    const char *unit = unit_of_name(metric);

    begin_comment(text, format, "HELP", metric);
    /* The older format knows no escaped quote here. */
    put_escaped(text, metric->help, format == OPENMETRICS_1_0 ? "\\\n\"" : "\\\n");
    text_char(text, '\n');
    begin_comment(text, format, "TYPE", metric);
    text_string(text, shapes[metric->kind].counter ? "counter\n" : "gauge\n");
    if (format == OPENMETRICS_1_0 && unit) {
        begin_comment(text, format, "UNIT", metric);
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
        put_escaped(text, labels->list[i].value, "\\\n\"");
        text_char(text, '"');
    }
    if (labels->count > 0)
        text_char(text, '}');
}

/* By hand, as a double holds 53 bits: as many digits behind the point as DIVISOR has zeros. */
static void put_quotient(struct text *text, uint64_t number, uint64_t divisor)
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

void openmetrics_put_value(struct text *text, const struct metric *metric,
                           const struct openmetrics_labels *labels, struct value total,
                           const uint64_t *wall_ns)
{
    struct metric_worth worth = metric_total_worth(metric);

    total = value_times(total, worth.multiplier);
    if (!total.present)
        return;
    openmetrics_put_name(text, metric);
    if (labels)
        put_labels(text, labels);
    text_char(text, ' ');
    put_quotient(text, total.number, worth.divisor);
    if (wall_ns) {
        text_char(text, ' ');
        put_quotient(text, *wall_ns / (NS_PER_SECOND / 1000), 1000);
    }
    text_char(text, '\n');
}

void openmetrics_put_end(struct text *text, enum openmetrics_format format)
{
    if (format == OPENMETRICS_1_0)
        text_string(text, "# EOF\n");
}

size_t openmetrics_labels_max(const struct openmetrics_labels *labels)
{
    size_t most = 2;

    for (size_t i = 0; i < labels->count; i++)
        most += strlen(labels->list[i].name) + strlen(labels->list[i].value) * 3 + strlen("=\"\",");
    return most;
}
