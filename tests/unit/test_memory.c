#include "base/memory.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

/* KiB of the program that are locked. */
static long locked_kib(void)
{
    char *status = file_get("/proc/self/status");
    const char *line = strstr(status, "\nVmLck:");
    long kib = line ? strtol(line + strlen("\nVmLck:"), NULL, 10) : -1;
    free(status);
    return kib;
}

static void what_is_mapped_is_locked_where_that_is_allowed(void **state)
{
    (void)state;
    if (mlockall(MCL_CURRENT) < 0 || locked_kib() <= 0)
        skip(); /* not allowed here, or a sanitizer stands in between */
    munlockall();
    assert_int_equal(locked_kib(), 0);
    memory_settle();
    assert_true(locked_kib() > 0);
    munlockall();
}

/* Below what is in use now. */
static void use_stack(void)
{
    volatile char stack[32 * 1024];
    for (size_t at = 0; at < sizeof(stack); at += 512)
        stack[at] = 1;
}

static long faults_of_using_the_stack(void)
{
    struct rusage before, after;

    getrusage(RUSAGE_SELF, &before);
    use_stack();
    getrusage(RUSAGE_SELF, &after);
    return after.ru_minflt - before.ru_minflt;
}

/* In a process that may lock nothing, the one call after which the stack can be used without a fault. */
static void where_locking_is_refused_the_stack_is_touched_at_least(void **state)
{
    static const struct rlimit nothing = {0, 0};
    int status;
    (void)state;

    pid_t child = fork();
    if (child == 0) {
        bool may_lock = setrlimit(RLIMIT_MEMLOCK, &nothing) < 0 || (geteuid() == 0 && setuid(65534) < 0) ||
                        mlockall(MCL_CURRENT) == 0;
        if (may_lock)
            _exit(77);
        memory_settle();
        _exit(faults_of_using_the_stack() == 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == 77)
        skip();
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_mapped_is_locked_where_that_is_allowed),
        cmocka_unit_test(where_locking_is_refused_the_stack_is_touched_at_least),
    };
    return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
