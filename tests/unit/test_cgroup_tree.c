#include "kernel/cgroup_tree.h"
#include "support.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROOM = 4 };

static size_t processes_of(const struct folder *folder, pid_t *pids)
{
    size_t count = 99;
    int fd = folder_fd(folder);

    memset(pids, 0xff, ROOM * sizeof(*pids));
    assert_int_equal(cgroup_processes(fd, pids, ROOM, &count), 0);
    close(fd);
    return count;
}

static void processes_of_a_group(void **state)
{
    pid_t pids[ROOM];

    folder_put(*state, "cgroup.procs", "");
    assert_int_equal(processes_of(*state, pids), 0);
    folder_put(*state, "cgroup.procs", "1\n0\n4194304\n");
    assert_int_equal(processes_of(*state, pids), 3);
    assert_int_equal(pids[0], 1);
    assert_int_equal(pids[1], 0); /* of another pid namespace */
    assert_int_equal(pids[2], 4194304);
    assert_int_equal(pids[3], -1);
}

static void more_processes_than_there_is_room_for(void **state)
{
    pid_t pids[ROOM];

    folder_put(*state, "cgroup.procs", "1\n2\n3\n4\n5\n6\n");
    assert_int_equal(processes_of(*state, pids), 6);
    assert_int_equal(pids[ROOM - 1], 4);
}

static void what_is_no_number_of_a_process(void **state)
{
    pid_t pids[ROOM];

    folder_put(*state, "cgroup.procs", "-1\nx\n\n2147483648\n99999999999999999999\n7\n8");
    assert_int_equal(processes_of(*state, pids), 1);
    assert_int_equal(pids[0], 7);
}

/* Numbers lie over the end of what is read at once. */
static void more_processes_than_are_read_at_once(void **state)
{
    TEXT(text, 32768);
    pid_t pids[ROOM];

    for (unsigned pid = 10000; pid < 14000; pid++)
        text_format(&text, "%u\n", pid);
    folder_put_bytes(*state, "cgroup.procs", text.bytes, text.length);
    assert_int_equal(processes_of(*state, pids), 4000);
    bool holds = false, alone = true;
    int fd = folder_fd(*state);
    for (pid_t pid = 10000; pid < 14000; pid += 31) {
        assert_int_equal(cgroup_holds(fd, pid, &holds, &alone), 0);
        assert_true(holds);
    }
    assert_false(alone);
    close(fd);
}

static void a_line_without_an_end(void **state)
{
    static char text[10000];
    size_t count = 99;
    int fd = folder_fd(*state);

    memset(text, '1', sizeof(text) - 1);
    folder_put(*state, "cgroup.procs", text);
    assert_int_equal(cgroup_processes(fd, NULL, 0, &count), -EBADMSG);
    assert_int_equal(count, 0);
    close(fd);
}

static void who_is_in_a_group(void **state)
{
    bool holds = true, alone = true;
    int fd = folder_fd(*state);

    assert_int_equal(cgroup_holds(fd, 7, &holds, &alone), -ENOENT);
    assert_false(holds || alone);
    folder_put(*state, "cgroup.procs", "7\n");
    assert_int_equal(cgroup_holds(fd, 7, &holds, &alone), 0);
    assert_true(holds && alone);
    folder_put(*state, "cgroup.procs", "0\n7\n");
    assert_int_equal(cgroup_holds(fd, 7, &holds, &alone), 0);
    assert_true(holds && !alone);
    folder_put(*state, "cgroup.procs", "77\n");
    assert_int_equal(cgroup_holds(fd, 7, &holds, &alone), 0);
    assert_false(holds || alone);
    close(fd);
}

static void processes_of_a_tree(void **state)
{
    pid_t pids[ROOM] = {0};
    size_t count = 99;
    int fd = folder_fd(*state), before = open_descriptors();

    folder_put(*state, "cgroup.procs", "1\n");
    folder_put(*state, "a/cgroup.procs", "20\n");
    folder_put(*state, "a/b/cgroup.procs", "300\n");
    folder_put(*state, "removed/x", "");
    assert_int_equal(cgroup_tree_processes(fd, pids, ROOM, &count), 0);
    assert_int_equal(count, 3);
    assert_int_equal(pids[0] + pids[1] + pids[2], 321);
    folder_put(*state, "a/b/c/cgroup.procs/x", ""); /* which cannot be read */
    assert_int_equal(cgroup_tree_processes(fd, pids, ROOM, &count), -EISDIR);
    assert_int_equal(count, 0);
    assert_int_equal(open_descriptors(), before);
    close(fd);
    assert_int_equal(cgroup_tree_processes(-1, pids, ROOM, &count), -ENOENT);
}

static void words_and_moves(void **state)
{
    int fd = folder_fd(*state);

    assert_int_equal(cgroup_write(fd, "memory.max", "5"), -ENOENT); /* no file is made */
    folder_put(*state, "memory.max", "");
    assert_int_equal(cgroup_write(fd, "memory.max", "5"), 0);
    char *text = folder_get(*state, "memory.max");
    assert_string_equal(text, "5");
    free(text);
    folder_put(*state, "cgroup.procs", "");
    assert_int_equal(cgroup_move(fd, 4711), 0);
    text = folder_get(*state, "cgroup.procs");
    assert_string_equal(text, "4711");
    free(text);
    close(fd);
}

static void the_kernel_kills_where_it_can(void **state)
{
    int fd = folder_fd(*state);

    folder_put(*state, "cgroup.procs", "");
    folder_put(*state, "cgroup.kill", "");
    assert_int_equal(cgroup_tree_kill(fd), 0);
    char *text = folder_get(*state, "cgroup.kill");
    assert_string_equal(text, "1");
    free(text);
    close(fd);
}

static void a_group_that_is_gone_has_nobody_to_kill(void **state)
{
    int fd = folder_fd(*state);

    assert_int_equal(cgroup_tree_kill(fd), 0);
    close(fd);
}

static void make_folders(const struct folder *folder, const char *const *names, size_t count)
{
    char path[PATH_MAX];

    for (size_t i = 0; i < count; i++) {
        snprintf(path, sizeof(path), "%s/%s", folder->path, names[i]);
        assert_int_equal(mkdir(path, 0755), 0);
    }
}

static void a_tree_is_removed_from_below(void **state)
{
    static const char *const names[] = {"job", "job/a", "job/a/b", "job/a/b/c", "job/d", "other"};
    char path[PATH_MAX];
    int fd = folder_fd(*state), before = open_descriptors();

    make_folders(*state, names, COUNT_OF(names));
    assert_int_equal(cgroup_tree_remove(fd, "job"), 0);
    assert_int_equal(faccessat(fd, "job", F_OK, 0), -1);
    assert_int_equal(faccessat(fd, "other", F_OK, 0), 0);
    assert_int_equal(cgroup_tree_remove(fd, "job"), 0); /* it has gone already */
    folder_put(*state, "other/in/x", "");
    assert_int_equal(cgroup_tree_remove(fd, "other"), -ENOTEMPTY);
    snprintf(path, sizeof(path), "%s/link", ((struct folder *)*state)->path);
    assert_int_equal(symlink("other", path), 0);
    assert_int_equal(cgroup_tree_remove(fd, "link"), -ENOTDIR);
    assert_int_equal(faccessat(fd, "other/in/x", F_OK, 0), 0);
    assert_int_equal(open_descriptors(), before);
    unlink(path);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(processes_of_a_group),
        unit_test_in_folder(more_processes_than_there_is_room_for),
        unit_test_in_folder(what_is_no_number_of_a_process),
        unit_test_in_folder(more_processes_than_are_read_at_once),
        unit_test_in_folder(a_line_without_an_end),
        unit_test_in_folder(who_is_in_a_group),
        unit_test_in_folder(processes_of_a_tree),
        unit_test_in_folder(words_and_moves),
        unit_test_in_folder(the_kernel_kills_where_it_can),
        unit_test_in_folder(a_group_that_is_gone_has_nobody_to_kill),
        unit_test_in_folder(a_tree_is_removed_from_below),
    };
    return cmocka_run_group_tests_name("cgroup_tree", tests, NULL, NULL);
}
