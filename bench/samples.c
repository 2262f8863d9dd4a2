/*
 * Samples for the black box, as `faultline record` makes them.
 *
 *     samples cpu FILE            CPU time of a sample without processes against that of the bare pread of
 * the files it is made from: prints microseconds a sample, microseconds for the preads of a sample, and the
 * ratio; each is the median over the batches samples short FILE COUNT    COUNT samples a second apart, as
 * where memory is short: each with a scan of the processes, of as many as `faultline record` has by default
 *     samples preads COUNT        the bare preads of a sample, COUNT times a second apart
 *
 * FILE is made, and should be on a disk.
 */
#include "base/clock.h"
#include "base/memory.h"
#include "blackbox/recorder.h"
#include "floor.h"
#include "metric/series.h"
#include "watch/watch.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PROCESSES = 10 }; /* the default of `faultline record` */

/* What the record command works with. */
struct record {
    struct series series;
    struct watch watch;
    struct recorder *recorder;
    bool from_start; /* what the next sample has are the values of the start */
};

static void open_series(struct series *series)
{
    struct problem problem = {0};

    check(series_init(series), "series");
    check(recorder_want(series->sampler, "/proc"), "values");
    check(watch_want(series->sampler), "alerts");
    check(series_open(series, "/proc", &problem), "/proc");
}

/* As src/commands/record.c and monitor.c do it, but for the loop, the timer and the signals. */
static void open_record(struct record *record, const char *path, size_t processes)
{
    struct watch_settings watched = WATCH_DEFAULTS;
    const struct recorder_settings settings = {
        .store = {.path = path, .force = true},
        .proc_path = "/proc",
        .interval_ns = NS_PER_SECOND,
        .processes = processes,
        .watch = watched,
    };
    struct problem problem = {0};

    open_series(&record->series);
    check(recorder_open(&record->recorder, &settings, record->series.sampler, &problem), path);
    watch_init(&record->watch, watched);
}

static void close_record(struct record *record)
{
    check(recorder_end(record->recorder), "recording");
    recorder_close(record->recorder);
    series_free(&record->series);
}

static void begin(struct record *record)
{
    memory_settle();
    series_start(&record->series);
    check(recorder_begin(record->recorder, record->series.before), "recording");
}

static void note_events(struct record *record)
{
    struct event events[WATCH_EVENTS_MAX];
    size_t count = watch_step(&record->watch, &record->series.interval, events);

    for (size_t i = 0; i < count; i++)
        check(recorder_note(record->recorder, &events[i]), "recording");
}

/*
 * A sample differs from the one before as from one of seconds ago: all of them have, in turns, the values of
 * now and those of the start. Between samples that are microseconds apart next to nothing changes, and they
 * are cheaper than those that people get.
 */
static void make_sample(void *context)
{
    struct record *record = context;
    struct series *series = &record->series;

    series_next(series, INFINITY); /* it goes on from where it began */
    struct snapshot *start = series->before;
    uint64_t monotonic_ns = start->monotonic_ns;
    uint64_t wall_ns = start->wall_ns;
    start->monotonic_ns = series->after->monotonic_ns;
    start->wall_ns = series->after->wall_ns;
    check(recorder_take(record->recorder, record->from_start ? start : series->after, &series->interval),
          "recording");
    note_events(record);
    start->monotonic_ns = monotonic_ns;
    start->wall_ns = wall_ns;
    record->from_start = !record->from_start;
}

static void measure_cpu(const char *path)
{
    struct record record = {0};
    struct bare_files files = {0};

    open_record(&record, path, 0);
    bare_files_open(&files, record.series.sampler);
    begin(&record);
    sleep(1);
    struct against_floor sample = floor_measure(&files, make_sample, &record);
    printf("%.3f %.3f %.3f\n", sample.turn_us, sample.preads_us, sample.ratio);
    bare_files_close(&files);
    close_record(&record);
}

static void wait_until(uint64_t monotonic_ns)
{
    const struct timespec at = {(time_t)(monotonic_ns / NS_PER_SECOND), (long)(monotonic_ns % NS_PER_SECOND)};

    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR)
        ;
}

static void record_short(const char *path, unsigned long count)
{
    struct record record = {0};

    open_record(&record, path, PROCESSES);
    begin(&record);
    uint64_t due_ns = record.series.before->monotonic_ns;
    while (count-- > 0) {
        wait_until(due_ns += NS_PER_SECOND);
        series_next(&record.series, 0);
        record.series.interval.values[M_memory_some_stall_percent] = 100; /* so it seems to be */
        check(recorder_take(record.recorder, record.series.before, &record.series.interval), path);
        note_events(&record);
    }
    close_record(&record);
}

static void read_slowly(unsigned long count)
{
    struct series series = {0};
    struct bare_files files = {0};

    open_series(&series);
    bare_files_open(&files, series.sampler);
    bare_files_size(&files);
    uint64_t due_ns = clock_monotonic_ns();
    while (count-- > 0) {
        wait_until(due_ns += NS_PER_SECOND);
        bare_files_read(&files);
    }
    bare_files_close(&files);
    series_free(&series);
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "cpu") == 0) {
        measure_cpu(argv[2]);
    } else if (argc == 4 && strcmp(argv[1], "short") == 0) {
        record_short(argv[2], strtoul(argv[3], NULL, 10));
    } else if (argc == 3 && strcmp(argv[1], "preads") == 0) {
        read_slowly(strtoul(argv[2], NULL, 10));
    } else {
        (void)fputs("Usage: samples cpu FILE | short FILE COUNT | preads COUNT\n", stderr);
        return 2;
    }
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
