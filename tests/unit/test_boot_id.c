#include "kernel/boot_id.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char file[] = "sys/kernel/random/boot_id";
static const uint8_t zero[BOOT_ID_BYTES];

static int read_id(const struct folder *folder, const char *text, uint8_t id[BOOT_ID_BYTES])
{
    folder_put(folder, file, text);
    memset(id, 0xee, BOOT_ID_BYTES);
    return boot_id_read(folder->path, id);
}

static void as_the_kernel_writes_it(void **state)
{
    static const uint8_t expected[BOOT_ID_BYTES] = {0x0e, 0x2b, 0x5a, 0x9c, 0x63, 0xf0, 0x4c, 0x1e,
                                                    0x9a, 0x57, 0x0d, 0x9c, 0xf1, 0xa8, 0xc5, 0xee};
    uint8_t id[BOOT_ID_BYTES];

    assert_int_equal(read_id(*state, "0e2b5a9c-63f0-4c1e-9a57-0d9cf1a8c5ee\n", id), 0);
    assert_memory_equal(id, expected, sizeof(expected));
    assert_int_equal(read_id(*state, "0e2b5a9c63f04c1e9a570d9cf1a8c5ee", id), 0);
    assert_memory_equal(id, expected, sizeof(expected));
}

static void another_form_is_none(void **state)
{
    static const char *const texts[] = {
        "",
        "\n",
        "0e2b5a9c-63f0-4c1e-9a57-0d9cf1a8c5e\n",
        "0e2b5a9c-63f0-4c1e-9a57-0d9cf1a8c5eee\n",
        "0e2b5a9c-63f0-4c1e-9a57-0d9cf1a8c5e\n0",
        "0E2B5A9C-63F0-4C1E-9A57-0D9CF1A8C5EE\n",
        "0e2b5a9c 63f0 4c1e 9a57 0d9cf1a8c5ee\n",
        "ge2b5a9c-63f0-4c1e-9a57-0d9cf1a8c5ee\n",
        "0e2b5a9c-63f0-4c1e-9a57-0d9cf1a8c5ee0e2b5a9c-63f0-4c1e-9a57-0d9cf1a8c5ee\n",
        "---------------------------------------------------------------------------",
    };
    uint8_t id[BOOT_ID_BYTES];

    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        if (read_id(*state, texts[i], id) != -EINVAL)
            fail_msg("'%s'", texts[i]);
        assert_memory_equal(id, zero, sizeof(zero));
    }
}

static void a_zero_byte_is_no_digit(void **state)
{
    static const char text[] = "0e2b5a9c-63f0-4c1e-9a57-0d9cf1a8c5e\0\n";
    uint8_t id[BOOT_ID_BYTES];

    folder_put_bytes(*state, file, text, sizeof(text) - 1);
    assert_int_equal(boot_id_read(((struct folder *)*state)->path, id), -EINVAL);
    assert_memory_equal(id, zero, sizeof(zero));
}

static void where_there_is_none_the_id_is_zero(void **state)
{
    const struct folder *folder = *state;
    uint8_t id[BOOT_ID_BYTES];

    memset(id, 0xee, sizeof(id));
    assert_int_equal(boot_id_read(folder->path, id), -ENOENT);
    assert_memory_equal(id, zero, sizeof(zero));
    folder_put(folder, "sys/kernel/random/boot_id/folder", "");
    memset(id, 0xee, sizeof(id));
    assert_int_equal(boot_id_read(folder->path, id), -EISDIR);
    assert_memory_equal(id, zero, sizeof(zero));
}

static void a_path_without_end_is_refused(void **state)
{
    char path[5000];
    uint8_t id[BOOT_ID_BYTES];
    (void)state;

    memset(path, 'p', sizeof(path));
    path[sizeof(path) - 1] = '\0';
    memset(id, 0xee, sizeof(id));
    assert_int_equal(boot_id_read(path, id), -ENAMETOOLONG);
    assert_memory_equal(id, zero, sizeof(zero));
}

static void the_running_kernel_has_one(void **state)
{
    uint8_t first[BOOT_ID_BYTES], second[BOOT_ID_BYTES];
    (void)state;

    if (boot_id_read("/proc", first) == -ENOENT)
        skip(); /* a container that hides /proc/sys */
    assert_int_equal(boot_id_read("/proc", second), 0);
    assert_memory_equal(first, second, sizeof(first));
    assert_memory_not_equal(first, zero, sizeof(zero));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(as_the_kernel_writes_it),
        unit_test_in_folder(another_form_is_none),
        unit_test_in_folder(a_zero_byte_is_no_digit),
        unit_test_in_folder(where_there_is_none_the_id_is_zero),
        cmocka_unit_test(a_path_without_end_is_refused),
        cmocka_unit_test(the_running_kernel_has_one),
    };
    return cmocka_run_group_tests_name("boot_id", tests, NULL, NULL);
}
