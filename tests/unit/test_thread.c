#include "base/thread.h"
#include "support.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

/* The least that the C library takes; 0: what it says. */
static long least_bytes;

long __real_sysconf(int name);
long __wrap_sysconf(int name);

long __wrap_sysconf(int name)
{
    return name == _SC_THREAD_STACK_MIN && least_bytes > 0 ? least_bytes : __real_sysconf(name);
}

struct seen {
    int number;
    sigset_t blocked;
    size_t stack_bytes;
};

static void *look(void *context)
{
    struct seen *seen = context;
    pthread_attr_t attributes;

    seen->number++;
    pthread_sigmask(SIG_SETMASK, NULL, &seen->blocked);
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstacksize(&attributes, &seen->stack_bytes);
        pthread_attr_destroy(&attributes);
    }
    return seen;
}

static void test_signals_are_for_the_others(void **state)
{
    (void)state;
    struct seen seen = {.number = 41};
    pthread_t thread;
    void *returned;
    sigset_t mine;

    assert_int_equal(thread_start(&thread, look, &seen), 0);
    assert_int_equal(pthread_join(thread, &returned), 0);
    assert_ptr_equal(returned, &seen);
    assert_int_equal(seen.number, 42);
    assert_true(sigismember(&seen.blocked, SIGTERM));
    assert_true(sigismember(&seen.blocked, SIGCHLD));
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    assert_false(sigismember(&mine, SIGTERM));
}

/* All of it is locked into memory. */
static void test_the_stack_is_small(void **state)
{
    (void)state;
    struct seen seen = {0};
    pthread_t thread;

    assert_int_equal(thread_start(&thread, look, &seen), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_in_range(seen.stack_bytes, 16 * 1024, 128 * 1024);
    least_bytes = 256 * 1024;
    assert_int_equal(thread_start(&thread, look, &seen), 0);
    assert_int_equal(pthread_join(thread, NULL), 0);
    assert_in_range(seen.stack_bytes, 256 * 1024, 256 * 1024 + 64 * 1024);
    least_bytes = 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signals_are_for_the_others),
        cmocka_unit_test(test_the_stack_is_small),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
