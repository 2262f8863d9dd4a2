#include "kernel/uptime.h"
#include "support.h"

#include <errno.h>

static void the_time_since_boot(void **state)
{
    const struct folder *folder = *state;
    uint64_t ns = 0;

    folder_put(folder, "uptime", "350735.47 234388.90\n");
    assert_int_equal(uptime_read(folder->path, &ns), 0);
    assert_true(ns == UINT64_C(350735470000000));
    folder_put(folder, "uptime", "0.01");
    assert_int_equal(uptime_read(folder->path, &ns), 0);
    assert_true(ns == 10000000);
}

static void what_is_no_time(void **state)
{
    static const char *const texts[] = {"", "\n", "x", "12", "0.00 0.00\n", "99999999999999999999.00 1.00\n"};
    const struct folder *folder = *state;
    uint64_t ns = 7;

    assert_int_equal(uptime_read(folder->path, &ns), -ENOENT);
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        folder_put(folder, "uptime", texts[i]);
        assert_int_equal(uptime_read(folder->path, &ns), -EINVAL);
    }
    assert_true(ns == 7);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(the_time_since_boot),
        unit_test_in_folder(what_is_no_time),
    };
    return cmocka_run_group_tests_name("uptime", tests, NULL, NULL);
}
