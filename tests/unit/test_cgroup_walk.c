#include "kernel/cgroup_walk.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* The paths of a walk, sorted, with a blank behind each. */
struct paths {
    char *all[4096];
    size_t count;
};

static int compare(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void keep(struct paths *paths, const char *path)
{
    assert_true(paths->count < COUNT_OF(paths->all));
    paths->all[paths->count++] = strdup(path);
}

static bool has(const struct paths *paths, const char *path)
{
    for (size_t i = 0; i < paths->count; i++) {
        if (strcmp(paths->all[i], path) == 0)
            return true;
    }
    return false;
}

/* Those above are there already. */
static void check_order(const struct paths *paths, const char *path)
{
    char above[CGROUP_PATH_MAX];

    snprintf(above, sizeof(above), "%s", path);
    *strrchr(above, '/') = '\0';
    assert_true(has(paths, *above ? above : "/") || strcmp(path, "/") == 0);
}

static void forget(struct paths *paths)
{
    for (size_t i = 0; i < paths->count; i++)
        free(paths->all[i]);
    paths->count = 0;
}

/* The descriptor and the inode are those of the folder with that path. */
static void check_found(const struct folder *folder, const struct cgroup_found *group)
{
    struct stat there, found;
    char path[CGROUP_PATH_MAX + 64];

    snprintf(path, sizeof(path), "%s%s", folder->path, group->path);
    assert_int_equal(stat(path, &there), 0);
    assert_int_equal(fstat(group->fd, &found), 0);
    assert_true(there.st_ino == found.st_ino && group->inode == found.st_ino);
}

static struct cgroup_walk walk; /* which is large */

#define assert_walk(folder, expected) check_walk(folder, expected, __LINE__)
static void check_walk(const struct folder *folder, const char *expected, int line)
{
    struct paths paths = {.count = 0};
    struct cgroup_found group;
    TEXT(all, 4096);

    int more = cgroup_walk_begin(&walk, folder->path, &group);
    for (; more > 0; more = cgroup_walk_next(&walk, &group)) {
        check_found(folder, &group);
        check_order(&paths, group.path);
        keep(&paths, group.path);
    }
    assert_int_equal(more, 0);
    assert_int_equal(cgroup_walk_next(&walk, &group), 0);
    cgroup_walk_end(&walk);
    qsort(paths.all, paths.count, sizeof(*paths.all), compare);
    for (size_t i = 0; i < paths.count; i++)
        text_format(&all, "%s ", paths.all[i]);
    forget(&paths);
    check_text(&all, expected, __FILE__, line);
}

static void groups_and_those_below_them(void **state)
{
    int before = open_descriptors();

    assert_walk(*state, "/ ");
    folder_put(*state, "memory.stat", "");
    folder_put(*state, "a/memory.stat", "");
    folder_put(*state, "a/b/c/memory.stat", "");
    folder_put(*state, "a/b/d/memory.stat", "");
    folder_put(*state, "e/memory.stat", "");
    assert_walk(*state, "/ /a /a/b /a/b/c /a/b/d /e ");
    assert_int_equal(walk.too_deep, 0);
    assert_int_equal(open_descriptors(), before);
}

static void names_of_any_bytes(void **state)
{
    folder_put(*state, ".hidden/x", "");
    folder_put(*state, "..x/y/z", "");
    folder_put(*state, "\x1b[31m\n\xff/x", "");
    assert_walk(*state, "/ /\x1b[31m\n\xff /..x /..x/y /.hidden ");
}

static void a_link_is_no_group(void **state)
{
    const struct folder *folder = *state;
    char path[128];

    folder_put(folder, "a/x", "");
    snprintf(path, sizeof(path), "%s/link", folder->path);
    assert_int_equal(symlink("a", path), 0);
    assert_walk(folder, "/ /a ");
    struct cgroup_found group;
    assert_int_equal(cgroup_walk_begin(&walk, path, &group), 1); /* but the first one may be */
    cgroup_walk_end(&walk);
}

static void more_than_fit_a_piece(void **state)
{
    enum { MANY = 500 };
    struct cgroup_found group;
    size_t count = 0;
    char name[32];

    for (int i = 0; i < MANY; i++) {
        snprintf(name, sizeof(name), "a/group-%d/below/file", i);
        folder_put(*state, name, "");
    }
    int more = cgroup_walk_begin(&walk, ((struct folder *)*state)->path, &group);
    for (; more > 0; more = cgroup_walk_next(&walk, &group)) {
        check_found(*state, &group);
        count++;
    }
    assert_int_equal(more, 0);
    assert_int_equal(count, 2 + 2 * MANY);
}

/* Puts FILE that many folders down, which are all called "d". */
static void put_deep(const struct folder *folder, unsigned levels, const char *file)
{
    TEXT(path, 256);

    for (unsigned i = 0; i < levels; i++)
        text_string(&path, "d/");
    text_string(&path, file);
    text_char(&path, '\0');
    folder_put(folder, path.bytes, "");
}

static void check_deepest(const struct folder *folder, uint64_t too_deep)
{
    struct cgroup_found group;
    size_t count = 0, longest = 0;

    int more = cgroup_walk_begin(&walk, folder->path, &group);
    for (; more > 0; more = cgroup_walk_next(&walk, &group), count++)
        longest = strlen(group.path) > longest ? strlen(group.path) : longest;
    assert_int_equal(more, 0);
    assert_int_equal(count, CGROUP_DEPTH_MAX + 1);
    assert_int_equal(longest, 2 * CGROUP_DEPTH_MAX);
    assert_int_equal(walk.too_deep, too_deep);
}

static void what_is_too_deep_is_counted(void **state)
{
    put_deep(*state, CGROUP_DEPTH_MAX, "x");
    check_deepest(*state, 0);
    put_deep(*state, CGROUP_DEPTH_MAX + 5, "x");
    check_deepest(*state, 1); /* the topmost alone */
    put_deep(*state, CGROUP_DEPTH_MAX, "e/x");
    check_deepest(*state, 2);
}

static void a_path_that_is_too_long_is_cut(void **state)
{
    struct cgroup_found group;
    char long_name[251], name[800], expected[CGROUP_PATH_MAX];

    memset(long_name, 'n', sizeof(long_name));
    long_name[sizeof(long_name) - 1] = '\0';
    snprintf(name, sizeof(name), "%s/%s/%s/x", long_name, long_name, long_name);
    folder_put(*state, name, "");
    assert_int_equal(cgroup_walk_begin(&walk, ((struct folder *)*state)->path, &group), 1);
    for (int levels = 1; levels <= 3; levels++) {
        assert_int_equal(cgroup_walk_next(&walk, &group), 1);
        snprintf(name, sizeof(name), "/%s/%s/%s", long_name, long_name, long_name);
        name[(size_t)levels * sizeof(long_name)] = '\0';
        memcpy(expected, name, sizeof(expected));
        expected[sizeof(expected) - 1] = '\0';
        assert_string_equal(group.path, expected);
    }
    assert_int_equal(cgroup_walk_next(&walk, &group), 0);
}

static void delete_folder(const struct folder *folder, const char *name)
{
    char path[128];

    snprintf(path, sizeof(path), "%s/x", name);
    folder_delete(folder, path);
    folder_delete(folder, name);
}

/* Both are listed by the time that the first one is found. */
static void one_that_goes_meanwhile(void **state)
{
    struct cgroup_found group;

    folder_put(*state, "a/x", "");
    folder_put(*state, "b/x", "");
    assert_int_equal(cgroup_walk_begin(&walk, ((struct folder *)*state)->path, &group), 1);
    assert_int_equal(cgroup_walk_next(&walk, &group), 1);
    delete_folder(*state, strcmp(group.path, "/a") == 0 ? "b" : "a");
    assert_int_equal(cgroup_walk_next(&walk, &group), 0);
}

static void one_that_goes_with_those_below_it(void **state)
{
    struct cgroup_found group;

    folder_put(*state, "a/b/x", "");
    folder_put(*state, "a/x", "");
    assert_int_equal(cgroup_walk_begin(&walk, ((struct folder *)*state)->path, &group), 1);
    assert_int_equal(cgroup_walk_next(&walk, &group), 1);
    assert_string_equal(group.path, "/a");
    delete_folder(*state, "a/b");
    delete_folder(*state, "a");
    assert_int_equal(cgroup_walk_next(&walk, &group), 0);
}

static void a_walk_that_ends_early(void **state)
{
    int before = open_descriptors();
    struct cgroup_found group;

    folder_put(*state, "a/b/x", "");
    assert_int_equal(cgroup_walk_begin(&walk, ((struct folder *)*state)->path, &group), 1);
    assert_int_equal(cgroup_walk_next(&walk, &group), 1);
    assert_int_equal(open_descriptors(), before + 2);
    cgroup_walk_end(&walk);
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(cgroup_walk_next(&walk, &group), 0);
}

static void what_is_no_folder(void **state)
{
    struct cgroup_found group = {.inode = 7};
    char path[128];

    assert_int_equal(cgroup_walk_begin(&walk, "/nonexistent", &group), -ENOENT);
    assert_int_equal(cgroup_walk_next(&walk, &group), 0);
    folder_put(*state, "file", "");
    snprintf(path, sizeof(path), "%s/file", ((struct folder *)*state)->path);
    assert_int_equal(cgroup_walk_begin(&walk, path, &group), -ENOTDIR);
    assert_true(group.inode == 7);
    cgroup_walk_end(&walk);
}

/* No descriptor is left: what is found is told of all the same. */
static void a_folder_that_cannot_be_opened(void **state)
{
    const struct folder *folder = *state;
    struct rlimit limit, none;
    struct cgroup_found group;
    struct stat status;
    char path[128];

    folder_put(folder, "a/b/x", "");
    snprintf(path, sizeof(path), "%s/a", folder->path);
    assert_int_equal(stat(path, &status), 0);
    assert_int_equal(cgroup_walk_begin(&walk, folder->path, &group), 1);
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){0, limit.rlim_max};
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
    int more = cgroup_walk_next(&walk, &group);
    assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
    assert_int_equal(more, 1);
    assert_int_equal(group.fd, -EMFILE);
    assert_string_equal(group.path, "/a");
    assert_true(group.inode == status.st_ino);
    assert_int_equal(cgroup_walk_next(&walk, &group), 0);
}

/* As /dev has them, mostly. */
static void other_file_systems_are_left_alone(void **state)
{
    struct cgroup_found group;
    struct stat dev, pts;
    (void)state;

    if (stat("/dev", &dev) < 0 || stat("/dev/pts", &pts) < 0 || dev.st_dev == pts.st_dev)
        skip();
    int more = cgroup_walk_begin(&walk, "/dev", &group);
    for (; more > 0; more = cgroup_walk_next(&walk, &group))
        assert_string_not_equal(group.path, "/pts");
    assert_int_equal(more, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(groups_and_those_below_them),
        unit_test_in_folder(names_of_any_bytes),
        unit_test_in_folder(a_link_is_no_group),
        unit_test_in_folder(more_than_fit_a_piece),
        unit_test_in_folder(what_is_too_deep_is_counted),
        unit_test_in_folder(a_path_that_is_too_long_is_cut),
        unit_test_in_folder(one_that_goes_meanwhile),
        unit_test_in_folder(one_that_goes_with_those_below_it),
        unit_test_in_folder(a_walk_that_ends_early),
        unit_test_in_folder(what_is_no_folder),
        unit_test_in_folder(a_folder_that_cannot_be_opened),
        cmocka_unit_test(other_file_systems_are_left_alone),
    };
    return cmocka_run_group_tests_name("cgroup_walk", tests, NULL, NULL);
}
