#include "base/signal_name.h"
#include "support.h"

#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

static void is_called(int signal, const char *name)
{
    TEXT(text, 64);

    text_signal(&text, signal);
    assert_text(&text, name);
}

static void those_that_end_a_program(void **state)
{
    (void)state;
    is_called(SIGHUP, "SIGHUP");
    is_called(SIGINT, "SIGINT");
    is_called(SIGABRT, "SIGABRT");
    is_called(SIGBUS, "SIGBUS");
    is_called(SIGKILL, "SIGKILL");
    is_called(SIGSEGV, "SIGSEGV");
    is_called(SIGPIPE, "SIGPIPE");
    is_called(SIGTERM, "SIGTERM");
    is_called(SIGXCPU, "SIGXCPU");
    is_called(SIGSYS, "SIGSYS");
}

static void those_without_a_name_are_numbers(void **state)
{
    char name[32];
    (void)state;

    for (int signal = SIGSYS + 1; signal <= 64; signal++) {
        snprintf(name, sizeof(name), "signal %d", signal);
        is_called(signal, name);
    }
    is_called(0, "signal 0");
    is_called(-1, "signal -1");
    is_called(INT_MAX, "signal 2147483647");
    is_called(INT_MIN, "signal -2147483648");
}

static void each_has_one_of_its_own(void **state)
{
    (void)state;
    for (int a = 1; a <= SIGSYS; a++) {
        TEXT(one, 64);
        text_signal(&one, a);
        for (int b = a + 1; b <= SIGSYS; b++) {
            TEXT(other, 64);
            text_signal(&other, b);
            assert_false(one.length == other.length && memcmp(one.bytes, other.bytes, one.length) == 0);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(those_that_end_a_program),
        cmocka_unit_test(those_without_a_name_are_numbers),
        cmocka_unit_test(each_has_one_of_its_own),
    };
    return cmocka_run_group_tests_name("signal_name", tests, NULL, NULL);
}
