#include "kernel/path_names.h"
#include "support.h"

#include <errno.h>
#include <string.h>

#define JOIN(path, bytes, cut) path_names_join(path, bytes, sizeof(bytes), cut)

static void names_are_put_in_order(void **state)
{
    char path[PATH_NAMES_MAX];
    (void)state;

    assert_int_equal(JOIN(path, "data.bin\0srv\0mnt", false), 0);
    assert_string_equal(path, "/mnt/srv/data.bin");
    assert_int_equal(JOIN(path, "data.bin\0srv", true), 0);
    assert_string_equal(path, ".../srv/data.bin");
    assert_int_equal(path_names_join(path, "", 0, false), 0);
    assert_string_equal(path, "");
}

static void the_longest_fits(void **state)
{
    static char most[PATH_ROOM + 1]; /* nothing but the ends of names */
    static char path[PATH_NAMES_MAX];
    (void)state;

    assert_int_equal(path_names_join(path, most, PATH_ROOM, true), 0);
    assert_int_equal(strlen(path), 3 + PATH_ROOM);
    assert_int_equal(path_names_join(path, most, PATH_ROOM + 1, true), -EBADMSG);
}

static void what_has_no_end_is_refused(void **state)
{
    char path[PATH_NAMES_MAX];
    (void)state;

    assert_int_equal(path_names_join(path, "srv\0mnt", 7, false), -EBADMSG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_put_in_order),
        cmocka_unit_test(the_longest_fits),
        cmocka_unit_test(what_has_no_end_is_refused),
    };
    return cmocka_run_group_tests_name("path_names", tests, NULL, NULL);
}
