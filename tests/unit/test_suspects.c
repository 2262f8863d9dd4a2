#include "job/suspects.h"
#include "support.h"

#include <stdio.h>

static void add(struct suspects *suspects, uint64_t pid, const char *comm)
{
    struct oom_kill kill = {.pid = {pid, true}};

    (void)snprintf(kill.comm, sizeof(kill.comm), "%s", comm);
    suspects_add(suspects, &kill);
}

static void one_is_taken_once(void **state)
{
    struct suspects suspects = {0};
    struct oom_kill kill;
    (void)state;

    assert_false(suspects_take(&suspects, 0, &kill));
    add(&suspects, 7, "one");
    add(&suspects, 8, "other");
    assert_false(suspects_take(&suspects, 9, &kill));
    assert_true(suspects_take(&suspects, 8, &kill));
    assert_string_equal(kill.comm, "other");
    assert_false(suspects_take(&suspects, 8, &kill));
    assert_true(suspects_take(&suspects, 7, &kill));
    assert_string_equal(kill.comm, "one");
}

static void the_last_ones_are_kept(void **state)
{
    struct suspects suspects = {0};
    struct oom_kill kill;
    (void)state;

    for (uint64_t pid = 1; pid <= SUSPECTS_MAX + 2; pid++)
        add(&suspects, pid, "x");
    assert_false(suspects_take(&suspects, 1, &kill));
    assert_false(suspects_take(&suspects, 2, &kill));
    for (pid_t pid = 3; pid <= SUSPECTS_MAX + 2; pid++)
        assert_true(suspects_take(&suspects, pid, &kill));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_is_taken_once),
        cmocka_unit_test(the_last_ones_are_kept),
    };
    return cmocka_run_group_tests_name("suspects", tests, NULL, NULL);
}
