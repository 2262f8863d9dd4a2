/* -s and -f: what has been counted since boot. */
#include "metric/totals.h"

#include "commands/vmstat/modes.h"
#include "commands/vmstat/printer.h"
#include "metric/sampler.h"

#include <errno.h>
#include <stdlib.h>

static enum listing_unit unit_of(const struct metric *metric)
{
    switch (metric->raw) {
    case RAW_KIB:
        return LISTING_KIB;
    case RAW_PAGES:
        return LISTING_PAGES;
    case RAW_TICKS:
        return LISTING_TICKS;
    default:
        return metric->unit == METRIC_BYTES ? LISTING_MEMORY : LISTING_COUNT;
    }
}

/* From total FIRST on, COUNT of them. */
static void make_fields(struct listing_field *fields, size_t first, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct metric *metric = &total_table[first + i];
        fields[i] =
            (struct listing_field){.key = metric->id, .heading = metric->help, .unit = unit_of(metric)};
    }
}

static int read_totals(const struct vmstat_settings *settings, size_t first, size_t count,
                       union listing_cell *cells, struct problem *problem)
{
    struct sampler *sampler = sampler_new();
    struct snapshot *snapshot = NULL;
    size_t places[TOTAL_TABLE_SIZE];
    int error = sampler ? 0 : -ENOMEM;

    for (size_t i = 0; error == 0 && i < count; i++)
        error = sampler_want(sampler, &total_table[first + i], &places[i]);
    if (error == 0)
        error = sampler_open(sampler, settings->proc_path, problem);
    if (error == 0) {
        snapshot = snapshot_new(sampler);
        error = snapshot ? 0 : -ENOMEM;
    }
    if (error == 0)
        sampler_read(sampler, snapshot);
    bool any = false;
    for (size_t i = 0; error == 0 && i < count; i++) {
        cells[i].number = sampler_total(sampler, places[i], snapshot);
        any |= cells[i].number.present;
    }
    if (error == 0 && !any)
        error = problem_set(problem, ENODATA, "%s: nothing is counted there: name another one with --proc",
                            settings->proc_path);
    free(snapshot);
    sampler_free(sampler);
    return error;
}

int vmstat_totals(const struct vmstat_settings *settings, struct problem *problem)
{
    size_t first = settings->forks ? T_forks : 0;
    size_t count = settings->forks ? 1 : TOTAL_TABLE_SIZE;
    struct listing_field fields[TOTAL_TABLE_SIZE];
    union listing_cell cells[TOTAL_TABLE_SIZE];
    const struct listing listing = {settings->forks ? "forks" : "stats", NULL, NULL, fields, count};
    struct printer printer;

    make_fields(fields, first, count);
    int error = read_totals(settings, first, count, cells, problem);
    if (error == 0)
        error = printer_open(&printer, settings, &listing, problem);
    if (error < 0)
        return error;
    printer_begin(&printer);
    error = printer_put_lines(&printer, cells);
    if (error == 0)
        error = printer_end(&printer);
    printer_close(&printer);
    return error;
}
