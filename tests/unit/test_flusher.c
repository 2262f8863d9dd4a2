#include "blackbox/flusher.h"
#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

/* Stands in front of the disk. */
static atomic_int flushes;
static atomic_int flushed_fd;
static atomic_int fail_with;
static pthread_mutex_t slow = PTHREAD_MUTEX_INITIALIZER; /* held: it takes until it is not */
static atomic_bool signals_reach_it;

int __wrap_fdatasync(int fd);

int __wrap_fdatasync(int fd)
{
    sigset_t blocked;

    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    signals_reach_it = !sigismember(&blocked, SIGTERM) || !sigismember(&blocked, SIGINT);
    pthread_mutex_lock(&slow);
    pthread_mutex_unlock(&slow);
    flushed_fd = fd;
    flushes++;
    errno = fail_with;
    return fail_with ? -1 : 0;
}

static int reset(void **state)
{
    (void)state;
    flushes = 0;
    flushed_fd = -1;
    fail_with = 0;
    return 0;
}

static void wait_for_flushes(int count)
{
    for (int i = 0; i < 20000 && flushes < count; i++)
        usleep(500);
    assert_true(flushes >= count);
}

static struct flusher *start(void)
{
    struct flusher *flusher = NULL;

    assert_int_equal(flusher_start(&flusher, 77), 0);
    assert_non_null(flusher);
    return flusher;
}

static void what_is_asked_for_is_done(void **state)
{
    struct flusher *flusher = start();
    (void)state;

    flusher_request(flusher);
    wait_for_flushes(1);
    assert_int_equal(flushed_fd, 77);
    assert_false(signals_reach_it);
    flusher_request(flusher);
    wait_for_flushes(2);
    assert_int_equal(flusher_error(flusher), 0);
    assert_int_equal(flusher_stop(flusher), 0);
}

static void nobody_waits_for_a_slow_disk(void **state)
{
    struct flusher *flusher = start();
    (void)state;

    pthread_mutex_lock(&slow);
    for (int i = 0; i < 1000; i++)
        flusher_request(flusher);
    assert_int_equal(flushes, 0);
    assert_int_equal(flusher_error(flusher), 0);
    pthread_mutex_unlock(&slow);
    wait_for_flushes(1);
    assert_int_equal(flusher_stop(flusher), 0);
    assert_in_range(flushes, 2, 3); /* what was asked for meanwhile is done once */
}

static void an_error_is_told_once(void **state)
{
    struct flusher *flusher = start();
    (void)state;

    fail_with = EIO;
    flusher_request(flusher);
    int error = 0;
    for (int i = 0; i < 20000 && error == 0; i++) {
        usleep(500);
        error = flusher_error(flusher);
    }
    assert_int_equal(error, -EIO);
    assert_int_equal(flusher_error(flusher), 0);
    fail_with = 0;
    assert_int_equal(flusher_stop(flusher), 0);
}

static void it_ends_with_a_flush_and_its_error(void **state)
{
    struct flusher *flusher = start();
    (void)state;

    assert_int_equal(flusher_stop(flusher), 0);
    assert_int_equal(flushes, 1);
    flusher = start();
    fail_with = ENOSPC;
    assert_int_equal(flusher_stop(flusher), -ENOSPC);
    assert_int_equal(flusher_stop(NULL), 0);
}

static void signals_are_as_they_were(void **state)
{
    sigset_t before, after;
    (void)state;

    pthread_sigmask(SIG_SETMASK, NULL, &before);
    struct flusher *flusher = start();
    pthread_sigmask(SIG_SETMASK, NULL, &after);
    assert_int_equal(sigismember(&after, SIGTERM), sigismember(&before, SIGTERM));
    assert_int_equal(sigismember(&after, SIGINT), sigismember(&before, SIGINT));
    assert_int_equal(flusher_stop(flusher), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(what_is_asked_for_is_done, reset),
        cmocka_unit_test_setup(nobody_waits_for_a_slow_disk, reset),
        cmocka_unit_test_setup(an_error_is_told_once, reset),
        cmocka_unit_test_setup(it_ends_with_a_flush_and_its_error, reset),
        cmocka_unit_test_setup(signals_are_as_they_were, reset),
    };
    return cmocka_run_group_tests_name("flusher", tests, NULL, NULL);
}
