/*
 * CPU time of a row against that of the bare pread of the files it is made from, in one process, in batches
 * that take turns so that what else happens on the machine meets both alike.
 *
 *     rows default|wide-psi
 *
 * Prints one line: microseconds a row, microseconds for the preads of a row, and the ratio; each is the
 * median over the batches.
 */
#include "base/clock.h"
#include "metric/series.h"
#include "render/stream.h"
#include "watch/watch.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    BATCHES = 50,
    BATCH_ROWS = 200,
    FIRST_CAPACITY = 4096, /* as src/kernel/proc_file.c: doubled until half of it is free */
};

/* What the live command works with. */
struct live {
    struct columns columns;
    struct series series;
    struct watch watch;
    struct stream stream;
};

/* The floor: a file of a row, read with as many preads as the kernel hands it out in and not one more. */
struct bare_file {
    int fd;
    char *bytes;
    size_t capacity;
    unsigned pieces;
};

struct bare_files {
    struct bare_file list[SOURCE_COUNT];
    size_t count;
};

struct measured {
    double rows[BATCHES];
    double preads[BATCHES];
    double ratios[BATCHES];
};

static void die(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static void check(int error, const char *what)
{
    if (error < 0) {
        (void)fprintf(stderr, "rows: %s: %s\n", what, strerror(-error));
        exit(EXIT_FAILURE);
    }
}

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
    stream_put_header(&live->stream);
    check(stream_flush(&live->stream), "output");
}

static void close_live(struct live *live)
{
    stream_close(&live->stream);
    series_free(&live->series);
    columns_free(&live->columns);
}

/*
 * The row before is always the one of the start, a second or more ago. Measured against the row that really
 * went before, microseconds ago, next to nothing would have been counted, and a row of noughts and dashes is
 * cheaper than the rows that people get.
 */
static void make_row(struct live *live)
{
    struct event events[WATCH_EVENTS_MAX];

    series_next(&live->series, INFINITY); /* it goes on from where it began */
    size_t count = watch_step(&live->watch, &live->series.interval, events);
    bool storm = watch_is_storm(&live->watch, &live->series.interval);
    stream_put_interval(&live->stream, &live->series.interval, storm);
    for (size_t i = 0; i < count; i++)
        stream_put_event(&live->stream, &events[i]);
    check(stream_flush(&live->stream), "output");
}

/* How often pread gives data; the end is not asked for again. */
static unsigned read_pieces(struct bare_file *file, unsigned pieces_max)
{
    size_t length = 0;
    unsigned pieces = 0;

    while (pieces < pieces_max && length < file->capacity) {
        ssize_t got = pread(file->fd, file->bytes + length, file->capacity - length, (off_t)length);
        if (got < 0)
            die("pread");
        if (got == 0)
            break;
        length += (size_t)got;
        pieces++;
    }
    return pieces;
}

static size_t length_of(int fd)
{
    char bytes[FIRST_CAPACITY];
    size_t length = 0;

    for (ssize_t got; (got = pread(fd, bytes, sizeof(bytes), (off_t)length)) > 0;)
        length += (size_t)got;
    return length;
}

static bool open_bare_file(struct bare_file *file, const char *name)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%s", name);
    *file = (struct bare_file){.fd = open(path, O_RDONLY | O_CLOEXEC), .capacity = FIRST_CAPACITY};
    if (file->fd < 0)
        return false;
    size_t length = length_of(file->fd);
    while (length > file->capacity / 2)
        file->capacity *= 2;
    file->bytes = calloc(1, file->capacity);
    if (!file->bytes)
        die("rows");
    return true;
}

/* The files that the sampler reads, and no other. */
static void open_bare_files(struct bare_files *files, const struct live *live)
{
    for (enum source_id source = 0; source < SOURCE_COUNT; source++) {
        bool wanted = false;
        for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
            wanted |= metric_table[i].source == source && sampler_wants(live->series.sampler, i);
        if (wanted && sampler_source_error(live->series.sampler, source) == 0 &&
            open_bare_file(&files->list[files->count], source_path(source)))
            files->count++;
    }
}

static void close_bare_files(struct bare_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        close(files->list[i].fd);
        free(files->list[i].bytes);
    }
}

static void read_bare_files(struct bare_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        read_pieces(&files->list[i], files->list[i].pieces);
}

static double cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double time_rows(struct live *live)
{
    double start = cpu_us();

    for (int i = 0; i < BATCH_ROWS; i++)
        make_row(live);
    return (cpu_us() - start) / BATCH_ROWS;
}

static double time_preads(struct bare_files *files)
{
    /* Not on the clock: files grow, and one may have become one piece longer. */
    for (size_t i = 0; i < files->count; i++)
        files->list[i].pieces = read_pieces(&files->list[i], UINT32_MAX);

    double start = cpu_us();
    for (int i = 0; i < BATCH_ROWS; i++)
        read_bare_files(files);
    return (cpu_us() - start) / BATCH_ROWS;
}

static void measure(struct measured *measured, struct live *live, struct bare_files *files)
{
    for (int i = 0; i < BATCHES; i++) {
        bool rows_first = i % 2 == 0;
        if (rows_first)
            measured->rows[i] = time_rows(live);
        measured->preads[i] = time_preads(files);
        if (!rows_first)
            measured->rows[i] = time_rows(live);
        measured->ratios[i] = measured->rows[i] / measured->preads[i];
    }
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *numbers)
{
    qsort(numbers, BATCHES, sizeof(*numbers), compare_doubles);
    return (numbers[BATCHES / 2] + numbers[(BATCHES - 1) / 2]) / 2;
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
    static struct measured measured;
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
    open_bare_files(&files, &live);
    series_start(&live.series);
    sleep(1);
    measure(&measured, &live, &files);
    (void)fprintf(results, "%.3f %.3f %.3f\n", median(measured.rows), median(measured.preads),
                  median(measured.ratios));
    close_bare_files(&files);
    close_live(&live);
    return fclose(results) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
