#include "base/terminal.h"
#include "support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void the_size_is_that_of_the_terminal_now(void **state)
{
    struct winsize size = {.ws_row = 43, .ws_col = 132};
    (void)state;

    int terminal = posix_openpt(O_RDWR | O_NOCTTY);
    if (terminal < 0)
        skip();
    assert_int_equal(ioctl(terminal, TIOCSWINSZ, &size), 0);
    assert_int_equal(terminal_size(terminal).lines, 43);
    assert_int_equal(terminal_size(terminal).columns, 132);
    size.ws_row = 10;
    assert_int_equal(ioctl(terminal, TIOCSWINSZ, &size), 0);
    assert_int_equal(terminal_size(terminal).lines, 10);
    close(terminal);
}

static void no_terminal_has_no_size(void **state)
{
    int ends[2];
    (void)state;

    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_int_equal(terminal_size(ends[1]).lines, 0);
    assert_int_equal(terminal_size(ends[1]).columns, 0);
    assert_int_equal(terminal_size(-1).lines, 0);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_size_is_that_of_the_terminal_now),
        cmocka_unit_test(no_terminal_has_no_size),
    };
    return cmocka_run_group_tests_name("terminal", tests, NULL, NULL);
}
