#include "support.h"

#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

void check_text(const struct text *text, const char *expected, const char *file, int line)
{
    if (text->lost == 0 && text->length == strlen(expected) &&
        memcmp(text->bytes, expected, text->length) == 0)
        return;
    print_error("got:  \"%.*s\" (%zu bytes lost)\nwant: \"%s\"\n", (int)text->length, text->bytes, text->lost,
                expected);
    _fail(file, line);
}

void check_near(double actual, double expected, double tolerance, const char *file, int line)
{
    double scale = fabs(expected) > 1 ? fabs(expected) : 1;

    if (fabs(actual - expected) <= tolerance * scale) /* false for NAN */
        return;
    print_error("got %.17g, want %.17g\n", actual, expected);
    _fail(file, line);
}

void check_absent(double value, const char *file, int line)
{
    if (isnan(value))
        return;
    print_error("got %.17g, want an absent value\n", value);
    _fail(file, line);
}

struct command_line command_line_of(const char *program, char *text)
{
    struct command_line line = {.words = {(char *)program}, .count = 1};

    for (char *word = strtok(text, " "); word; word = strtok(NULL, " ")) {
        assert_true(line.count < COMMAND_WORDS_MAX);
        line.words[line.count++] = word;
    }
    return line;
}

void check_value(struct value value, uint64_t expected, const char *file, int line)
{
    if (value.present && value.number == expected)
        return;
    print_error("got %llu (%s), want %llu\n", (unsigned long long)value.number,
                value.present ? "present" : "absent", (unsigned long long)expected);
    _fail(file, line);
}

struct value some(uint64_t number)
{
    return (struct value){number, true};
}

void set_zone(const char *zone)
{
    assert_int_equal(setenv("TZ", zone, 1), 0);
    tzset();
}

int in_utc(void **state)
{
    (void)state;
    set_zone("UTC0");
    return 0;
}

void folder_make(struct folder *folder)
{
    const char *top = getenv("TMPDIR");

    snprintf(folder->path, sizeof(folder->path), "%s/faultline-unit-XXXXXX",
             top && strlen(top) < 30 ? top : "/tmp");
    if (!mkdtemp(folder->path))
        fail_msg("mkdtemp %s", folder->path);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *place)
{
    (void)status;
    (void)type;
    (void)place;
    return remove(path);
}

void folder_remove(const struct folder *folder)
{
    nftw(folder->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

int folder_setup(void **state)
{
    struct folder *folder = malloc(sizeof(*folder));
    if (!folder)
        return -1;
    folder_make(folder);
    *state = folder;
    return 0;
}

int folder_teardown(void **state)
{
    folder_remove(*state);
    free(*state);
    return 0;
}

static void path_in(char *path, const struct folder *folder, const char *name)
{
    snprintf(path, PATH_MAX, "%s/%s", folder->path, name);
}

static void make_parents(const struct folder *folder, const char *path)
{
    char parent[PATH_MAX];

    for (const char *slash = strchr(path + strlen(folder->path) + 1, '/'); slash;
         slash = strchr(slash + 1, '/')) {
        snprintf(parent, sizeof(parent), "%.*s", (int)(slash - path), path);
        mkdir(parent, 0755);
    }
}

void folder_put_bytes(const struct folder *folder, const char *name, const char *bytes, size_t length)
{
    char path[PATH_MAX];

    path_in(path, folder, name);
    make_parents(folder, path);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (fd < 0 || write(fd, bytes, length) != (ssize_t)length)
        fail_msg("cannot write %s", path);
    close(fd);
}

void folder_put(const struct folder *folder, const char *name, const char *text)
{
    folder_put_bytes(folder, name, text, strlen(text));
}

void folder_delete(const struct folder *folder, const char *name)
{
    char path[PATH_MAX];

    path_in(path, folder, name);
    assert_int_equal(remove(path), 0);
}

void folder_put_process(const struct folder *folder, unsigned pid, const char *comm, unsigned major_faults)
{
    char name[32];
    TEXT(text, 256);

    (void)snprintf(name, sizeof(name), "%u/stat", pid);
    text_format(&text, "%u (%s) S 1 1 1 0 -1 4194560 7 0 %u 0 0 0 0 0 20 0 1 0 100 9999999 10 0\n", pid, comm,
                major_faults);
    folder_put_bytes(folder, name, text.bytes, text.length);
}

int folder_fd(const struct folder *folder)
{
    int fd = open(folder->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static char *read_descriptor(int fd)
{
    size_t length = 0;
    char *text = NULL;

    for (;;) {
        text = realloc(text, length + 65536 + 1);
        assert_non_null(text);
        ssize_t got = read(fd, text + length, 65536);
        if (got <= 0)
            break;
        length += (size_t)got;
    }
    text[length] = '\0';
    return text;
}

char *file_get(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        fail_msg("cannot open %s", path);
    char *text = read_descriptor(fd);
    close(fd);
    return text;
}

char *folder_get(const struct folder *folder, const char *name)
{
    char path[PATH_MAX];
    path_in(path, folder, name);
    return file_get(path);
}

const char *const fixture_machines[] = {"linux-4.4", "linux-4.14", "linux-6.1", "linux-6.12", "linux-6.18"};
const size_t fixture_machine_count = COUNT_OF(fixture_machines);

const char *fixture_path(const char *machine, int frame)
{
    static char path[PATH_MAX];
    snprintf(path, sizeof(path), FIXTURES "/%s/%d", machine, frame);
    return path;
}

char *fixture_get(const char *machine, int frame, const char *name)
{
    char path[PATH_MAX + 32];
    snprintf(path, sizeof(path), "%s/%s", fixture_path(machine, frame), name);
    return file_get(path);
}

void capture_begin(struct capture *capture, int fd)
{
    fflush(NULL);
    *capture = (struct capture){fd, fcntl(fd, F_DUPFD_CLOEXEC, 10), memfd_create("captured", MFD_CLOEXEC)};
    assert_true(capture->saved >= 0 && capture->memory >= 0);
    dup2(capture->memory, fd);
}

char *capture_end(struct capture *capture)
{
    fflush(NULL);
    dup2(capture->saved, capture->fd);
    close(capture->saved);
    lseek(capture->memory, 0, SEEK_SET);
    char *text = read_descriptor(capture->memory);
    close(capture->memory);
    return text;
}

void figures_init(struct figures *figures)
{
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
        figures->values[i] = NAN;
    figures->interval =
        (struct interval){.seconds = 1, .values = figures->values, .value_count = METRIC_TABLE_SIZE};
}

int open_descriptors(void)
{
    int count = 0;

    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}
