#include "kernel/file_system.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

/* Stand before the kernel's table of mounts, and before what is mounted, where a test has its own. */
static const char *mounts; /* NULL: the kernel's */
static char looked_at[512];

int __real_file_read_whole(const char *path, char **text);
int __wrap_file_read_whole(const char *path, char **text);

int __wrap_file_read_whole(const char *path, char **text)
{
    if (!mounts)
        return __real_file_read_whole(path, text);
    assert_string_equal(path, "/proc/self/mountinfo");
    *text = strdup(mounts);
    return *text ? 0 : -ENOMEM;
}

/* By what name the C library's headers call it depends on the width of off_t. */
int __wrap_statvfs(const char *path, struct statvfs *room);
int __wrap_statvfs64(const char *path, struct statvfs *room);

static int really(const char *path, struct statvfs *room)
{
    int fd = open(path, O_PATH | O_CLOEXEC);
    int error = fd < 0 ? -1 : fstatvfs(fd, room);

    if (fd >= 0)
        close(fd);
    return error;
}

/* What is called "/full..." is; there is room on all others, and none of any size on "/none". */
int __wrap_statvfs(const char *path, struct statvfs *room)
{
    if (!mounts)
        return really(path, room);
    snprintf(looked_at + strlen(looked_at), sizeof(looked_at) - strlen(looked_at), "%s;", path);
    if (strncmp(path, "/gone", 5) == 0) {
        errno = ENOENT;
        return -1;
    }
    *room = (struct statvfs){.f_frsize = 4096, .f_blocks = strcmp(path, "/none") == 0 ? 0 : 1000};
    room->f_bavail = strncmp(path, "/full", 5) == 0 ? 15 : 16;
    room->f_flag = strcmp(path, "/full-ro") == 0 ? ST_RDONLY : 0;
    return 0;
}

int __wrap_statvfs64(const char *path, struct statvfs *room)
{
    return __wrap_statvfs(path, room);
}

static int find(const char *text, uint32_t device, struct file_system *full)
{
    mounts = text;
    looked_at[0] = '\0';
    int found = file_system_find_full(full, device);
    mounts = NULL;
    return found;
}

#define MOUNT(numbers, point) "36 35 " numbers " / " point " rw,relatime shared:1 - tmpfs tmpfs rw\n"

static void the_first_that_is_full(void **state)
{
    struct file_system full = {.path = "as it was"};
    (void)state;

    assert_int_equal(find(MOUNT("0:1", "/a") MOUNT("0:2", "/none") MOUNT("0:3", "/gone")
                              MOUNT("0:4", "/full-ro") MOUNT("0:5", "/full") MOUNT("0:6", "/full2"),
                          0, &full),
                     1);
    assert_string_equal(full.path, "/full");
    assert_int_equal(full.size_bytes, 4096000);
    assert_int_equal(full.free_bytes, 15 * 4096);
    assert_string_equal(looked_at, "/a;/none;/gone;/full-ro;/full;");
}

static void of_one_device_alone(void **state)
{
    static const char text[] = MOUNT("0:5", "/full") MOUNT("8:5", "/full-b") MOUNT("8:1048575", "/full-c");
    struct file_system full = {.path = "as it was"};
    (void)state;

    assert_int_equal(find(text, 8U << 20 | 5, &full), 1);
    assert_string_equal(full.path, "/full-b");
    assert_string_equal(looked_at, "/full-b;"); /* the others may be somewhere that does not answer */
    assert_int_equal(find(text, 8U << 20 | 1048575, &full), 1);
    assert_string_equal(full.path, "/full-c");
    assert_int_equal(find(text, 9U << 20 | 5, &full), 0);
    assert_string_equal(looked_at, "");
}

static void where_none_is_full_nothing_is_told(void **state)
{
    struct file_system full = {.path = "as it was", .size_bytes = 7};
    (void)state;

    assert_int_equal(find(MOUNT("0:1", "/a") MOUNT("0:2", "/b"), 0, &full), 0);
    assert_string_equal(full.path, "as it was");
    assert_int_equal(full.size_bytes, 7);
    assert_int_equal(find("", 0, &full), 0);
}

static void what_the_kernel_writes_otherwise_in_a_path(void **state)
{
    static const struct {
        const char *written, *path;
    } cases[] = {
        {"/full\\040two\\011three\\012four", "/full two\tthree\nfour"},
        {"/full\\134040", "/full\\040"},
        {"/full\\043", "/full#"},
        {"/full\\", "/full\\"}, /* and what it never does */
        {"/full\\0", "/full\\0"},
        {"/full\\04", "/full\\04"},
        {"/full\\09z", "/full\\09z"},
        {"/full\\\\\\\\", "/full\\\\\\\\"},
        {"/full\\xff\xff", "/full\\xff\xff"},
        {"/full\\377", "/full\xff"},
        {"/full\\000/cut", "/full"},
    };
    struct file_system full;
    char text[512];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        snprintf(text, sizeof(text), "36 35 0:1 / %s rw - tmpfs tmpfs rw\n", cases[i].written);
        assert_int_equal(find(text, 0, &full), 1);
        assert_string_equal(full.path, cases[i].path);
    }
}

static void a_long_path_is_looked_at_whole_and_told_cut(void **state)
{
    char point[400] = "/full";
    char text[600], cut[FILE_SYSTEM_PATH_MAX] = "";
    struct file_system full;
    (void)state;

    memset(point + 5, 'x', sizeof(point) - 6);
    memcpy(cut, point, sizeof(cut) - 1);
    snprintf(text, sizeof(text), "36 35 0:1 / %s rw - tmpfs tmpfs rw\n", point);
    assert_int_equal(find(text, 0, &full), 1);
    assert_string_equal(full.path, cut);
    assert_int_equal(strlen(looked_at), strlen(point) + 1);
}

static void lines_that_are_none_are_passed_over(void **state)
{
    static const char *const lines[] = {
        "\n",
        " \n",
        "36\n",
        "36 35 0:1 / \n",
        "36 35 0:1\n",
        "36 35 01 / /full-x rw\n",
        "36 35 x:1 / /full-x rw\n",
        "36 35 0:x / /full-x rw\n",
        "36 35 : / /full-x rw\n",
        "36 35 0:99999999999999999999 / /full-x rw\n",
    };
    struct file_system full;
    char text[256];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        assert_int_equal(find(lines[i], 0, &full), 0);
        snprintf(text, sizeof(text), "%s%s", lines[i], MOUNT("0:1", "/full"));
        assert_int_equal(find(text, 0, &full), 1);
        assert_string_equal(full.path, "/full");
    }
}

static void full_is_less_than_16_pages(void **state)
{
    (void)state;

    assert_true(file_system_is_full(&(struct file_system){.free_bytes = 0}));
    assert_true(file_system_is_full(&(struct file_system){.free_bytes = 65535}));
    assert_false(file_system_is_full(&(struct file_system){.free_bytes = 65536}));
    assert_false(file_system_is_full(&(struct file_system){.free_bytes = UINT64_MAX}));
}

static void what_is_looked_at(void **state)
{
    struct file_system looked = {.path = ""};
    struct statvfs room;
    (void)state;

    assert_int_equal(statvfs("/tmp", &room), 0);
    assert_int_equal(file_system_look(&looked, "/tmp"), 0);
    assert_string_equal(looked.path, "/tmp");
    assert_true(looked.size_bytes == (uint64_t)room.f_blocks * room.f_frsize);
    assert_true(looked.free_bytes <= looked.size_bytes);
    assert_int_equal(file_system_look(&looked, "/nonexistent"), -ENOENT);
    assert_int_equal(file_system_look(&looked, "/proc/self"), -ENODATA);
    assert_string_equal(looked.path, "/tmp");
}

/* -- a file system of the test's own, in a mount namespace of a child's -- */

enum { CANNOT = 77 };

static int fill(const char *folder)
{
    static const char bytes[65536];
    char path[160];

    snprintf(path, sizeof(path), "%s/file", folder);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return -1;
    while (write(fd, bytes, sizeof(bytes)) > 0) {
    }
    close(fd);
    return 0;
}

/* Returns an exit status: 0, CANNOT, or which of the steps went wrong. */
static int with_a_full_mount(const char *folder)
{
    struct file_system full;
    struct stat status;
    char path[128];

    snprintf(path, sizeof(path), "%s/a b", folder); /* which the kernel writes "a\040b" */
    if (unshare(CLONE_NEWNS) < 0 || mount("", "/", "", MS_REC | MS_PRIVATE, NULL) < 0 ||
        mkdir(path, 0700) < 0 || mount("t", path, "tmpfs", 0, "size=1m") < 0 || stat(path, &status) < 0)
        return CANNOT;
    uint32_t device = (uint32_t)(major(status.st_dev) << 20 | minor(status.st_dev));
    if (file_system_find_full(&full, device) != 0)
        return 1;
    if (fill(path) < 0 || file_system_find_full(&full, device) != 1)
        return 2;
    if (strcmp(full.path, path) != 0 || full.size_bytes != 1 << 20 || full.free_bytes != 0)
        return 3;
    if (file_system_find_full(&full, 0) != 1)
        return 4;
    if (mount("t", path, "tmpfs", MS_REMOUNT | MS_RDONLY, "size=1m") < 0)
        return CANNOT;
    return file_system_find_full(&full, device) == 0 ? 0 : 5;
}

static void a_tmpfs_that_is_full(void **state)
{
    int status;

    if (geteuid() != 0)
        skip();
    pid_t child = fork();
    if (child == 0)
        _exit(with_a_full_mount(((struct folder *)*state)->path));
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    if (WEXITSTATUS(status) == CANNOT)
        skip(); /* a container */
    assert_int_equal(WEXITSTATUS(status), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_that_is_full),
        cmocka_unit_test(of_one_device_alone),
        cmocka_unit_test(where_none_is_full_nothing_is_told),
        cmocka_unit_test(what_the_kernel_writes_otherwise_in_a_path),
        cmocka_unit_test(a_long_path_is_looked_at_whole_and_told_cut),
        cmocka_unit_test(lines_that_are_none_are_passed_over),
        cmocka_unit_test(full_is_less_than_16_pages),
        cmocka_unit_test(what_is_looked_at),
        unit_test_in_folder(a_tmpfs_that_is_full),
    };
    return cmocka_run_group_tests_name("file_system", tests, NULL, NULL);
}
