/*
 * record_beside FILE FORMAT COUNT DELAY_MS: makes each sample once, prints it as the live view does and
 * records it into FILE. FORMAT: table, wide, json or csv.
 */
#include "blackbox/recorder.h"
#include "metric/series.h"
#include "render/stream.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* So low that events come. */
static const struct watch_settings thresholds = {.major_faults = 1, .context_switches = 2000};

static void die(const struct problem *problem)
{
    (void)fprintf(stderr, "record_beside: %s\n", problem->text);
    exit(1);
}

struct beside {
    struct series series;
    struct recorder *recorder;
    struct stream stream;
    struct watch watch;
    struct columns columns;
};

static enum stream_format format_of(const char *word)
{
    return strcmp(word, "json") == 0 ? STREAM_JSON : strcmp(word, "csv") == 0 ? STREAM_CSV : STREAM_TABLE;
}

static int choose(struct columns *columns, const char *word)
{
    bool wide = strcmp(word, "wide") == 0;
    int error = columns_add_set(columns, format_of(word) != STREAM_TABLE ? COLUMNS_ALL
                                         : wide                          ? COLUMNS_WIDE
                                                                         : COLUMNS_DEFAULT);
    return error == 0 && wide ? columns_add_set(columns, COLUMNS_PSI) : error;
}

static int open_all(struct beside *beside, const char *path, const char *word, uint64_t delay_ms,
                    struct problem *problem)
{
    const struct recorder_settings settings = {
        .store = {.path = path},
        .proc_path = "/proc",
        .interval_ns = delay_ms * 1000000,
        .processes = 5,
        .watch = thresholds,
    };
    const struct table table = {.columns = &beside->columns,
                                .style = {.timestamp = true, .unit = SIZE_AUTO},
                                .delay_seconds = (double)delay_ms / 1000};
    int error = series_init(&beside->series);
    struct sampler *sampler = beside->series.sampler;

    error = error < 0 ? error : choose(&beside->columns, word);
    error = error < 0 ? error : columns_want(&beside->columns, sampler);
    error = error < 0 ? error : watch_want(sampler);
    error = error < 0 ? error : recorder_want(sampler, "/proc");
    error = error < 0 ? error : series_open(&beside->series, "/proc", problem);
    error = error < 0 ? error : recorder_open(&beside->recorder, &settings, sampler, problem);
    watch_init(&beside->watch, thresholds);
    return error < 0 ? error : stream_open(&beside->stream, format_of(word), &table);
}

static void take(struct beside *beside)
{
    const struct interval *interval = &beside->series.interval;
    struct event events[WATCH_EVENTS_MAX];
    size_t count = watch_step(&beside->watch, interval, events);

    stream_put_interval(&beside->stream, interval, watch_is_storm(&beside->watch, interval));
    if (recorder_take(beside->recorder, beside->series.before, interval) < 0)
        exit(1);
    for (size_t i = 0; i < count; i++) {
        stream_put_event(&beside->stream, &events[i]);
        if (recorder_note(beside->recorder, &events[i]) < 0)
            exit(1);
    }
    if (stream_flush(&beside->stream) < 0)
        exit(1);
}

int main(int argc, char **argv)
{
    struct beside beside = {0};
    struct problem problem = {0};

    if (argc != 5) {
        (void)fprintf(stderr, "usage: record_beside FILE table|wide|json|csv COUNT DELAY_MS\n");
        return 2;
    }
    long count = strtol(argv[3], NULL, 10);
    long delay_ms = strtol(argv[4], NULL, 10);
    if (open_all(&beside, argv[1], argv[2], (uint64_t)delay_ms, &problem) < 0)
        die(&problem);
    series_start(&beside.series);
    stream_put_header(&beside.stream);
    int error = recorder_begin(beside.recorder, beside.series.before);
    for (long i = 0; i < count && error == 0; i++) {
        const struct timespec delay = {delay_ms / 1000, delay_ms % 1000 * 1000000};
        (void)nanosleep(&delay, NULL);
        if (series_next(&beside.series, 0))
            take(&beside);
    }
    error = error < 0 ? error : recorder_end(beside.recorder);
    recorder_close(beside.recorder);
    stream_close(&beside.stream);
    columns_free(&beside.columns);
    series_free(&beside.series);
    return error < 0;
}
