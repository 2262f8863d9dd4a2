#include "base/size.h"
#include "support.h"

static void size_is(double bytes, const char *expected)
{
    TEXT(text, 32);
    text_size(&text, bytes);
    assert_text(&text, expected);
}

static void binary_units(void **state)
{
    (void)state;
    size_is(0, "0K");
    size_is(512 * 0x1p10, "512K");
    size_is(61 * 0x1p30, "61G");
    size_is(3 * 0x1p40, "3.0T");
    size_is(20 * 0x1p50, "20P");
    size_is(5 * 0x1p60, "5.0E");
}

static void one_digit_behind_the_point_below_10(void **state)
{
    (void)state;
    size_is(9.8 * 0x1p20, "9.8M");
    size_is(9.94 * 0x1p20, "9.9M");
    size_is(9.95 * 0x1p20, "10M");
    size_is(10.4 * 0x1p20, "10M");
    size_is(1.2 * 0x1p30, "1.2G");
    size_is(100, "0.1K");
}

static void the_next_unit_starts_where_four_digits_would(void **state)
{
    (void)state;
    size_is(999.4 * 0x1p10, "999K");
    size_is(999.5 * 0x1p10, "1.0M");
    size_is(1023.9 * 0x1p20, "1.0G");
    size_is(2000 * 0x1p60, "2000E"); /* nothing comes behind E */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binary_units),
        cmocka_unit_test(one_digit_behind_the_point_below_10),
        cmocka_unit_test(the_next_unit_starts_where_four_digits_would),
    };
    return cmocka_run_group_tests_name("size", tests, NULL, NULL);
}
