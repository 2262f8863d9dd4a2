#include "floor.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { FIRST_CAPACITY = 4096 }; /* as src/kernel/proc_file.c: doubled until half of it is free */

struct measured {
    double turns[FLOOR_BATCHES];
    double preads[FLOOR_BATCHES];
    double ratios[FLOOR_BATCHES];
};

void die(const char *what)
{
    (void)fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what, strerror(errno));
    exit(EXIT_FAILURE);
}

void check(int error, const char *what)
{
    if (error >= 0)
        return;
    errno = -error;
    die(what);
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

static bool open_file(struct bare_file *file, const char *name)
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
        die("memory");
    return true;
}

static bool reads(const struct sampler *sampler, enum source_id source)
{
    size_t count;
    const struct sampler_input *inputs = sampler_inputs(sampler, &count);

    for (size_t i = 0; i < count; i++) {
        if (inputs[i].source == source)
            return sampler_source_error(sampler, source) == 0;
    }
    return false;
}

void bare_files_open(struct bare_files *files, const struct sampler *sampler)
{
    for (enum source_id source = 0; source < SOURCE_COUNT; source++) {
        if (reads(sampler, source) && open_file(&files->list[files->count], source_path(source)))
            files->count++;
    }
}

void bare_files_close(struct bare_files *files)
{
    for (size_t i = 0; i < files->count; i++) {
        close(files->list[i].fd);
        free(files->list[i].bytes);
    }
}

void bare_files_size(struct bare_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        files->list[i].pieces = read_pieces(&files->list[i], UINT32_MAX);
}

void bare_files_read(struct bare_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        read_pieces(&files->list[i], files->list[i].pieces);
}

double cpu_us(void)
{
    struct timespec now;

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec * 1e6 + (double)now.tv_nsec / 1e3;
}

static double time_turns(void (*turn)(void *context), void *context)
{
    double start = cpu_us();

    for (int i = 0; i < FLOOR_BATCH_TURNS; i++)
        turn(context);
    return (cpu_us() - start) / FLOOR_BATCH_TURNS;
}

static double time_preads(struct bare_files *files)
{
    bare_files_size(files); /* not on the clock */

    double start = cpu_us();
    for (int i = 0; i < FLOOR_BATCH_TURNS; i++)
        bare_files_read(files);
    return (cpu_us() - start) / FLOOR_BATCH_TURNS;
}

static int compare_doubles(const void *left, const void *right)
{
    double a = *(const double *)left;
    double b = *(const double *)right;
    return (a > b) - (a < b);
}

static double median(double *numbers)
{
    qsort(numbers, FLOOR_BATCHES, sizeof(*numbers), compare_doubles);
    return (numbers[FLOOR_BATCHES / 2] + numbers[(FLOOR_BATCHES - 1) / 2]) / 2;
}

struct against_floor floor_measure(struct bare_files *files, void (*turn)(void *context), void *context)
{
    static struct measured measured;

    for (int i = 0; i < FLOOR_BATCHES; i++) {
        bool turns_first = i % 2 == 0;
        if (turns_first)
            measured.turns[i] = time_turns(turn, context);
        measured.preads[i] = time_preads(files);
        if (!turns_first)
            measured.turns[i] = time_turns(turn, context);
        measured.ratios[i] = measured.turns[i] / measured.preads[i];
    }
    return (struct against_floor){median(measured.turns), median(measured.preads), median(measured.ratios)};
}
