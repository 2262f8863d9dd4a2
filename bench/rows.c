/*
 * CPU time of a row against that of the bare pread of the files it is made from.
 *
 *     rows default|wide-psi
 *
 * Prints one line: microseconds a row, microseconds for the preads of a row, and the ratio; each is the
 * median over the batches.
 */
#include "floor.h"
#include "metric/series.h"
#include "render/stream.h"
#include "watch/watch.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the live command works with. */
struct live {
    struct columns columns;
    struct series series;
    struct watch watch;
    struct culprits *culprits;
    struct stream stream;
};

static void open_series(struct live *live, bool wide_psi)
{
    struct problem problem = {0};

    check(series_init(&live->series), "rows");
    check(columns_add_set(&live->columns, wide_psi ? COLUMNS_WIDE : COLUMNS_DEFAULT), "columns");
    if (wide_psi)
        check(columns_add_set(&live->columns, COLUMNS_PSI), "columns");
    check(columns_want(&live->columns, live->series.sampler), "columns");
    check(watch_want(live->series.sampler), "alerts");
    check(series_open(&live->series, "/proc", &problem), "/proc");
}

/* As src/commands/live.c and monitor.c do it, but for the loop, the timer and the signals. */
static void open_live(struct live *live, bool wide_psi)
{
    struct watch_settings settings = WATCH_DEFAULTS;

    open_series(live, wide_psi);
    struct table table = {.columns = &live->columns, .style = style_for(STDOUT_FILENO, COLOR_AUTO)};
    check(stream_open(&live->stream, STREAM_TABLE, &table), "output");
    watch_init(&live->watch, settings);
    check(culprits_open(&live->culprits, "/proc"), "processes");
    live->watch.culprits = live->culprits;
    stream_put_header(&live->stream);
    check(stream_flush(&live->stream), "output");
}

static void close_live(struct live *live)
{
    stream_close(&live->stream);
    culprits_free(live->culprits);
    series_free(&live->series);
    columns_free(&live->columns);
}

/*
 * The row before is always the one of the start, a second or more ago. Measured against the row that really
 * went before, microseconds ago, next to nothing would have been counted, and a row of noughts and dashes is
 * cheaper than the rows that people get.
 */
static void make_row(void *context)
{
    struct live *live = context;
    struct event events[WATCH_EVENTS_MAX];

    series_next(&live->series, INFINITY); /* it goes on from where it began */
    size_t count = watch_step(&live->watch, &live->series.interval, events);
    bool storm = watch_is_storm(&live->watch, &live->series.interval);
    stream_put_interval(&live->stream, &live->series.interval, storm);
    for (size_t i = 0; i < count; i++)
        stream_put_event(&live->stream, &events[i]);
    check(stream_flush(&live->stream), "output");
}

/* The live command's rows go to descriptor 1: it becomes /dev/null. Returns where it led to before. */
static FILE *silence_stdout(void)
{
    int results = dup(STDOUT_FILENO);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

    if (results < 0 || null < 0 || dup2(null, STDOUT_FILENO) < 0)
        die("/dev/null");
    close(null);
    return fdopen(results, "w");
}

int main(int argc, char **argv)
{
    static struct live live;
    static struct bare_files files;

    bool wide_psi = argc == 2 && strcmp(argv[1], "wide-psi") == 0;
    if (!wide_psi && (argc != 2 || strcmp(argv[1], "default") != 0)) {
        (void)fputs("Usage: rows default|wide-psi\n", stderr);
        return 2;
    }
    FILE *results = silence_stdout();
    if (!results)
        die("rows");
    open_live(&live, wide_psi);
    bare_files_open(&files, live.series.sampler);
    series_start(&live.series);
    sleep(1);
    struct against_floor row = floor_measure(&files, make_row, &live);
    (void)fprintf(results, "%.3f %.3f %.3f\n", row.turn_us, row.preads_us, row.ratio);
    bare_files_close(&files);
    close_live(&live);
    return fclose(results) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
