#include "kernel/oom_summary.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

#define SUMMARY(constraint, groups, end)                                                                     \
    "oom-kill:constraint=" constraint ",nodemask=(null),cpuset=/,mems_allowed=0-1," groups end

static struct oom_kill read(const char *line, const char *comm)
{
    struct oom_summary *summary = malloc(sizeof(*summary));
    struct oom_kill kill = {0};

    assert_non_null(summary);
    assert_true(oom_summary_take(summary, span_of(line)));
    span_keep(kill.comm, sizeof(kill.comm), span_of(comm));
    oom_summary_read(summary, &kill);
    free(summary);
    return kill;
}

static void a_limit_above_the_victims_group(void **state)
{
    struct oom_kill kill = read(SUMMARY("CONSTRAINT_MEMCG", "oom_memcg=/train,task_memcg=/train/job",
                                        ",task=python3,pid=4242,uid=1000"),
                                "python3");
    (void)state;

    assert_int_equal(kill.constraint, OOM_CONSTRAINT_MEMCG);
    assert_value(kill.pid, 4242);
    assert_string_equal(kill.cgroup, "/train/job");
    assert_string_equal(kill.limit_cgroup, "/train");
}

static void the_whole_machine(void **state)
{
    struct oom_kill kill =
        read(SUMMARY("CONSTRAINT_NONE", "global_oom,task_memcg=/a, b", ",task=x,pid=1,uid=0"), "x");
    (void)state;

    assert_int_equal(kill.constraint, OOM_CONSTRAINT_NONE);
    assert_string_equal(kill.cgroup, "/a, b");
    assert_string_equal(kill.limit_cgroup, "");
}

/* Names and paths that hold the words between them. */
static void names_that_look_like_more(void **state)
{
    struct oom_kill kill =
        read(SUMMARY("CONSTRAINT_MEMCG", "oom_memcg=/a,task_memcg=/a/b,task=c", ",task=d,task=e,pid=7,uid=5"),
             "d,task=e");
    (void)state;

    assert_string_equal(kill.cgroup, "/a/b,task=c");
    assert_string_equal(kill.limit_cgroup, "/a");
    kill = read(SUMMARY("CONSTRAINT_MEMCG", "oom_memcg=/a,task_memcg=/a,task_memcg=/a,task_memcg=/a/b",
                        ",task=x,pid=7,uid=5"),
                "x");
    assert_string_equal(kill.limit_cgroup, "/a,task_memcg=/a");
    assert_string_equal(kill.cgroup, "/a,task_memcg=/a/b");
}

static void the_user_is_told_as_a_signed_number(void **state)
{
    struct oom_summary summary;
    (void)state;

    assert_true(oom_summary_take(&summary, span_of(SUMMARY("CONSTRAINT_NONE", "global_oom,task_memcg=/",
                                                           ",task=x,pid=1,uid=-2147483648"))));
    assert_value(summary.uid, 2147483648);
    assert_false(oom_summary_take(&summary, span_of("oom_reaper: reaped process 1 (x)")));
    assert_true(oom_summary_take(&summary, span_of("oom-kill:constraint=")));
    assert_false(summary.pid.present);
}

static void the_line_of_old_kernels(void **state)
{
    struct oom_kill kill = {0};
    (void)state;

    assert_true(oom_limit_take(span_of("Task in /a/b killed as a result of limit of /a"), &kill));
    assert_int_equal(kill.constraint, OOM_CONSTRAINT_MEMCG);
    assert_string_equal(kill.cgroup, "/a/b");
    assert_string_equal(kill.limit_cgroup, "/a");
    assert_true(oom_limit_take(
        span_of("Task in /a/b killed as a result of limit of c killed as a result of limit of /a"), &kill));
    assert_string_equal(kill.limit_cgroup, "/a");
    assert_false(
        oom_limit_take(span_of("Task in /b killed as a result of limit of /a"), &kill)); /* not above it */
    assert_false(oom_limit_take(span_of("Task in /a"), &kill));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_limit_above_the_victims_group),
        cmocka_unit_test(the_whole_machine),
        cmocka_unit_test(names_that_look_like_more),
        cmocka_unit_test(the_user_is_told_as_a_signed_number),
        cmocka_unit_test(the_line_of_old_kernels),
    };
    return cmocka_run_group_tests_name("oom_summary", tests, NULL, NULL);
}
