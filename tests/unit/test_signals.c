#include "base/file.h"
#include "base/signals.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
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
    signals_close(&catcher->signals);
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
    assert_int_equal(waitpid(child, NULL, 0), child);
    close_catcher(&catcher);
}

static void what_came_when_nobody_listened_is_told_to_nobody(void **state)
{
    static const int list[] = {SIGUSR1, SIGUSR2};
    struct catcher catcher = {.stop_after = 1};
    (void)state;

    open_catcher(&catcher, list, 2);
    close_catcher(&catcher);
    raise(SIGUSR1);
    open_catcher(&catcher, list, 2);
    raise(SIGUSR2);
    assert_int_equal(loop_run(&catcher.loop), 0);
    close_catcher(&catcher);
    assert_int_equal(catcher.count, 1);
    assert_int_equal(catcher.caught[0], SIGUSR2);
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

static void what_is_ignored_stays_ignored_but_for_sigchld(void **state)
{
    static const int list[] = {SIGHUP, SIGCHLD, SIGUSR1};
    struct catcher catcher = {.stop_after = 2};
    (void)state;

    signal(SIGHUP, SIG_IGN); /* nohup */
    signal(SIGCHLD, SIG_IGN);
    open_catcher(&catcher, list, COUNT_OF(list));
    raise(SIGHUP);
    raise(SIGUSR1);
    raise(SIGCHLD);
    loop_run(&catcher.loop);
    close_catcher(&catcher);
    signal(SIGHUP, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    assert_int_equal(catcher.caught[0] + catcher.caught[1], SIGUSR1 + SIGCHLD);
}

static void a_write_that_nobody_reads_ends_with_a_signal_that_asks_for_the_end(void **state)
{
    static const int list[] = {SIGTERM, SIGUSR1};
    static char much[1 << 20];
    struct catcher catcher = {.stop_after = 2};
    int ends[2];
    (void)state;

    open_catcher(&catcher, list, COUNT_OF(list));
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t test = getpid();
    pid_t child = fork();
    if (child == 0) {
        usleep(50000);
        kill(test, SIGUSR1); /* asks for nothing: the write goes on */
        usleep(50000);
        kill(test, SIGTERM);
        _exit(0);
    }
    int error = file_write_all(ends[1], much, sizeof(much));
    loop_run(&catcher.loop);
    waitpid(child, NULL, 0);
    close(ends[0]);
    close(ends[1]);
    close_catcher(&catcher);
    assert_int_equal(error, -EINTR);
    assert_int_equal(catcher.count, 2);
    assert_false(signals_want_end()); /* it has been told */
}

static void (*handler_of(int signal))(int)
{
    struct sigaction action;

    assert_int_equal(sigaction(signal, NULL, &action), 0);
    return action.sa_handler;
}

/* What is given back is of the process's beginning: each case in one of its own. Exits with the number of the
 * check that failed. */
static void give_back_in_child(void (*pipe_before)(int), void (*size_before)(int))
{
    int status;

    pid_t child = fork();
    if (child == 0) {
        signal(SIGPIPE, pipe_before);
        signal(SIGXFSZ, size_before);
        signals_give_back(); /* of what nobody changed nothing becomes */
        if (handler_of(SIGPIPE) != pipe_before || handler_of(SIGXFSZ) != size_before)
            _exit(1);
        signals_fail_writes();
        signals_fail_writes(); /* the second time it is not as it was before */
        if (handler_of(SIGPIPE) != SIG_IGN || handler_of(SIGXFSZ) != SIG_IGN)
            _exit(2);
        signals_give_back();
        _exit(handler_of(SIGPIPE) == pipe_before && handler_of(SIGXFSZ) == size_before ? 0 : 3);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void what_a_child_is_given_back_is_as_it_was(void **state)
{
    (void)state;
    give_back_in_child(SIG_DFL, SIG_DFL);
    give_back_in_child(SIG_IGN, SIG_DFL);
    give_back_in_child(SIG_DFL, SIG_IGN);
    give_back_in_child(SIG_IGN, SIG_IGN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_child_is_given_back_is_as_it_was), /* before anything has changed it */
        cmocka_unit_test(signals_are_called_in_the_loop_and_not_before),
        cmocka_unit_test(a_signal_from_another_process_wakes_the_loop),
        cmocka_unit_test(what_came_when_nobody_listened_is_told_to_nobody),
        cmocka_unit_test(what_is_ignored_stays_ignored_but_for_sigchld),
        cmocka_unit_test(a_write_that_nobody_reads_ends_with_a_signal_that_asks_for_the_end),
        cmocka_unit_test(writing_to_a_closed_pipe_gives_epipe_instead_of_an_end),
    };
    return cmocka_run_group_tests_name("signals", tests, NULL, NULL);
}
