#include "kernel/oom_tasks.h"
#include "support.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void take(struct oom_tasks *tasks, const char *line)
{
    assert_true(oom_tasks_take_headings(tasks, span_of(line)) || oom_tasks_take_row(tasks, span_of(line)));
}

static void columns_are_found_by_their_headings(void **state)
{
    struct oom_tasks tasks = {0};
    struct oom_kill kill = {.pid = {7, true}};
    uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    (void)state;

    take(&tasks,
         "[  pid  ]   uid  tgid total_vm      rss rss_anon pgtables_bytes swapents oom_score_adj name");
    take(&tasks,
         "[      8]  1000     7      100       10        9         4096        3          -300 a name");
    oom_tasks_add_to(&tasks, &kill);
    assert_int_equal(kill.task_count, 1);
    assert_value(kill.tasks[0].pid, 7);
    assert_value(kill.tasks[0].uid, 1000);
    assert_value(kill.tasks[0].rss_bytes, 10 * page);
    assert_value(kill.tasks[0].swap_bytes, 3 * page);
    assert_value(kill.tasks[0].oom_score_adj, (uint64_t)-300);
    assert_string_equal(kill.tasks[0].comm, "a name");
    /* What the line of the kill did not tell. */
    assert_value(kill.uid, 1000);
    assert_value(kill.pgtables_bytes, 4096);
    assert_value(kill.oom_score_adj, (uint64_t)-300);
}

static void the_largest_are_kept(void **state)
{
    struct oom_tasks tasks = {0};
    struct oom_kill kill = {.pid = {1, true}};
    char line[64];
    (void)state;

    take(&tasks, "[ pid ]   uid  tgid total_vm      rss name");
    for (unsigned i = 0; i < 25; i++) {
        snprintf(line, sizeof(line), "[ %u] 0 %u 100 %u x", i, i, i * 7 % 25);
        take(&tasks, line);
    }
    oom_tasks_add_to(&tasks, &kill);
    assert_int_equal(kill.task_count, OOM_TASKS_MAX);
    for (size_t i = 0; i < OOM_TASKS_MAX; i++)
        assert_int_equal(kill.tasks[i].pid.number * 7 % 25, 24 - i);
}

static void a_new_table_begins_anew(void **state)
{
    struct oom_tasks tasks = {0};
    struct oom_kill kill = {.pid = {1, true}};
    (void)state;

    take(&tasks, "[ pid ]   uid  tgid total_vm      rss name");
    take(&tasks, "[ 7] 0 7 100 5 x");
    take(&tasks, "[ pid ]   uid  tgid total_vm      rss name");
    oom_tasks_add_to(&tasks, &kill);
    assert_int_equal(kill.task_count, 0);
    take(&tasks, "[ 7] 0 7 100 x"); /* of another form: taken, and left out */
    oom_tasks_add_to(&tasks, &kill);
    assert_int_equal(kill.task_count, 0);
}

static void other_lines(void **state)
{
    static const char *const lines[] = {"", "[", "[pid", "[ x]", "eth0: link up", "[    1.000000] text"};
    struct oom_tasks tasks = {0};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        assert_false(oom_tasks_take_headings(&tasks, span_of(lines[i])));
        assert_false(oom_tasks_take_row(&tasks, span_of(lines[i])));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_are_found_by_their_headings),
        cmocka_unit_test(the_largest_are_kept),
        cmocka_unit_test(a_new_table_begins_anew),
        cmocka_unit_test(other_lines),
    };
    return cmocka_run_group_tests_name("oom_tasks", tests, NULL, NULL);
}
