#include "support.h"
#include "watch/oom_counter.h"

#include <errno.h>
#include <poll.h>
#include <string.h>

static void the_machines_counter(void **state)
{
    const struct folder *folder = *state;
    struct oom_counter counter = OOM_COUNTER_CLOSED;

    folder_put(folder, "vmstat", "nr_free_pages 5\noom_kill 7\npgfault 9\n");
    assert_int_equal(oom_counter_open(&counter, folder->path), 0);
    assert_int_equal(counter.change_fd, -1);
    assert_value(oom_counter_read(&counter), 7);
    folder_put(folder, "vmstat", "nr_free_pages 5\noom_kill 10\npgfault 9\n");
    assert_value(oom_counter_read(&counter), 10);
    folder_put(folder, "vmstat", "");
    assert_false(oom_counter_read(&counter).present);
    folder_put(folder, "vmstat", "nr_free_pages 5\noom_kill 12\npgfault 9\n");
    assert_value(oom_counter_read(&counter), 12);
    oom_counter_close(&counter);
}

static void a_kernel_that_does_not_count(void **state)
{
    const struct folder *folder = *state;
    struct oom_counter counter = OOM_COUNTER_CLOSED;

    folder_put(folder, "vmstat", "pgfault 9\n");
    assert_int_equal(oom_counter_open(&counter, folder->path), 0);
    assert_false(oom_counter_read(&counter).present);
    oom_counter_close(&counter);
    folder_delete(folder, "vmstat");
    assert_int_equal(oom_counter_open(&counter, folder->path), 0);
    assert_false(oom_counter_read(&counter).present);
    oom_counter_close(&counter);
    assert_int_equal(oom_counter_open(&counter, "/no/such/folder"), 0);
    assert_false(oom_counter_read(&counter).present);
    oom_counter_close(&counter);
}

static bool has_changed(const struct oom_counter *counter)
{
    struct pollfd waiting = {.fd = counter->change_fd, .events = POLLIN};
    return poll(&waiting, 1, 0) == 1;
}

static void a_group_of_v2_says_when_it_changes(void **state)
{
    const struct folder *folder = *state;
    struct oom_counter counter = OOM_COUNTER_CLOSED;
    struct problem problem;

    folder_put(folder, "memory.events", "low 0\nhigh 0\nmax 3\noom 1\noom_kill 1\noom_group_kill 0\n");
    assert_int_equal(oom_counter_open_cgroup(&counter, folder->path, &problem), 0);
    assert_true(counter.change_fd >= 0);
    assert_false(has_changed(&counter));
    folder_put(folder, "memory.events", "low 0\nhigh 0\nmax 3\noom 2\noom_kill 3\noom_group_kill 0\n");
    assert_true(has_changed(&counter));
    oom_counter_hush(&counter);
    assert_false(has_changed(&counter));
    assert_value(oom_counter_read(&counter), 3);
    oom_counter_close(&counter);
}

static void a_group_of_v1_has_to_be_looked_at(void **state)
{
    const struct folder *folder = *state;
    struct oom_counter counter = OOM_COUNTER_CLOSED;
    struct problem problem;

    folder_put(folder, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 1\n");
    assert_int_equal(oom_counter_open_cgroup(&counter, folder->path, &problem), 0);
    assert_int_equal(counter.change_fd, -1);
    folder_put(folder, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    assert_value(oom_counter_read(&counter), 2);
    folder_put(folder, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n"); /* before 4.13 */
    assert_false(oom_counter_read(&counter).present);
    oom_counter_close(&counter);
}

static void a_folder_that_is_none(void **state)
{
    const struct folder *folder = *state;
    struct oom_counter counter = OOM_COUNTER_CLOSED;
    struct problem problem;

    assert_int_equal(oom_counter_open_cgroup(&counter, "/no/such/group", &problem), -ENOENT);
    assert_string_equal(problem.text,
                        "/no/such/group: No such file or directory: --cgroup takes the folder of a cgroup");
    assert_int_equal(oom_counter_open_cgroup(&counter, folder->path, &problem), -ENOENT);
    assert_non_null(strstr(problem.text, ": no memory.events and no memory.oom_control"));
    oom_counter_close(&counter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(the_machines_counter),
        unit_test_in_folder(a_kernel_that_does_not_count),
        unit_test_in_folder(a_group_of_v2_says_when_it_changes),
        unit_test_in_folder(a_group_of_v1_has_to_be_looked_at),
        unit_test_in_folder(a_folder_that_is_none),
    };
    return cmocka_run_group_tests_name("oom_counter", tests, NULL, NULL);
}
