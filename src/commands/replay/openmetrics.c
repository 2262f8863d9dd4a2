/*
 * faultline replay --openmetrics: a family at a time, as the format wants them, while a recording has a
 * sample at a time. So it is played several times, each time for as many families as fit into
 * COLLECTED_BYTES_MAX.
 */
#include "render/openmetrics.h"

#include "commands/outcome.h"
#include "commands/replay/modes.h"
#include "render/columns.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

enum { COLLECTED_BYTES_MAX = 64 << 20, OUTPUT_MAX = 64 * 1024, NS_PER_MS = 1000000 };

struct instant {
    uint64_t wall_ns;
    bool anew; /* the machine was started before it, and so counters may begin anew */
};

struct collection {
    struct replay *replay;
    struct problem *problem;
    struct playback *playback;
    struct columns columns;
    struct text output;
    struct instant *instants; /* of the samples */
    size_t count;             /* of samples; room for so many */
    struct value *totals;     /* COUNT of them for each of a batch of columns */
    size_t batch_first;
    size_t batch_count;
    uint64_t left_out; /* samples whose time was not behind that of the one before */
};

/* Calls TAKE for every sample whose time, in milliseconds, is behind that of the one before: a database of
 * time series has no place for others. */
static int each_sample(struct collection *collection,
                       void (*take)(struct collection *collection, size_t index, struct instant instant))
{
    uint64_t last_ms = 0;
    size_t index = 0;
    bool anew = true;
    int played = PLAYED_END;

    int error = playback_start(collection->playback, &collection->replay->part);
    collection->left_out = 0;
    while (error == 0 && (played = playback_next(collection->playback)) > PLAYED_END) {
        anew |= played == PLAYED_MARK && playback_mark(collection->playback)->kind == MARK_BOOT;
        if (played != PLAYED_INTERVAL)
            continue;
        uint64_t wall_ns = playback_snapshot(collection->playback)->wall_ns;
        if (wall_ns / NS_PER_MS <= last_ms) {
            collection->left_out++;
            continue;
        }
        take(collection, index++, (struct instant){wall_ns, anew});
        last_ms = wall_ns / NS_PER_MS;
        anew = false;
    }
    return played < 0 ? played : error;
}

static void count_one(struct collection *collection, size_t index, struct instant instant)
{
    (void)instant;
    collection->count = index + 1;
}

static void take_instant(struct collection *collection, size_t index, struct instant instant)
{
    if (index < collection->count) /* others were written since they were counted */
        collection->instants[index] = instant;
}

/* Raw pages of another machine are worth another number of bytes. */
static struct value own_pages(const struct collection *collection, const struct metric *metric,
                              struct value total)
{
    uint64_t page_bytes = playback_decoder(collection->playback)->schema.page_bytes;
    uint64_t own_bytes = (uint64_t)sysconf(_SC_PAGESIZE);

    if (metric->raw != RAW_PAGES || page_bytes == own_bytes)
        return total;
    total = value_times(total, page_bytes);
    total.number /= own_bytes;
    return total;
}

static void take_totals(struct collection *collection, size_t index, struct instant instant)
{
    const struct sampler *sampler = playback_sampler(collection->playback);
    const struct snapshot *snapshot = playback_snapshot(collection->playback);

    (void)instant;
    if (index >= collection->count)
        return;
    for (size_t i = 0; i < collection->batch_count; i++) {
        const struct column *column = &collection->columns.list[collection->batch_first + i];
        struct value total = sampler_total(sampler, column->index, snapshot);
        collection->totals[i * collection->count + index] = own_pages(collection, column->metric, total);
    }
}

/* -- putting -- */

static int write_some(struct collection *collection, size_t at)
{
    if (collection->output.length < at)
        return 0;
    int error = outcome_write(&collection->output, collection->problem);
    collection->output.length = 0;
    return error;
}

static int put_family(struct collection *collection, const struct metric *metric, const struct value *totals)
{
    struct value last = {0, false};
    int error = 0;

    openmetrics_put_family(&collection->output, OPENMETRICS_1_0, metric);
    for (size_t i = 0; error == 0 && i < collection->count; i++) {
        const struct instant *instant = &collection->instants[i];
        if (instant->anew)
            last.present = false;
        struct value total = openmetrics_hold(metric, totals[i], &last);
        openmetrics_put_value(&collection->output, metric, NULL, total, &instant->wall_ns);
        error = write_some(collection, OUTPUT_MAX / 2);
    }
    return error;
}

static int put_batch(struct collection *collection)
{
    int error = each_sample(collection, take_totals);

    for (size_t i = 0; error == 0 && i < collection->batch_count; i++)
        error = put_family(collection, collection->columns.list[collection->batch_first + i].metric,
                           collection->totals + i * collection->count);
    return error;
}

static int put_all(struct collection *collection)
{
    size_t columns = collection->columns.count;
    size_t fit = COLLECTED_BYTES_MAX / sizeof(struct value) / collection->count;
    size_t batch = fit < 1 ? 1 : fit > columns ? columns : fit;
    int error = 0;

    collection->instants = calloc(collection->count, sizeof(*collection->instants));
    collection->totals = calloc(batch * collection->count, sizeof(*collection->totals));
    if (!collection->instants || !collection->totals)
        return -ENOMEM;
    error = each_sample(collection, take_instant);
    for (size_t first = 0; error == 0 && first < columns; first += batch) {
        collection->batch_first = first;
        collection->batch_count = columns - first < batch ? columns - first : batch;
        error = put_batch(collection);
    }
    openmetrics_put_end(&collection->output, OPENMETRICS_1_0);
    return error < 0 ? error : write_some(collection, 0);
}

static void say_left_out(const struct collection *collection)
{
    struct problem problem;

    if (collection->left_out == 0)
        return;
    problem_set(&problem, 0,
                "%s: %" PRIu64
                " samples are left out: the clock had been set back, and a time series has each time once",
                collection->replay->file.path, collection->left_out);
    problem_print(&problem);
}

static int open_collection(struct collection *collection)
{
    const char *list = collection->replay->settings.columns;

    collection->playback = playback_new(collection->replay->file.recording);
    collection->output = text_new(OUTPUT_MAX);
    if (!collection->playback || !collection->output.bytes)
        return -ENOMEM;
    int error = columns_choose(&collection->columns, list, COLUMNS_ALL, false, collection->problem);
    return error < 0 ? error : columns_want(&collection->columns, playback_sampler(collection->playback));
}

int replay_openmetrics(struct replay *replay, struct problem *problem)
{
    struct collection collection = {.replay = replay, .problem = problem};
    int error = open_collection(&collection);

    if (error == 0)
        error = each_sample(&collection, count_one);
    if (error == 0 && collection.count > 0)
        error = put_all(&collection);
    if (error == 0)
        say_left_out(&collection);
    int told = collection.count > 0;
    free(collection.totals);
    free(collection.instants);
    text_free(&collection.output);
    columns_free(&collection.columns);
    playback_free(collection.playback);
    return error < 0 ? error : told;
}
