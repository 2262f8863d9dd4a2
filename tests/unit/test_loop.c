#include "base/loop.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* A pipe in the loop that takes one byte at a time and writes down who was called. */
struct listener {
    struct loop *loop;
    struct loop_source source;
    int ends[2];
    char name;
    char *log;
    struct listener *silences; /* removes this one from the loop */
};

static void listen(void *context)
{
    struct listener *listener = context;
    char byte;

    assert_int_equal(read(listener->ends[0], &byte, 1), 1);
    strncat(listener->log, &listener->name, 1);
    if (listener->silences)
        loop_remove(listener->loop, &listener->silences->source);
    if (byte == '!')
        loop_stop(listener->loop);
}

static void open_listener(struct listener *listener, struct loop *loop, char name, char *log)
{
    *listener = (struct listener){.loop = loop, .name = name, .log = log};
    assert_int_equal(pipe2(listener->ends, O_CLOEXEC), 0);
    listener->source = (struct loop_source){listener->ends[0], listen, listener};
    assert_int_equal(loop_add(loop, &listener->source, EPOLLIN), 0);
}

static void close_listener(struct listener *listener)
{
    close(listener->ends[0]);
    close(listener->ends[1]);
}

static void tell(const struct listener *listener, const char *bytes)
{
    assert_int_equal(write(listener->ends[1], bytes, strlen(bytes)), strlen(bytes));
}

static void what_is_ready_is_called_until_the_loop_is_stopped(void **state)
{
    struct loop loop;
    struct listener a, b;
    char log[32] = "";
    (void)state;

    assert_int_equal(loop_open(&loop), 0);
    open_listener(&a, &loop, 'a', log);
    open_listener(&b, &loop, 'b', log);
    tell(&b, "xx!");
    assert_int_equal(loop_run(&loop), 0);
    assert_string_equal(log, "bbb");
    tell(&a, "x!x");
    assert_int_equal(loop_run(&loop), 0); /* a stopped loop can be run again */
    assert_string_equal(log, "bbbaa");
    close_listener(&a);
    close_listener(&b);
    loop_close(&loop);
}

static void one_that_is_removed_while_ready_is_not_called(void **state)
{
    struct loop loop;
    struct listener a, b;
    char log[32] = "";
    (void)state;

    assert_int_equal(loop_open(&loop), 0);
    open_listener(&a, &loop, 'a', log);
    open_listener(&b, &loop, 'b', log);
    a.silences = &b;
    tell(&a, "x!");
    tell(&b, "x");
    loop_run(&loop);
    /* Whoever was first: from a's first call on b is silent. */
    assert_true(strcmp(log, "aa") == 0 || strcmp(log, "baa") == 0);
    close_listener(&a);
    close_listener(&b);
    loop_close(&loop);
}

static void a_turn_calls_one_that_is_ready_and_does_not_wait(void **state)
{
    struct loop loop;
    struct listener a, b;
    char log[32] = "";
    (void)state;

    assert_int_equal(loop_open(&loop), 0);
    open_listener(&a, &loop, 'a', log);
    open_listener(&b, &loop, 'b', log);
    assert_int_equal(loop_turn(&loop), 0);
    assert_string_equal(log, "");
    tell(&a, "x");
    tell(&b, "x");
    for (size_t i = 1; i <= 2; i++) {
        assert_int_equal(loop_turn(&loop), 0);
        assert_int_equal(strlen(log), i);
    }
    assert_true(strcmp(log, "ab") == 0 || strcmp(log, "ba") == 0);
    assert_int_equal(loop_turn(&loop), 0);
    assert_int_equal(strlen(log), 2);
    tell(&a, "!");
    assert_int_equal(loop_turn(&loop), 0);
    assert_true(loop.stopping);
    close_listener(&a);
    close_listener(&b);
    loop_close(&loop);
}

/* As one that waits for it sees it. */
static void a_loop_is_ready_when_one_of_its_sources_is(void **state)
{
    struct loop loop;
    struct listener a;
    char log[32] = "";
    (void)state;

    assert_int_equal(loop_open(&loop), 0);
    open_listener(&a, &loop, 'a', log);
    struct pollfd poll_fd = {.fd = loop.epoll_fd, .events = POLLIN};
    assert_int_equal(poll(&poll_fd, 1, 0), 0);
    tell(&a, "x");
    assert_int_equal(poll(&poll_fd, 1, 0), 1);
    assert_int_equal(loop_turn(&loop), 0);
    assert_int_equal(poll(&poll_fd, 1, 0), 0);
    close_listener(&a);
    loop_close(&loop);
}

static void what_cannot_be_waited_for_is_refused(void **state)
{
    struct loop loop;
    struct loop_source closed = {.fd = 1000};
    char path[] = "/tmp/faultline-unit-XXXXXX";
    struct loop_source plain_file = {.fd = mkstemp(path)};
    (void)state;

    assert_int_equal(loop_open(&loop), 0);
    assert_int_equal(loop_add(&loop, &closed, EPOLLIN), -EBADF);
    assert_int_equal(loop_add(&loop, &plain_file, EPOLLIN), -EPERM);
    close(plain_file.fd);
    unlink(path);
    loop_close(&loop);
}

static void a_loop_without_a_descriptor_fails(void **state)
{
    struct loop loop = {.epoll_fd = -1};
    (void)state;
    assert_int_equal(loop_run(&loop), -EBADF);
    assert_int_equal(loop_turn(&loop), -EBADF);
}

static void its_descriptor_is_not_handed_to_commands(void **state)
{
    struct loop loop;
    (void)state;

    assert_int_equal(loop_open(&loop), 0);
    assert_true(fcntl(loop.epoll_fd, F_GETFD) & FD_CLOEXEC);
    loop_close(&loop);
    assert_int_equal(fcntl(loop.epoll_fd, F_GETFD), -1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_ready_is_called_until_the_loop_is_stopped),
        cmocka_unit_test(one_that_is_removed_while_ready_is_not_called),
        cmocka_unit_test(a_turn_calls_one_that_is_ready_and_does_not_wait),
        cmocka_unit_test(a_loop_is_ready_when_one_of_its_sources_is),
        cmocka_unit_test(what_cannot_be_waited_for_is_refused),
        cmocka_unit_test(a_loop_without_a_descriptor_fails),
        cmocka_unit_test(its_descriptor_is_not_handed_to_commands),
    };
    return cmocka_run_group_tests_name("loop", tests, NULL, NULL);
}
