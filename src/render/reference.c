#include "render/reference.h"

#include "render/json_object.h"
#include "render/openmetrics.h"

#include <string.h>

static const char *const kind_names[] = {
    [METRIC_GAUGE] = "gauge", [METRIC_RATE] = "rate",           [METRIC_INCREASE] = "increase",
    [METRIC_STALL] = "stall", [METRIC_CPU_SHARE] = "cpu_share",
};

static const char *unit_name(const struct metric *metric)
{
    switch (metric->unit) {
    case METRIC_BYTES:
        return metric->kind == METRIC_RATE ? "bytes/s" : "bytes";
    case METRIC_PERCENT:
        return "percent";
    default:
        return metric->kind == METRIC_RATE ? "1/s" : "1";
    }
}

void reference_put_header(struct text *text, enum reference_format format)
{
    if (format == REFERENCE_TEXT)
        text_format(text, "%-29s %-7s %-7s %-7s %s\n", "METRIC", "COLUMN", "UNIT", "HERE",
                    "SOURCE, AND MEANING BELOW");
    else if (format == REFERENCE_MARKDOWN)
        text_string(text, "| id | column | kind | unit | Prometheus | source | meaning |\n"
                          "| --- | --- | --- | --- | --- | --- | --- |\n");
}

/* The first keys, as far as a line of a terminal goes; --json and --markdown have them all. */
static void put_source(struct text *text, const struct metric *metric)
{
    enum { KEYS_MAX = 40 };
    const char *end = metric->keys + strlen(metric->keys);
    const char *cut = end;

    while (cut && cut - metric->keys > KEYS_MAX)
        cut = memrchr(metric->keys, ' ', (size_t)(cut - metric->keys));
    if (!cut)
        cut = end;
    text_format(text, "/proc/%s: %.*s%s\n", source_path(metric->source), (int)(cut - metric->keys),
                metric->keys, cut < end ? " ..." : "");
}

static void put_text(struct text *text, const struct metric *metric, bool present)
{
    text_format(text, "%-29s %-7s %-7s %-7s ", metric->id, metric->heading, unit_name(metric),
                present ? "present" : "absent");
    put_source(text, metric);
    text_format(text, "    %s\n", metric->help);
}

static void put_markdown(struct text *text, const struct metric *metric)
{
    text_format(text, "| `%s` | `%s` | %s | %s | `", metric->id, metric->heading, kind_names[metric->kind],
                unit_name(metric));
    openmetrics_put_name(text, metric);
    text_format(text, "` | `/proc/%s`: %s | %s |\n", source_path(metric->source), metric->keys, metric->help);
}

static void put_json(struct text *text, const struct metric *metric, bool present)
{
    text_format(text,
                "{\"type\":\"metric\",\"id\":\"%s\",\"column\":\"%s\",\"kind\":\"%s\",\"unit\":\"%s\","
                "\"prometheus\":\"",
                metric->id, metric->heading, kind_names[metric->kind], unit_name(metric));
    openmetrics_put_name(text, metric);
    text_format(text, "\",\"source\":\"/proc/%s\",\"keys\":\"%s\",\"present\":%s,\"help\":",
                source_path(metric->source), metric->keys, present ? "true" : "false");
    json_put_string(text, metric->help);
    text_string(text, "}\n");
}

void reference_put_metric(struct text *text, enum reference_format format, const struct metric *metric,
                          bool present)
{
    switch (format) {
    case REFERENCE_TEXT:
        put_text(text, metric, present);
        break;
    case REFERENCE_JSON:
        put_json(text, metric, present);
        break;
    case REFERENCE_MARKDOWN:
        put_markdown(text, metric);
        break;
    }
}
