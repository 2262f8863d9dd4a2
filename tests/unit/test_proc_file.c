#include "kernel/proc_file.h"
#include "preads.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int setup(void **state)
{
    preads_reset();
    return folder_setup(state);
}

static void open_in(struct proc_file *file, const struct folder *folder, const char *name)
{
    int fd = folder_fd(folder);
    int error = proc_file_open(file, fd, name);
    close(fd);
    assert_int_equal(error, 0);
}

/* Reads it, and takes nothing but TEXT for an answer. */
#define assert_reads(file, text) check_reads(file, text, __LINE__)
static void check_reads(struct proc_file *file, const char *text, int line)
{
    int error = proc_file_read(file);
    if (error == 0 && file->length == strlen(text) && memcmp(file->bytes, text, file->length) == 0)
        return;
    print_error("error %d, %zu bytes, want %zu\n", error, file->length, strlen(text));
    _fail(__FILE__, line);
}

/* COUNT lines "key_N FIRST+N". */
static char *many_lines(unsigned count, unsigned first)
{
    enum { LINE_MAX_BYTES = 32 };
    char *text = malloc((size_t)count * LINE_MAX_BYTES);
    size_t at = 0;

    assert_non_null(text);
    for (unsigned i = 0; i < count; i++)
        at += (size_t)snprintf(text + at, LINE_MAX_BYTES, "key_%u %u\n", i, first + i);
    return text;
}

static void a_missing_file_is_told_and_stays_closed(void **state)
{
    struct proc_file file;
    (void)state;

    int fd = folder_fd(*state);
    assert_int_equal(proc_file_open(&file, fd, "vmstat"), -ENOENT);
    assert_int_equal(file.fd, -1);
    proc_file_close(&file);
    close(fd);
}

static void a_file_below_a_folder_is_read_again_and_again(void **state)
{
    struct proc_file file;

    folder_put(*state, "pressure/cpu", "some total=5\n");
    open_in(&file, *state, "pressure/cpu");
    assert_reads(&file, "some total=5\n");
    folder_put(*state, "pressure/cpu", "some total=6789\n");
    assert_reads(&file, "some total=6789\n");
    assert_reads(&file, "some total=6789\n");
    proc_file_close(&file);
    assert_int_equal(file.fd, -1);
    assert_null(file.bytes);
}

static void a_small_file_costs_one_pread_a_read(void **state)
{
    struct proc_file file;

    folder_put(*state, "loadavg", "0.06 0.03 0.01 2/79 2154\n");
    open_in(&file, *state, "loadavg");
    assert_reads(&file, "0.06 0.03 0.01 2/79 2154\n");
    preads_reset();
    assert_reads(&file, "0.06 0.03 0.01 2/79 2154\n");
    assert_int_equal(preads.calls, 1);
    proc_file_close(&file);
}

static void vmstat_of_20_kib_is_read_whole(void **state)
{
    char *text = many_lines(1700, 1);
    struct proc_file file;

    assert_true(strlen(text) >= 20480);
    folder_put(*state, "vmstat", text);
    open_in(&file, *state, "vmstat");
    assert_reads(&file, text);
    assert_reads(&file, text);
    preads_reset();
    assert_reads(&file, text);
    assert_int_equal(preads.calls, 1);
    proc_file_close(&file);
    free(text);
}

static void the_memory_grows_at_the_first_read_only(void **state)
{
    char *text = many_lines(700, 1);
    char *longer = many_lines(700, 1000000000); /* all counters have gained digits */
    struct proc_file file;

    assert_true(strlen(longer) > strlen(text)); /* else there is nothing to see */
    folder_put(*state, "vmstat", text);
    open_in(&file, *state, "vmstat");
    assert_reads(&file, text);
    size_t capacity = file.capacity;
    const char *bytes = file.bytes;
    assert_true(capacity >= 2 * strlen(text));
    folder_put(*state, "vmstat", longer);
    assert_reads(&file, longer);
    assert_reads(&file, longer);
    assert_int_equal(file.capacity, capacity);
    assert_ptr_equal(file.bytes, bytes);
    proc_file_close(&file);
    free(text);
    free(longer);
}

static void a_file_that_outgrows_the_memory_later_is_not_cut_short(void **state)
{
    char *text = many_lines(100, 1);
    char *longer = many_lines(7000, 1);
    struct proc_file file;

    folder_put(*state, "vmstat", text);
    open_in(&file, *state, "vmstat");
    assert_reads(&file, text);
    folder_put(*state, "vmstat", longer);
    assert_reads(&file, longer);
    assert_reads(&file, longer);
    proc_file_close(&file);
    free(text);
    free(longer);
}

/* As fs/seq_file.c hands out a file: some records that fill a page at most with each read. */
static void a_file_in_pieces_is_read_whole_with_one_pread_a_piece(void **state)
{
    char *text = many_lines(1700, 1);
    struct proc_file file;
    unsigned pieces = (unsigned)((strlen(text) + 4000 - 1) / 4000);

    folder_put(*state, "vmstat", text);
    open_in(&file, *state, "vmstat");
    preads.piece = 4000;
    assert_reads(&file, text);
    assert_reads(&file, text); /* the memory has its size now, no piece ends where it did */
    for (int i = 0; i < 3; i++) {
        preads.calls = 0;
        assert_reads(&file, text);
        assert_int_equal(preads.calls, pieces);
    }
    proc_file_close(&file);
    free(text);
}

static void pieces_become_more_when_the_numbers_grow(void **state)
{
    char *text = many_lines(620, 1);
    char *longer = many_lines(620, 1000000000);
    struct proc_file file;

    folder_put(*state, "vmstat", text);
    open_in(&file, *state, "vmstat");
    preads.piece = 4000;
    assert_reads(&file, text);
    folder_put(*state, "vmstat", longer);
    assert_reads(&file, longer);
    folder_put(*state, "vmstat", text);
    assert_reads(&file, text);
    assert_reads(&file, text);
    proc_file_close(&file);
    free(text);
    free(longer);
}

/* The same last line, cut off pieces: a read that took fewer pieces than the last one is not believed to be
 * whole. */
static void a_file_that_shrinks_is_as_long_as_it_is(void **state)
{
    char *text = many_lines(1700, 1);
    char *shorter = many_lines(300, 1);
    struct proc_file file;

    folder_put(*state, "vmstat", text);
    open_in(&file, *state, "vmstat");
    preads.piece = 4000;
    assert_reads(&file, text);
    folder_put(*state, "vmstat", shorter);
    assert_reads(&file, shorter);
    folder_put(*state, "vmstat", "");
    assert_reads(&file, "");
    folder_put(*state, "vmstat", text);
    assert_reads(&file, text);
    proc_file_close(&file);
    free(text);
    free(shorter);
}

static void an_empty_file_then_filled(void **state)
{
    struct proc_file file;

    folder_put(*state, "vmstat", "");
    open_in(&file, *state, "vmstat");
    assert_reads(&file, "");
    assert_reads(&file, "");
    folder_put(*state, "vmstat", "pgfault 1\n");
    assert_reads(&file, "pgfault 1\n");
    proc_file_close(&file);
}

static void a_last_line_without_newline(void **state)
{
    char *text = many_lines(500, 1);
    struct proc_file file;

    text[strlen(text) - 1] = '\0';
    folder_put(*state, "vmstat", text);
    open_in(&file, *state, "vmstat");
    preads.piece = 4000;
    assert_reads(&file, text);
    assert_reads(&file, text);
    folder_put(*state, "vmstat", "pgfault 1");
    assert_reads(&file, "pgfault 1");
    proc_file_close(&file);
    free(text);
}

/* The end is known by the first word of the last line, however long that is. */
static void a_last_line_of_one_endless_word(void **state)
{
    char text[3000];
    struct proc_file file;

    memset(text, 'x', sizeof(text));
    text[sizeof(text) - 2] = '\n';
    text[sizeof(text) - 1] = '\0';
    folder_put(*state, "vmstat", text);
    open_in(&file, *state, "vmstat");
    assert_reads(&file, text);
    assert_reads(&file, text);
    proc_file_close(&file);
}

static void a_deleted_file_gives_what_the_descriptor_gives(void **state)
{
    struct proc_file file;

    folder_put(*state, "vmstat", "pgfault 1\n");
    open_in(&file, *state, "vmstat");
    assert_reads(&file, "pgfault 1\n");
    folder_delete(*state, "vmstat");
    assert_reads(&file, "pgfault 1\n");
    proc_file_close(&file);
}

static void what_is_no_file_is_not_opened(void **state)
{
    struct proc_file file;
    int folder = folder_fd(*state);

    folder_put(*state, "pressure/cpu", "");
    assert_int_equal(proc_file_open(&file, folder, "pressure"), -EISDIR);
    assert_int_equal(file.fd, -1);
    assert_int_equal(mkfifoat(folder, "stat", 0600), 0);
    assert_int_equal(proc_file_open(&file, folder, "stat"), -ESPIPE); /* nor waited for */
    assert_int_equal(symlinkat("/dev/zero", folder, "vmstat"), 0);
    assert_int_equal(proc_file_open(&file, folder, "vmstat"), -ESPIPE);
    close(folder);
}

static void a_file_of_over_16_mib_is_refused(void **state)
{
    struct proc_file file;

    folder_put(*state, "stat", "");
    open_in(&file, *state, "stat");
    assert_int_equal(ftruncate(file.fd, 0), -1); /* opened for reading alone */
    char path[128];
    snprintf(path, sizeof(path), "%s/stat", ((struct folder *)*state)->path);
    assert_int_equal(truncate(path, 17 << 20), 0);
    assert_int_equal(proc_file_read(&file), -EFBIG);
    assert_int_equal(file.length, 0);
    assert_int_equal(truncate(path, 0), 0);
    assert_reads(&file, "");
    proc_file_close(&file);
}

static void a_read_that_fails_leaves_no_bytes_of_the_one_before(void **state)
{
    struct proc_file file;

    folder_put(*state, "cpu", "some total=5\n");
    open_in(&file, *state, "cpu");
    assert_reads(&file, "some total=5\n");
    preads.fail_with = EOPNOTSUPP; /* PSI switched off */
    assert_int_equal(proc_file_read(&file), -EOPNOTSUPP);
    assert_int_equal(file.length, 0);
    preads.fail_with = 0;
    assert_reads(&file, "some total=5\n");
    proc_file_close(&file);
}

static void an_interrupted_read_is_repeated(void **state)
{
    struct proc_file file;

    folder_put(*state, "cpu", "some total=5\n");
    open_in(&file, *state, "cpu");
    preads.interrupted = 2;
    assert_reads(&file, "some total=5\n");
    preads.interrupted = 1;
    assert_reads(&file, "some total=5\n");
    proc_file_close(&file);
}

/* What a plain loop reads, and with how many reads that gave data. */
static char *read_plainly(const char *path, size_t *length, unsigned *pieces)
{
    enum { PIECE = 65536 };
    char *text = NULL;
    size_t capacity = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    *length = 0;
    *pieces = 0;
    if (fd < 0)
        return NULL;
    for (;;) {
        if (capacity < *length + PIECE) {
            capacity = 2 * (*length + PIECE);
            text = realloc(text, capacity);
            assert_non_null(text);
        }
        ssize_t got = read(fd, text + *length, PIECE);
        if (got <= 0)
            break;
        *length += (size_t)got;
        ++*pieces;
    }
    close(fd);
    return text;
}

static bool reads_like_a_plain_loop(struct proc_file *file, const char *path)
{
    size_t length;
    unsigned pieces;
    char *text = read_plainly(path, &length, &pieces);
    bool same = proc_file_read(file) == 0 && file->length == length && memcmp(file->bytes, text, length) == 0;
    free(text);
    return same;
}

/* Files of the running kernel that it gives in pieces, and that seldom change. */
static void a_long_file_of_the_kernel_is_read_whole_twice_in_a_row(void **state)
{
    static const char *const names[] = {"kallsyms", "crypto", "self/smaps", "self/mountinfo"};
    unsigned tried = 0;
    (void)state;

    int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct proc_file file;
        char path[64];
        size_t length;
        unsigned pieces;
        snprintf(path, sizeof(path), "/proc/%s", names[i]);
        free(read_plainly(path, &length, &pieces));
        if (pieces < 2 || proc_file_open(&file, proc, names[i]) < 0)
            continue;
        bool same = false;
        for (int attempt = 0; attempt < 5 && !same; attempt++) /* it may change in between */
            same = reads_like_a_plain_loop(&file, path) && reads_like_a_plain_loop(&file, path);
        assert_true(file.pieces > 1);
        proc_file_close(&file);
        if (strcmp(names[i], "self/smaps") != 0) /* changes with the memory that it is read into */
            assert_true(same);
        tried++;
    }
    close(proc);
    if (tried == 0)
        skip();
}

static void the_files_of_a_row_are_read_whole_from_the_running_kernel(void **state)
{
    static const char *const names[] = {"stat", "vmstat", "meminfo", "loadavg"};
    (void)state;

    int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct proc_file file;
        assert_int_equal(proc_file_open(&file, proc, names[i]), 0);
        assert_int_equal(proc_file_read(&file), 0);
        size_t length = file.length;
        assert_int_equal(proc_file_read(&file), 0);
        assert_true(file.bytes[file.length - 1] == '\n');
        assert_true(file.length + 64 > length); /* but for digits, as long as when it was read to its end */
        proc_file_close(&file);
    }
    close(proc);
}

static void a_small_file_is_read_at_once(void **state)
{
    char bytes[8] = "#######";
    char path[128];
    int fd = folder_fd(*state);

    folder_put(*state, "comm", "sleep\n");
    assert_int_equal(proc_file_read_small(fd, "comm", bytes, sizeof(bytes)), 6);
    assert_string_equal(bytes, "sleep\n");
    folder_put(*state, "comm", "sleeping\n");
    assert_int_equal(proc_file_read_small(fd, "comm", bytes, sizeof(bytes)), 7); /* what fits */
    assert_string_equal(bytes, "sleepin");
    folder_put(*state, "comm", "");
    assert_int_equal(proc_file_read_small(fd, "comm", bytes, sizeof(bytes)), 0);
    assert_string_equal(bytes, "");
    strcpy(bytes, "before");
    assert_int_equal(proc_file_read_small(fd, "none", bytes, sizeof(bytes)), -ENOENT);
    assert_string_equal(bytes, "");
    assert_int_equal(proc_file_read_small(fd, ".", bytes, sizeof(bytes)), -EISDIR);
    snprintf(path, sizeof(path), "%s/pipe", ((struct folder *)*state)->path);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(proc_file_read_small(fd, "pipe", bytes, sizeof(bytes)), 0); /* and not waited for */
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_missing_file_is_told_and_stays_closed, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_file_below_a_folder_is_read_again_and_again, setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(a_small_file_costs_one_pread_a_read, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(vmstat_of_20_kib_is_read_whole, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(the_memory_grows_at_the_first_read_only, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_file_that_outgrows_the_memory_later_is_not_cut_short, setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(a_file_in_pieces_is_read_whole_with_one_pread_a_piece, setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(pieces_become_more_when_the_numbers_grow, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_file_that_shrinks_is_as_long_as_it_is, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(an_empty_file_then_filled, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_last_line_without_newline, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_last_line_of_one_endless_word, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_deleted_file_gives_what_the_descriptor_gives, setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(what_is_no_file_is_not_opened, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_file_of_over_16_mib_is_refused, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_read_that_fails_leaves_no_bytes_of_the_one_before, setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(an_interrupted_read_is_repeated, setup, folder_teardown),
        cmocka_unit_test_setup_teardown(a_long_file_of_the_kernel_is_read_whole_twice_in_a_row, setup,
                                        folder_teardown),
        cmocka_unit_test_setup_teardown(the_files_of_a_row_are_read_whole_from_the_running_kernel, setup,
                                        folder_teardown),
        unit_test_in_folder(a_small_file_is_read_at_once),
    };
    return cmocka_run_group_tests_name("proc_file", tests, NULL, NULL);
}
