#include "kernel/pid_namespace.h"
#include "support.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void it_is_told_by_its_number(void **state)
{
    char link[64] = "";
    (void)state;

    if (readlink("/proc/self/ns/pid", link, sizeof(link) - 1) < 0) {
        print_message("skipped: /proc/self/ns/pid: %s\n", strerror(errno));
        skip();
    }
    assert_int_equal(pid_namespace_is_initial(), strcmp(link, "pid:[4026531836]") == 0);
}

enum { CHILD_NO, CHILD_YES, CHILD_CANNOT };

/* In the child of a process that has left for another one. */
static int answer_elsewhere(void)
{
    int status;

    if (unshare(CLONE_NEWPID) < 0 && unshare(CLONE_NEWUSER | CLONE_NEWPID) < 0)
        return CHILD_CANNOT;
    pid_t pid = fork();
    if (pid < 0)
        return CHILD_CANNOT;
    if (pid == 0)
        _exit(pid_namespace_is_initial() ? CHILD_YES : CHILD_NO);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : CHILD_CANNOT;
}

static void another_one_is_not_the_first(void **state)
{
    int status;
    (void)state;

    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0)
        _exit(answer_elsewhere());
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CHILD_CANNOT) {
        print_message("skipped: no PID namespace can be made here\n");
        skip();
    }
    assert_int_equal(WEXITSTATUS(status), CHILD_NO);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_told_by_its_number),
        cmocka_unit_test(another_one_is_not_the_first),
    };
    return cmocka_run_group_tests_name("pid_namespace", tests, NULL, NULL);
}
