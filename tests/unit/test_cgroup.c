#include "kernel/cgroup.h"
#include "support.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Lines of /proc/self/mountinfo that are on every machine, and are no cgroups. */
#define OTHER_MOUNTS                                                                                         \
    "22 28 0:20 / /proc rw,nosuid,nodev,noexec,relatime shared:14 - proc proc rw\n"                          \
    "28 1 254:1 / / rw,relatime shared:1 - ext4 /dev/vda1 rw,errors=remount-ro\n"

#define V2                                                                                                   \
    OTHER_MOUNTS                                                                                             \
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 "                \
    "rw,nsdelegate,memory_recursiveprot\n"

#define V1                                                                                                   \
    OTHER_MOUNTS                                                                                             \
    "31 23 0:27 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:9 - tmpfs tmpfs ro,mode=755\n"                \
    "32 31 0:28 / /sys/fs/cgroup/systemd rw,relatime shared:10 - cgroup cgroup rw,xattr,name=systemd\n"      \
    "36 31 0:30 / /sys/fs/cgroup/memory rw,relatime shared:15 - cgroup cgroup rw,memory\n"                   \
    "37 31 0:31 / /sys/fs/cgroup/cpu,cpuacct rw,relatime shared:16 - cgroup cgroup rw,cpu,cpuacct\n"

#define HYBRID V1 "33 31 0:29 / /sys/fs/cgroup/unified rw,relatime shared:11 - cgroup2 cgroup2 rw\n"

static void path_is(const char *mountinfo, const char *folder, const char *expected)
{
    char path[256] = "nothing";

    assert_int_equal(cgroup_path(mountinfo, folder, path, sizeof(path)), 0);
    assert_string_equal(path, expected);
}

static void path_fails(const char *mountinfo, const char *folder, int error)
{
    char path[256];
    assert_int_equal(cgroup_path(mountinfo, folder, path, sizeof(path)), error);
}

static void paths_of_version_2(void **state)
{
    (void)state;
    path_is(V2, "/sys/fs/cgroup/train/job", "/train/job");
    path_is(V2, "/sys/fs/cgroup/system.slice", "/system.slice");
    path_is(V2, "/sys/fs/cgroup", "/");
}

static void paths_of_version_1(void **state)
{
    (void)state;
    path_is(V1, "/sys/fs/cgroup/memory/train/job", "/train/job");
    path_is(V1, "/sys/fs/cgroup/memory", "/");
    path_is(V1, "/sys/fs/cgroup/cpu,cpuacct/x", "/x");
    path_fails(V1, "/sys/fs/cgroup/train", -ENOENT); /* a tmpfs */
    path_fails(V1, "/sys/fs/cgroup/memory2/train", -ENOENT);
}

static void paths_of_both_at_once(void **state)
{
    (void)state;
    path_is(HYBRID, "/sys/fs/cgroup/memory/train", "/train");
    path_is(HYBRID, "/sys/fs/cgroup/unified/train", "/train");
}

static void what_lies_on_no_cgroup_mount_has_no_path(void **state)
{
    (void)state;
    path_fails(V2, "/", -ENOENT);
    path_fails(V2, "/home/cgroup", -ENOENT);
    path_fails(V2, "/sys/fs", -ENOENT);
    path_fails(V2, "/sys/fs/cgroup2", -ENOENT);
    path_fails(V2, "", -ENOENT);
    path_fails("", "/sys/fs/cgroup", -ENOENT);
    path_fails(OTHER_MOUNTS, "/proc/1", -ENOENT);
}

/* In a container: the folder in sight is not the hierarchy's root. */
static void the_root_of_a_bind_mount_stands_in_front(void **state)
{
    static const char bound[] =
        OTHER_MOUNTS "30 23 0:26 /docker/abc /sys/fs/cgroup ro,relatime master:9 - cgroup2 cgroup rw\n";
    (void)state;

    path_is(bound, "/sys/fs/cgroup", "/docker/abc");
    path_is(bound, "/sys/fs/cgroup/job", "/docker/abc/job");
}

static void of_mounts_within_one_another_the_inner_one_counts(void **state)
{
    static const char inner_last[] = V2 "40 30 0:26 /a/b /sys/fs/cgroup/x rw - cgroup2 cgroup2 rw\n";
    static const char inner_first[] = "40 30 0:26 /a/b /sys/fs/cgroup/x rw - cgroup2 cgroup2 rw\n" V2;
    static const char twice[] = "40 30 0:26 /old /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n"
                                "41 40 0:26 /new /sys/fs/cgroup rw - cgroup2 cgroup2 rw\n";
    (void)state;

    path_is(inner_last, "/sys/fs/cgroup/x/y", "/a/b/y");
    path_is(inner_first, "/sys/fs/cgroup/x/y", "/a/b/y");
    path_is(inner_last, "/sys/fs/cgroup/xy", "/xy");
    path_is(twice, "/sys/fs/cgroup/z", "/new/z"); /* the last one is in sight */
}

static void escapes_in_a_mount_point_and_a_root(void **state)
{
    static const char escaped[] =
        "30 23 0:26 /pod\\040one /mnt/my\\040groups\\011and\\134more rw,relatime - cgroup2 none rw\n";
    (void)state;

    path_is(escaped, "/mnt/my groups\tand\\more/a b", "/pod one/a b");
    path_fails(escaped, "/mnt/my\\040groups\\011and\\134more/a b", -ENOENT);
    path_is("30 23 0:26 / /mnt/\\04 rw - cgroup2 none rw\n", "/mnt/\\04/x", "/x"); /* none, at the end */
}

static void optional_fields_may_be_many_or_none(void **state)
{
    (void)state;
    path_is("30 23 0:26 / /c rw - cgroup2 none rw\n", "/c/x", "/x");
    path_is("30 23 0:26 / /c rw shared:1 master:2 propagate_from:3 - cgroup none rw,memory\n", "/c/x", "/x");
    path_is("30 23 0:26 / /c rw - cgroup2 none rw", "/c/x", "/x"); /* without its newline */
}

static void lines_of_another_form_are_left_out(void **state)
{
    (void)state;
    path_is("nonsense\n\n1 2 3\n - cgroup\n1 2 3 4 - cgroup2\n30 23 0:26 / /c rw - cgroup2 none rw\n", "/c/x",
            "/x");
    path_fails("30 23 0:26 / - cgroup2\n", "/c/x", -ENOENT);
    path_fails("30 23 0:26 / /c rw - tmpfs cgroup rw\n", "/c/x", -ENOENT);
    /* What a line lacks is not taken from the next. */
    path_fails("30 23 0:26 / /c rw\n31 23 0:27 / /d rw - cgroup2 none rw\n", "/c/x", -ENOENT);
    path_fails("30 23 0:26\n/ /c - cgroup2 none rw\n", "/c/x", -ENOENT);
}

static void a_path_that_does_not_fit_is_refused(void **state)
{
    static const char mounts[] = "30 23 0:26 /docker /c rw - cgroup2 none rw\n";
    char path[32];
    (void)state;

    for (size_t size = 1; size <= sizeof(path); size++) {
        memset(path, '#', sizeof(path));
        int error = cgroup_path(mounts, "/c/job", path, size);
        if (error == 0)
            assert_string_equal(path, "/docker/job");
        else
            assert_int_equal(error, -ENAMETOOLONG);
        assert_true(size <= strlen("/docker/job") ? error != 0
                                                  : size <= strlen("/docker/job") + 1 || error == 0);
        for (size_t i = size; i < sizeof(path); i++)
            assert_int_equal(path[i], '#');
    }
}

static void a_mount_point_longer_than_any_path_is_left_out(void **state)
{
    static char mounts[3 * PATH_MAX];
    char path[64];
    (void)state;

    strcpy(mounts, "30 23 0:26 / /");
    memset(mounts + strlen(mounts), 'x', PATH_MAX);
    strcat(mounts, " rw - cgroup2 none rw\n31 23 0:26 /");
    memset(mounts + strlen(mounts), 'x', PATH_MAX);
    strcat(mounts, " /c rw - cgroup2 none rw\n");
    assert_int_equal(cgroup_path(mounts, "/c/x", path, sizeof(path)), -ENOENT);
    strcat(mounts, "32 23 0:26 / /c rw - cgroup2 none rw\n");
    assert_int_equal(cgroup_path(mounts, "/c/x", path, sizeof(path)), 0);
    assert_string_equal(path, "/x");
}

static void what_lies_within_what(void **state)
{
    (void)state;
    assert_true(cgroup_is_within("/train", "/train"));
    assert_true(cgroup_is_within("/train/job", "/train"));
    assert_true(cgroup_is_within("/train/job/1", "/train"));
    assert_true(cgroup_is_within("/train", "/"));
    assert_true(cgroup_is_within("/", "/"));
    assert_false(cgroup_is_within("/", "/train"));
    assert_false(cgroup_is_within("/train", "/train/job"));
    assert_false(cgroup_is_within("/training", "/train"));
    assert_false(cgroup_is_within("/train-2/job", "/train"));
    assert_false(cgroup_is_within("/other", "/train"));
    assert_false(cgroup_is_within("train", "/"));
    assert_false(cgroup_is_within("", "/"));
    assert_false(cgroup_is_within("/train", ""));
    assert_false(cgroup_is_within("", ""));
}

static void folder_is(const char *mountinfo, int version, const char *path, const char *expected)
{
    char folder[64] = "nothing";

    assert_int_equal(cgroup_folder(mountinfo, version, path, folder, sizeof(folder)), 0);
    assert_string_equal(folder, expected);
}

static void no_folder(const char *mountinfo, int version, const char *path, int error)
{
    char folder[32];
    assert_int_equal(cgroup_folder(mountinfo, version, path, folder, sizeof(folder)), error);
}

static void the_folder_of_a_group(void **state)
{
    (void)state;
    folder_is(V2, CGROUP_V2, "/train/job", "/sys/fs/cgroup/train/job");
    folder_is(V2, CGROUP_V2, "/", "/sys/fs/cgroup");
    folder_is(V1, CGROUP_V1, "/train/job", "/sys/fs/cgroup/memory/train/job");
    folder_is(HYBRID, CGROUP_V1, "/", "/sys/fs/cgroup/memory");
    folder_is(HYBRID, CGROUP_V2, "/a", "/sys/fs/cgroup/unified/a");
    folder_is("30 23 0:26 / / rw - cgroup2 none rw\n", CGROUP_V2, "/a", "/a");
    folder_is("30 23 0:26 / /my\\040groups rw - cgroup2 none rw", CGROUP_V2, "/a b (deleted)",
              "/my groups/a b (deleted)");
    no_folder(V2, CGROUP_V1, "/train", -ENOENT);
    no_folder(V1, CGROUP_V2, "/train", -ENOENT);
    no_folder(V2, CGROUP_V2, "", -ENOENT);
    no_folder(V2, CGROUP_V2, "train", -ENOENT);
    no_folder("", CGROUP_V2, "/", -ENOENT);
    no_folder(V2, CGROUP_V2, "/a/path/of/more/than/thirty-one/bytes", -ENAMETOOLONG);
}

static void the_folder_of_a_group_in_a_container(void **state)
{
    static const char bound[] = "40 30 0:26 /docker/abc /c rw - cgroup2 cgroup2 rw\n";
    static const char above[] = "40 30 0:26 /.. /c rw - cgroup2 cgroup2 rw\n";
    (void)state;

    folder_is(bound, CGROUP_V2, "/docker/abc", "/c");
    folder_is(bound, CGROUP_V2, "/docker/abc/job", "/c/job");
    folder_is(bound, CGROUP_V2, "/docker/abc/..job", "/c/..job");
    no_folder(bound, CGROUP_V2, "/docker", -ENOENT);
    no_folder(bound, CGROUP_V2, "/docker/abcd", -ENOENT);
    no_folder(bound, CGROUP_V2, "/", -ENOENT);
    folder_is(
        "41 30 0:26 /docker /d rw - cgroup2 cgroup2 rw\n40 30 0:26 /docker/abc /c rw - cgroup2 cgroup2 rw\n",
        CGROUP_V2, "/docker/abc", "/d/abc");
    no_folder(above, CGROUP_V2, "/", -ENOENT);
    /* Outside of the cgroup namespace: never a way out of the mount. */
    no_folder(V2, CGROUP_V2, "/..", -ENOENT);
    no_folder(V2, CGROUP_V2, "/../train", -ENOENT);
    no_folder(V2, CGROUP_V2, "/train/../../x", -ENOENT);
    no_folder(above, CGROUP_V2, "/../train", -ENOENT);
}

static void path_in_version(const char *text, int version, const char *expected)
{
    struct span path = cgroup_in_version(text, version);

    assert_int_equal(path.length, strlen(expected));
    assert_memory_equal(path.at, expected, path.length);
}

static void the_groups_of_both_versions(void **state)
{
    static const char both[] = "9:name=systemd:/s\n4:memory:/m\n3:cpu:/c\n0::/u (deleted)\n";
    (void)state;

    path_in_version(both, CGROUP_V1, "/m");
    path_in_version(both, CGROUP_V2, "/u (deleted)");
    path_in_version("0::/a:b\n", CGROUP_V2, "/a:b");
    path_in_version("0::/\n", CGROUP_V1, "");
    path_in_version("4:memory:/m\n", CGROUP_V2, "");
    path_in_version("", CGROUP_V2, "");
}

static int version_in(const struct folder *folder)
{
    int fd = folder_fd(folder);
    int version = cgroup_version(fd);
    close(fd);
    return version;
}

static void a_folder_that_counts_no_kills_is_of_no_version(void **state)
{
    assert_int_equal(version_in(*state), -ENOENT);
    folder_put(*state, "memory.events.local", "oom_kill 0\n");
    folder_put(*state, "memory.max", "max\n");
    assert_int_equal(version_in(*state), -ENOENT);
    assert_int_equal(cgroup_version(-1), -ENOENT);
}

static void the_version_of_a_group(void **state)
{
    folder_put(*state, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 7\n");
    assert_int_equal(version_in(*state), CGROUP_V1);
    folder_put(*state, "memory.events", "low 0\nhigh 5\nmax 311\noom 4\noom_kill 3\noom_group_kill 1\n");
    assert_int_equal(version_in(*state), CGROUP_V2);
}

static void kills_of_a_v1_tree(void **state)
{
    const struct folder *folder = *state;
    int group = folder_fd(folder);
    uint64_t kills = 7;

    assert_int_equal(cgroup_v1_kills(group, &kills), -ENOENT);
    assert_true(kills == 0);
    folder_put(folder, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n");
    folder_put(folder, "a/memory.oom_control", "oom_kill_disable 0\nunder_oom 0\noom_kill 30\n");
    folder_put(folder, "a/b/memory.oom_control", "oom_kill_disable 1\nunder_oom 0\noom_kill 400\n");
    folder_put(folder, "c/memory.oom_control", "oom_kill_disable 0\nunder_oom 1\n"); /* before 4.13 */
    folder_put(folder, "d/other", "");
    assert_int_equal(cgroup_v1_kills(group, &kills), 0);
    assert_true(kills == 432);
    folder_put(folder, "memory.oom_control", "oom_kill_disable 0\nunder_oom 0\n");
    assert_int_equal(cgroup_v1_kills(group, &kills), -ENODATA);
    close(group);
}

static void group_of(const struct folder *folder, const char *text, const char *comm, int error,
                     const char *expected)
{
    char path[32] = "";

    folder_put(folder, "42/comm", "a worker\n");
    folder_put(folder, "42/cgroup", text);
    assert_int_equal(cgroup_of_process(folder->path, 42, comm, path, sizeof(path)), error);
    if (error == 0)
        assert_string_equal(path, expected);
}

static void the_memory_cgroup_of_a_process(void **state)
{
    const struct folder *folder = *state;
    char path[32];

    group_of(folder, "0::/train/job\n", "a worker", 0, "/train/job");
    group_of(folder, "5:cpu,cpuacct:/c\n4:memory:/m:1\n0::/u\n", "a worker", 0, "/m:1");
    group_of(folder, "4:cpu,memory,pids:/m\n0::/u\n", "a worker", 0, "/m");
    group_of(folder, "4:memory2,xmemory:/m\n0::/u", "a worker", 0, "/u");
    group_of(folder, "4:memory:/\n0::/u\n", "a worker", -ENOENT, NULL); /* it is exiting */
    group_of(folder, "4:cpu:/c\n", "a worker", -ENOENT, NULL);
    group_of(folder, "", "a worker", -ENOENT, NULL);
    group_of(folder, "rubbish\n0:\n", "a worker", -ENOENT, NULL);
    group_of(folder, "0::/a/path/of/more/than/thirty-one/bytes\n", "a worker", -ENAMETOOLONG, NULL);
    group_of(folder, "0::/u\n", "another", -ESRCH, NULL); /* the pid is somebody else's by now */
    group_of(folder, "0::/u\n", "a work", -ESRCH, NULL);
    assert_int_equal(cgroup_of_process(folder->path, 43, "a worker", path, sizeof(path)), -ESRCH);
}

static void mount_is(const char *mountinfo, const char *expected, int expected_version)
{
    char path[64] = "nothing";
    int version = 0;

    assert_int_equal(cgroup_memory_mount(mountinfo, path, sizeof(path), &version), 0);
    assert_string_equal(path, expected);
    assert_int_equal(version, expected_version);
}

static void no_mount(const char *mountinfo, int error)
{
    char path[64];
    int version = 7;

    assert_int_equal(cgroup_memory_mount(mountinfo, path, sizeof(path), &version), error);
    assert_int_equal(version, 7);
}

static void where_the_memory_hierarchy_is_mounted(void **state)
{
    static const char unified_memory[] =
        OTHER_MOUNTS "33 31 0:29 / /sys/fs/cgroup/unified rw,relatime shared:11 - cgroup2 cgroup2 rw\n"
                     "37 31 0:31 / /sys/fs/cgroup/cpu rw,relatime shared:16 - cgroup cgroup rw,cpu\n";
    (void)state;

    mount_is(V2, "/sys/fs/cgroup", CGROUP_V2);
    mount_is(V1, "/sys/fs/cgroup/memory", CGROUP_V1);
    mount_is(HYBRID, "/sys/fs/cgroup/memory", CGROUP_V1);
    mount_is(unified_memory, "/sys/fs/cgroup/unified", CGROUP_V2);
    mount_is("33 31 0:29 / /u rw - cgroup2 none rw\n" V1, "/sys/fs/cgroup/memory", CGROUP_V1);
    mount_is("36 31 0:30 / /m rw - cgroup cgroup rw,cpu,memory,pids", "/m", CGROUP_V1);
    no_mount(OTHER_MOUNTS, -ENOENT);
    no_mount("", -ENOENT);
}

static void what_only_looks_like_the_memory_controller(void **state)
{
    (void)state;
    no_mount("36 31 0:30 / /m rw - cgroup cgroup rw,memory2,xmemory\n", -ENOENT);
    no_mount("36 31 0:30 / /m rw,memory - cgroup memory rw,cpu\n", -ENOENT);
    no_mount("36 31 0:30 / /m rw - cgroup3 cgroup rw,memory\n", -ENOENT);
    no_mount("36 31 0:30 / /m rw - tmpfs cgroup2 rw,memory\n", -ENOENT);
    no_mount("36 31 0:30 / - cgroup2\n", -ENOENT);
    no_mount("36 31 0:30 / /m -  cgroup2 none rw\n", -ENOENT);
    no_mount(" - cgroup2 none rw\n - \n - cgroup\n\n", -ENOENT);
}

/* As containers see it: the root of their own, and those of others, may be mounted beside the whole one. */
static void of_several_mounts_the_one_that_shows_most(void **state)
{
#define POD   "40 30 0:26 /pod/a /pods/a rw - cgroup2 cgroup2 rw\n"
#define OUTER "41 30 0:26 /pod /pods rw - cgroup2 cgroup2 rw\n"
    (void)state;

    mount_is(POD, "/pods/a", CGROUP_V2);
    mount_is(POD OUTER, "/pods", CGROUP_V2);
    mount_is(POD V2 OUTER, "/sys/fs/cgroup", CGROUP_V2);
    mount_is(V2 "42 30 0:26 / /again rw - cgroup2 cgroup2 rw\n", "/sys/fs/cgroup", CGROUP_V2);
    mount_is(V1 "42 30 0:30 /docker/abc /d rw - cgroup cgroup rw,memory\n", "/sys/fs/cgroup/memory",
             CGROUP_V1);
}

static void a_mount_point_with_escapes_or_too_long(void **state)
{
    (void)state;
    mount_is("30 23 0:26 / /mnt/my\\040groups\\011and\\134more rw - cgroup2 none rw\n",
             "/mnt/my groups\tand\\more", CGROUP_V2);
    no_mount(
        "30 23 0:26 / /of/more/than/sixty-three/bytes/of/more/than/sixty-three/bytes/x rw - cgroup2 n r\n",
        -ENAMETOOLONG);
}

/* Whatever this machine has, it is what its own table of mounts says. */
static void where_the_hierarchy_of_this_machine_is(void **state)
{
    char *mountinfo = file_get("/proc/self/mountinfo");
    char expected[PATH_MAX] = "", path[PATH_MAX] = "";
    int expected_version = 0, version = 0;
    (void)state;

    int error = cgroup_memory_mount(mountinfo, expected, sizeof(expected), &expected_version);
    free(mountinfo);
    assert_int_equal(cgroup_memory_find(path, sizeof(path), &version), error);
    assert_string_equal(path, expected);
    assert_int_equal(version, expected_version);
    if (error < 0)
        skip();
    assert_true(version == CGROUP_V1 || version == CGROUP_V2);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(cgroup_memory_find(path, 1, &version), -ENAMETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(kills_of_a_v1_tree),
        unit_test_in_folder(the_memory_cgroup_of_a_process),
        cmocka_unit_test(paths_of_version_2),
        cmocka_unit_test(paths_of_version_1),
        cmocka_unit_test(paths_of_both_at_once),
        cmocka_unit_test(what_lies_on_no_cgroup_mount_has_no_path),
        cmocka_unit_test(the_root_of_a_bind_mount_stands_in_front),
        cmocka_unit_test(of_mounts_within_one_another_the_inner_one_counts),
        cmocka_unit_test(escapes_in_a_mount_point_and_a_root),
        cmocka_unit_test(optional_fields_may_be_many_or_none),
        cmocka_unit_test(lines_of_another_form_are_left_out),
        cmocka_unit_test(a_path_that_does_not_fit_is_refused),
        cmocka_unit_test(a_mount_point_longer_than_any_path_is_left_out),
        cmocka_unit_test(what_lies_within_what),
        cmocka_unit_test(the_folder_of_a_group),
        cmocka_unit_test(the_folder_of_a_group_in_a_container),
        cmocka_unit_test(the_groups_of_both_versions),
        unit_test_in_folder(a_folder_that_counts_no_kills_is_of_no_version),
        unit_test_in_folder(the_version_of_a_group),
        cmocka_unit_test(where_the_memory_hierarchy_is_mounted),
        cmocka_unit_test(what_only_looks_like_the_memory_controller),
        cmocka_unit_test(of_several_mounts_the_one_that_shows_most),
        cmocka_unit_test(a_mount_point_with_escapes_or_too_long),
        cmocka_unit_test(where_the_hierarchy_of_this_machine_is),
    };
    return cmocka_run_group_tests_name("cgroup", tests, NULL, NULL);
}
