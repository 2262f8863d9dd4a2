#include "blackbox/write_queue.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* A queue to a file, or to a descriptor that cannot be written to until it is mended. The flusher's
 * descriptor is a pipe: each fdatasync(2) of it fails, and so can be seen. */
struct bench {
    struct folder folder;
    int fd;
    int pipe[2];
    struct flusher *flusher;
    struct write_queue *queue;
};

static int open_file(const struct bench *bench, int flags)
{
    char path[128];

    (void)snprintf(path, sizeof(path), "%s/file", bench->folder.path);
    return open(path, flags | O_CLOEXEC, 0600);
}

static void bench_make(struct bench *bench, int flags)
{
    folder_make(&bench->folder);
    folder_put(&bench->folder, "file", "");
    bench->fd = open_file(bench, flags);
    assert_true(bench->fd >= 0);
    assert_int_equal(pipe2(bench->pipe, O_CLOEXEC), 0);
    assert_int_equal(flusher_start(&bench->flusher, bench->pipe[0]), 0);
    assert_int_equal(write_queue_start(&bench->queue, bench->fd, bench->flusher), 0);
}

/* Stops the queue. Returns what is in the file; free it. */
static char *bench_end(struct bench *bench, int expected)
{
    assert_int_equal(write_queue_stop(bench->queue), expected);
    char *text = folder_get(&bench->folder, "file");
    (void)flusher_stop(bench->flusher);
    close(bench->pipe[0]);
    close(bench->pipe[1]);
    close(bench->fd);
    folder_remove(&bench->folder);
    return text;
}

static void mend(struct bench *bench)
{
    int fd = open_file(bench, O_RDWR);

    assert_true(fd >= 0);
    assert_int_equal(dup3(fd, bench->fd, O_CLOEXEC), bench->fd);
    close(fd);
}

/* These wait for the other threads. */
static void await_error(const struct bench *bench, int expected)
{
    while (write_queue_error(bench->queue) != expected)
        usleep(1000);
}

static void await_flush(const struct bench *bench)
{
    while (flusher_error(bench->flusher) != -EINVAL)
        usleep(1000);
}

static int put(const struct bench *bench, const char *text, uint64_t offset)
{
    return write_queue_put(bench->queue, text, strlen(text), offset);
}

static void test_all_is_written_in_its_order(void **state)
{
    (void)state;
    struct bench bench;

    bench_make(&bench, O_RDWR);
    assert_int_equal(put(&bench, "------", 0), 0);
    assert_int_equal(put(&bench, "abc", 0), 0);
    assert_int_equal(put(&bench, "", 0), 0);
    assert_int_equal(put(&bench, "xy", 2), 0);
    char *text = bench_end(&bench, 0);
    assert_string_equal(text, "abxy--");
    free(text);
}

static void test_more_than_fits_at_once(void **state)
{
    (void)state;
    struct bench bench;
    enum { LINES = 20000 };
    char line[16];

    bench_make(&bench, O_RDWR);
    for (unsigned i = 0; i < LINES; i++) {
        (void)snprintf(line, sizeof(line), "%07u\n", i);
        int error;
        while ((error = put(&bench, line, i * UINT64_C(8))) == -EBUSY)
            usleep(1000);
        assert_int_equal(error, 0);
    }
    char *text = bench_end(&bench, 0);
    assert_int_equal(strlen(text), LINES * 8);
    for (unsigned i = 0; i < LINES; i++)
        assert_int_equal(strtoul(text + i * UINT64_C(8), NULL, 10), i);
    free(text);
}

static void test_what_failed_is_tried_again_with_the_next(void **state)
{
    (void)state;
    struct bench bench;

    bench_make(&bench, O_RDONLY);
    assert_true(write_queue_is_empty(bench.queue));
    assert_int_equal(put(&bench, "first", 0), 0);
    await_error(&bench, -EBADF);
    assert_false(write_queue_is_empty(bench.queue));
    assert_int_equal(put(&bench, "second", 3), 0);
    mend(&bench);
    assert_int_equal(put(&bench, "third", 6), 0);
    await_error(&bench, 0);
    while (!write_queue_is_empty(bench.queue))
        usleep(1000);
    char *text = bench_end(&bench, 0);
    assert_string_equal(text, "firsecthird");
    free(text);
}

/* Whoever is refused has put nothing, and what was put before comes in its order. */
static void test_a_full_queue_refuses_with_what_keeps_it(void **state)
{
    (void)state;
    struct bench bench;
    static char block[WRITE_QUEUE_BYTES / 8];
    uint64_t blocks = 0;
    int error;

    bench_make(&bench, O_RDONLY);
    memset(block, 'x', sizeof(block));
    assert_int_equal(put(&bench, "begin", 0), 0);
    await_error(&bench, -EBADF);
    while ((error = write_queue_put(bench.queue, block, sizeof(block), 5 + blocks * sizeof(block))) == 0)
        blocks++;
    assert_int_equal(error, -EBADF);
    assert_in_range(blocks, 7, 16);
    assert_int_equal(put(&bench, "small", 0), 0); /* there is room for that */
    mend(&bench);
    char *text = bench_end(&bench, 0);
    assert_int_equal(strlen(text), 5 + blocks * sizeof(block));
    assert_memory_equal(text, "smallxxx", 8);
    free(text);
}

static void test_what_is_left_at_the_end_is_said_to_be(void **state)
{
    (void)state;
    struct bench bench;

    bench_make(&bench, O_RDONLY);
    assert_int_equal(put(&bench, "lost", 0), 0);
    char *text = bench_end(&bench, -EBADF);
    assert_string_equal(text, "");
    free(text);
}

static void test_it_is_flushed_behind_what_was_put(void **state)
{
    (void)state;
    struct bench bench;

    bench_make(&bench, O_RDWR);
    assert_int_equal(put(&bench, "critical", 0), 0);
    write_queue_sync(bench.queue);
    await_flush(&bench);
    char *text = folder_get(&bench.folder, "file");
    assert_string_equal(text, "critical");
    free(text);
    write_queue_sync(bench.queue); /* with nothing to be written */
    await_flush(&bench);
    free(bench_end(&bench, 0));
}

static void test_what_could_not_be_written_is_not_flushed(void **state)
{
    (void)state;
    struct bench bench;

    bench_make(&bench, O_RDONLY);
    assert_int_equal(put(&bench, "critical", 0), 0);
    write_queue_sync(bench.queue);
    await_error(&bench, -EBADF);
    assert_int_equal(flusher_error(bench.flusher), 0);
    mend(&bench);
    assert_int_equal(put(&bench, ".", 8), 0);
    await_flush(&bench);
    char *text = bench_end(&bench, 0);
    assert_string_equal(text, "critical.");
    free(text);
}

static void test_write_now(void **state)
{
    (void)state;
    struct bench bench;

    bench_make(&bench, O_RDWR);
    assert_int_equal(write_queue_write_now(bench.fd, "abc", 3, 2), 0);
    assert_int_equal(write_queue_write_now(bench.fd, "", 0, 100), 0);
    assert_int_equal(write_queue_write_now(bench.fd, "ab", 2, 0), 0);
    assert_int_equal(write_queue_write_now(bench.pipe[1], "ab", 2, 0), -ESPIPE);
    char *text = bench_end(&bench, 0);
    assert_string_equal(text, "ababc");
    free(text);
    assert_int_equal(write_queue_stop(NULL), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_is_written_in_its_order),
        cmocka_unit_test(test_more_than_fits_at_once),
        cmocka_unit_test(test_what_failed_is_tried_again_with_the_next),
        cmocka_unit_test(test_a_full_queue_refuses_with_what_keeps_it),
        cmocka_unit_test(test_what_is_left_at_the_end_is_said_to_be),
        cmocka_unit_test(test_it_is_flushed_behind_what_was_put),
        cmocka_unit_test(test_what_could_not_be_written_is_not_flushed),
        cmocka_unit_test(test_write_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
