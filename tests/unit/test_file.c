#include "base/file.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MUCH = 1 << 20 }; /* more than any pipe holds by default */

static char byte_at(size_t offset)
{
    return (char)(offset * 7 + offset / 251);
}

/* Reads all that comes, slowly at first, and exits with 0 when it is MUCH bytes in the right order. */
static void read_all_and_exit(int fd)
{
    static char bytes[5000];
    size_t total = 0;
    bool right = true;

    for (ssize_t got; (got = read(fd, bytes, sizeof(bytes))) != 0;) {
        if (got < 0)
            continue;
        for (size_t i = 0; i < (size_t)got; i++)
            right &= bytes[i] == byte_at(total + i);
        total += (size_t)got;
        if (total < 100000)
            usleep(2000);
    }
    _exit(right && total == MUCH ? 0 : 1);
}

/* The reader's exit status, with the writer's result in *WRITTEN. */
static int send_much(int flags, int *written)
{
    int ends[2];
    int status;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    pid_t reader = fork();
    if (reader == 0) {
        close(ends[1]);
        read_all_and_exit(ends[0]);
    }
    close(ends[0]);
    fcntl(ends[1], F_SETFL, flags);
    char *bytes = malloc(MUCH);
    assert_non_null(bytes);
    for (size_t i = 0; i < MUCH; i++)
        bytes[i] = byte_at(i);
    *written = file_write_all(ends[1], bytes, MUCH);
    free(bytes);
    close(ends[1]);
    while (waitpid(reader, &status, 0) < 0)
        assert_int_equal(errno, EINTR);
    return status;
}

static void more_than_a_pipe_holds_arrives_whole(void **state)
{
    int written;
    (void)state;

    assert_int_equal(send_much(0, &written), 0);
    assert_int_equal(written, 0);
}

static void a_non_blocking_pipe_is_waited_for(void **state)
{
    int written;
    (void)state;

    assert_int_equal(send_much(O_NONBLOCK, &written), 0);
    assert_int_equal(written, 0);
}

static volatile sig_atomic_t interruptions;

static void interrupt(int signal)
{
    (void)signal;
    interruptions++;
}

static void signals_in_between_lose_and_repeat_nothing(void **state)
{
    struct sigaction action = {.sa_handler = interrupt}; /* without SA_RESTART: write() gives EINTR */
    struct itimerval often = {{0, 500}, {0, 500}}, never = {0};
    int written[2], status[2];
    (void)state;

    sigaction(SIGALRM, &action, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    status[0] = send_much(0, &written[0]);
    status[1] = send_much(O_NONBLOCK, &written[1]);
    setitimer(ITIMER_REAL, &never, NULL);
    assert_true(interruptions > 0);
    assert_int_equal(status[0], 0);
    assert_int_equal(written[0], 0);
    assert_int_equal(status[1], 0);
    assert_int_equal(written[1], 0);
}

static void failures_are_negative_errnos(void **state)
{
    int ends[2];
    (void)state;

    signal(SIGPIPE, SIG_IGN);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    assert_int_equal(file_write_all(ends[1], "x", 1), -EPIPE);
    close(ends[1]);
    assert_int_equal(file_write_all(ends[1], "x", 1), -EBADF);
}

static void a_full_disk_is_told(void **state)
{
    (void)state;
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    if (full < 0)
        skip();
    assert_int_equal(file_write_all(full, "row\n", 4), -ENOSPC);
    close(full);
}

static void nothing_is_written_at_once(void **state)
{
    (void)state;
    assert_int_equal(file_write_all(-1, "", 0), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(more_than_a_pipe_holds_arrives_whole),
        cmocka_unit_test(a_non_blocking_pipe_is_waited_for),
        cmocka_unit_test(signals_in_between_lose_and_repeat_nothing),
        cmocka_unit_test(failures_are_negative_errnos),
        cmocka_unit_test(a_full_disk_is_told),
        cmocka_unit_test(nothing_is_written_at_once),
    };
    return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
