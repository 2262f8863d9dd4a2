#include "base/file.h"
#include "base/signals.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

struct catcher {
    struct loop loop;
    struct signals signals;
    int caught[8];
    unsigned count;
    unsigned stop_after;
};

static void note(void *context, int signal)
{
    struct catcher *catcher = context;

    catcher->caught[catcher->count++] = signal;
    if (catcher->count == catcher->stop_after)
        loop_stop(&catcher->loop);
}

static void open_catcher(struct catcher *catcher, const int *list, unsigned count)
{
    assert_int_equal(loop_open(&catcher->loop), 0);
    assert_int_equal(signals_catch(&catcher->signals, &catcher->loop, list, count, note, catcher), 0);
}

static void close_catcher(struct catcher *catcher)
{
    close(catcher->signals.source.fd);
    loop_close(&catcher->loop);
}

static void signals_are_called_in_the_loop_and_not_before(void **state)
{
    static const int list[] = {SIGUSR1, SIGUSR2};
    struct catcher catcher = {.stop_after = 2};
    (void)state;

    open_catcher(&catcher, list, 2);
    raise(SIGUSR1); /* would end the test where it is not caught */
    raise(SIGUSR2);
    raise(SIGUSR1); /* pending already: merged, as signals are */
    assert_int_equal(catcher.count, 0);
    assert_int_equal(loop_run(&catcher.loop), 0);
    assert_int_equal(catcher.count, 2);
    assert_int_equal(catcher.caught[0] + catcher.caught[1], SIGUSR1 + SIGUSR2);
    close_catcher(&catcher);
}

static void a_signal_from_another_process_wakes_the_loop(void **state)
{
    static const int list[] = {SIGUSR1};
    struct catcher catcher = {.stop_after = 1};
    (void)state;

    open_catcher(&catcher, list, 1);
    pid_t child = fork();
    if (child == 0) {
        usleep(20000);
        kill(getppid(), SIGUSR1);
        _exit(0);
    }
    assert_int_equal(loop_run(&catcher.loop), 0);
    assert_int_equal(catcher.caught[0], SIGUSR1);
    close_catcher(&catcher);
}

static void writing_to_a_closed_pipe_gives_epipe_instead_of_an_end(void **state)
{
    static const int list[] = {SIGUSR1};
    struct catcher catcher = {0};
    int ends[2];
    (void)state;

    signal(SIGPIPE, SIG_DFL);
    open_catcher(&catcher, list, 1);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    assert_int_equal(file_write_all(ends[1], "x", 1), -EPIPE);
    close(ends[1]);
    close_catcher(&catcher);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signals_are_called_in_the_loop_and_not_before),
        cmocka_unit_test(a_signal_from_another_process_wakes_the_loop),
        cmocka_unit_test(writing_to_a_closed_pipe_gives_epipe_instead_of_an_end),
    };
    return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
