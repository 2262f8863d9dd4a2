#include "render/openmetrics.h"

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

/* The family of METRIC; its name stands in MEMORY. */
static struct openmetrics_family family_of(const struct metric *metric, char memory[OPENMETRICS_VALUE_MAX])
{
    struct text name = text_over(memory, OPENMETRICS_VALUE_MAX - 1);

    put_family_name(&name, metric);
    memory[name.length] = '\0';
    return (struct openmetrics_family){
        .name = memory,
        .type = shapes[metric->kind].counter ? OPENMETRICS_COUNTER : OPENMETRICS_GAUGE,
        .help = metric->help,
    };
}

void openmetrics_put_name(struct text *text, const struct metric *metric)
{
    put_family_name(text, metric);
    if (shapes[metric->kind].counter)
        text_string(text, "_total");
}

void openmetrics_put_family(struct text *text, enum openmetrics_format format, const struct metric *metric)
{
    char name[OPENMETRICS_VALUE_MAX];
    const struct openmetrics_family family = family_of(metric, name);

    openmetrics_put_head(text, format, &family);
}

void openmetrics_put_value(struct text *text, const struct metric *metric,
                           const struct openmetrics_labels *labels, struct value total,
                           const uint64_t *wall_ns)
{
    struct metric_worth worth = metric_total_worth(metric);
    char name[OPENMETRICS_VALUE_MAX];

    total = value_times(total, worth.multiplier);
    if (!total.present)
        return;
    const struct openmetrics_family family = family_of(metric, name);
    openmetrics_begin_sample(text, &family, "", labels);
    openmetrics_put_quotient(text, total.number, worth.divisor);
    openmetrics_end_sample(text, wall_ns);
}

struct value openmetrics_hold(const struct metric *metric, struct value total, struct value *last)
{
    if (shapes[metric->kind].counter && last->present && total.present && total.number < last->number)
        total.number = last->number;
    if (total.present)
        *last = total;
    return total;
}

int openmetrics_prepare_metric(struct openmetrics_prepared *prepared, const struct metric *metric)
{
    char name[OPENMETRICS_VALUE_MAX];
    const struct openmetrics_family family = family_of(metric, name);

    return openmetrics_prepare(prepared, &family);
}
