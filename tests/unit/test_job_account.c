#include "job/account.h"
#include "support.h"

#include <signal.h>

/* A status of waitpid(2), as Linux has it. */
#define EXITED(status)   ((status) << 8)
#define SIGNALED(signal) (signal)
#define DUMPED(signal)   ((signal) | 0x80)

static void statuses_as_a_shell_has_them(void **state)
{
    static const struct {
        int status, expected;
    } cases[] = {
        {EXITED(0), 0},         {EXITED(1), 1},           {EXITED(127), 127},       {EXITED(128), 128},
        {EXITED(255), 255},     {SIGNALED(SIGKILL), 137}, {SIGNALED(SIGTERM), 143}, {DUMPED(SIGSEGV), 139},
        {DUMPED(SIGABRT), 134}, {SIGNALED(64), 192},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(job_exit_status(&(struct job_account){.status = cases[i].status}),
                         cases[i].expected);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(statuses_as_a_shell_has_them),
    };
    return cmocka_run_group_tests_name("job_account", tests, NULL, NULL);
}
