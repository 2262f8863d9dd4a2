#include "kernel/mountinfo.h"
#include "support.h"

static bool read_line(const char *line, struct mount_line *mount)
{
    return mountinfo_read(mount, span_of(line));
}

static void a_line(void **state)
{
    struct mount_line mount;
    (void)state;

    assert_true(read_line("36 35 98:1048575 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw", &mount));
    assert_int_equal(mount.device, 98U << 20 | 1048575);
    assert_string_equal(mount.root, "/mnt1");
    assert_string_equal(mount.point, "/mnt2");
}

static void escapes(void **state)
{
    static const struct {
        const char *point;
        const char *plain;
    } cases[] = {
        {"/a\\040two\\011three\\012four", "/a two\tthree\nfour"},
        {"/a\\134040", "/a\\040"},
        {"/a\\377", "/a\xff"},
        {"/a\\", "/a\\"}, /* and what the kernel never writes */
        {"/a\\04", "/a\\04"},
        {"/a\\09z", "/a\\09z"},
        {"/a\\\xff\xff\xff", "/a\\\xff\xff\xff"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        TEXT(line, 256);
        struct mount_line mount;
        text_format(&line, "30 23 0:26 %s %s rw - tmpfs none rw", cases[i].point, cases[i].point);
        text_char(&line, '\0');
        assert_true(read_line(line.bytes, &mount));
        assert_string_equal(mount.root, cases[i].plain);
        assert_string_equal(mount.point, cases[i].plain);
    }
}

static void what_is_no_line(void **state)
{
    static const char *const lines[] = {
        "",
        " ",
        "30",
        "30 23",
        "30 23 0:26",
        "30 23 0:26 /",
        "30 23 0 / /x rw",
        "30 23 :26 / /x rw",
        "30 23 0: / /x rw",
        "30 23 a:b / /x rw",
    };
    struct mount_line mount;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(lines); i++)
        assert_false(read_line(lines[i], &mount));
}

static void a_path_that_is_too_long(void **state)
{
    static char line[2 * PATH_MAX];
    struct mount_line mount;
    (void)state;

    for (size_t length = PATH_MAX - 1; length <= PATH_MAX; length++) {
        struct text text = text_over(line, sizeof(line) - 1);
        text_string(&text, "30 23 0:26 / ");
        for (size_t i = 0; i < length; i++)
            text_char(&text, 'x');
        line[text.length] = '\0';
        assert_int_equal(read_line(line, &mount), length < PATH_MAX);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line),
        cmocka_unit_test(escapes),
        cmocka_unit_test(what_is_no_line),
        cmocka_unit_test(a_path_that_is_too_long),
    };
    return cmocka_run_group_tests_name("mountinfo", tests, NULL, NULL);
}
