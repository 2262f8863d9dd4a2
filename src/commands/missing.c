#include "commands/missing.h"

#include "base/problem.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

void missing_note(const char *proc_path, const char *file, const char *why)
{
    struct problem problem = {0};
    problem_set(&problem, 0, "%s/%s: %s: what comes from it is absent", proc_path, file, why);
    problem_print(&problem);
}

static void note_source(const struct series *series, enum source_id source, const char *proc_path)
{
    int error = sampler_source_error(series->sampler, source);
    bool optional = source >= SOURCE_PRESSURE_CPU && source <= SOURCE_PRESSURE_IRQ;

    if (optional && (error == -ENOENT || error == -EOPNOTSUPP))
        return;
    if (error < 0)
        missing_note(proc_path, source_path(source), strerror(-error));
    else if (sampler_source_is_silent(series->sampler, source, series->before))
        missing_note(proc_path, source_path(source), "has nothing of what is looked for");
}

static void note_key(const struct series *series, const struct column *column, const char *proc_path)
{
    const struct metric *metric = column->metric;
    char why[128];

    if (sampler_source_error(series->sampler, metric->source) < 0 ||
        sampler_has(series->sampler, column->index, series->before))
        return;
    (void)snprintf(why, sizeof(why), "has no key '%s'", metric->keys);
    missing_note(proc_path, source_path(metric->source), why);
}

void missing_note_all(const struct series *series, const struct columns *columns, const char *proc_path)
{
    for (enum source_id source = 0; source < SOURCE_COUNT; source++)
        note_source(series, source, proc_path);
    for (size_t i = 0; i < columns->count; i++) {
        if (columns->list[i].index >= METRIC_TABLE_SIZE) /* asked for by the kernel's own name */
            note_key(series, &columns->list[i], proc_path);
    }
}
