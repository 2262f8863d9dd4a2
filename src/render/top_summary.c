#include "render/top_summary.h"

#include "base/clock.h"
#include "render/json_object.h"

#include <math.h>

/* WORDS stand in front of the figure and UNIT behind it, in the line; NULL: it is in the object alone. */
static const struct {
    enum metric_id metric;
    const char *words;
    const char *unit;
} figures[] = {
    {M_minor_faults_per_second, "  ", " min/s"},
    {M_major_faults_per_second, " ", " maj/s"},
    {M_memory_full_stall_percent, "  stalled ", "% mem"},
    {M_io_full_stall_percent, " ", "% io"},
    {M_mem_available_bytes, NULL, NULL},
};

enum { FIGURES = sizeof(figures) / sizeof(*figures) };

int top_summary_want(struct sampler *sampler)
{
    for (size_t i = 0; i < FIGURES; i++) {
        int error = sampler_want(sampler, &metric_table[figures[i].metric], NULL);
        if (error < 0)
            return error;
    }
    return 0;
}

static double value_of(const struct top_summary *summary, size_t i)
{
    return summary->machine ? summary->machine->values[figures[i].metric] : NAN;
}

/* -- the line -- */

static void put_count(struct text *text, const char *before, uint64_t count, const char *after)
{
    if (count == 0)
        return;
    text_string(text, before);
    text_unsigned(text, count);
    text_string(text, after);
}

static void put_processes(struct text *text, const struct process_census_result *census)
{
    put_count(text, "  ", census->processes, " processes");
    put_count(text, ", ", census->ended.number, " ended");
    put_count(text, ", ", census->ended_lost, " of them unseen");
    put_count(text, ", ", census->unread, " not readable");
}

static void put_cgroups(struct text *text, const struct cgroup_census_result *census)
{
    put_count(text, "  ", census->groups, " cgroups");
    put_count(text, ", ", census->unread, " not readable");
    put_count(text, ", ", census->too_deep, " too deep");
}

static void put_figure(struct text *text, size_t i, double value)
{
    if (isnan(value) || !figures[i].words)
        return;
    text_string(text, figures[i].words);
    text_decimal(text, value, 0);
    text_string(text, figures[i].unit);
}

static void put_time_of_day(struct text *text, uint64_t wall_ns)
{
    enum { DATE_BYTES = sizeof("2026-01-01 ") - 1, STAMP_BYTES = 32 };
    char stamp[STAMP_BYTES];
    struct text local = text_over(stamp, sizeof(stamp));

    clock_put_local(&local, wall_ns);
    if (local.length > DATE_BYTES)
        text_bytes(text, stamp + DATE_BYTES, local.length - DATE_BYTES);
}

void top_summary_put(struct text *text, const struct top_summary *summary)
{
    put_time_of_day(text, summary->wall_ns);
    if (summary->processes)
        put_processes(text, summary->processes);
    else
        put_cgroups(text, summary->cgroups);
    for (size_t i = 0; i < FIGURES; i++)
        put_figure(text, i, value_of(summary, i));
    text_char(text, '\n');
}

/* -- the object -- */

static void put_json_processes(struct text *text, const struct process_census_result *census)
{
    json_count(text, "processes", census->processes);
    json_count(text, "unread", census->unread);
    json_value(text, "ended", census->ended);
    if (census->ended.present)
        json_count(text, "ended_unseen", census->ended_lost);
}

static void put_json_cgroups(struct text *text, const struct cgroup_census_result *census)
{
    json_count(text, "cgroups", census->groups);
    json_count(text, "unread", census->unread);
    json_count(text, "too_deep", census->too_deep);
}

void top_summary_put_json(struct text *text, const struct top_summary *summary)
{
    json_begin(text, "top");
    json_time(text, summary->wall_ns);
    json_string(text, "by", summary->by);
    json_string(text, "sort", summary->sort);
    json_figure(text, "interval_seconds", summary->seconds, 3);
    if (summary->processes)
        put_json_processes(text, summary->processes);
    else
        put_json_cgroups(text, summary->cgroups);
    json_count(text, "others", summary->others);
    for (size_t i = 0; i < FIGURES; i++) {
        const struct metric *metric = &metric_table[figures[i].metric];
        json_figure(text, metric->id, value_of(summary, i), metric_decimals(metric));
    }
    json_end(text);
}
