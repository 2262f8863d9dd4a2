#include "base/size.h"
#include "support.h"

#include <errno.h>

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

static void duration_is(double seconds, const char *expected)
{
    TEXT(text, 32);
    text_duration(&text, seconds);
    assert_text(&text, expected);
}

static void a_length_of_time_in_the_two_largest_units(void **state)
{
    (void)state;
    duration_is(0, "0.0 s");
    duration_is(0.44, "0.4 s");
    duration_is(9.94, "9.9 s");
    duration_is(9.96, "10 s");
    duration_is(12, "12 s");
    duration_is(200, "3 min 20 s");
    duration_is(2 * 3600 + 5 * 60 + 59, "2 h 5 min");
    duration_is(3 * 86400 + 4 * 3600 + 3599, "3 d 4 h");
}

static void a_length_of_time_without_a_rest_is_one_unit(void **state)
{
    (void)state;
    duration_is(60, "1 min");
    duration_is(3600, "1 h");
    duration_is(7230, "2 h");
    duration_is(86400, "1 d");
    duration_is(400.0 * 86400, "400 d");
}

static void a_length_of_time_just_below_a_unit_is_rounded_into_it(void **state)
{
    (void)state;
    duration_is(59.4, "59 s");
    duration_is(59.6, "1 min");
    duration_is(119.6, "2 min");
    duration_is(3599.4, "59 min 59 s");
    duration_is(3599.6, "1 h");
    duration_is(86399.6, "1 d");
}

static void a_length_of_time_that_is_none(void **state)
{
    (void)state;
    duration_is(NAN, "?");
    duration_is(-2, "?");
    duration_is(-1e300, "?");
    duration_is(INFINITY, "?");
    duration_is(1e15, "?");
    duration_is(1e300, "?");
    duration_is(9e14, "10416666666 d 16 h");
}

static void size_parses(const char *word, uint64_t expected)
{
    uint64_t bytes = 77;

    assert_int_equal(size_parse(word, &bytes), 0);
    if (bytes != expected)
        fail_msg("%s: %llu", word, (unsigned long long)bytes);
}

static void sizes_as_people_type_them(void **state)
{
    (void)state;
    size_parses("0", 0);
    size_parses("4096", 4096);
    size_parses("512K", 512 * UINT64_C(1024));
    size_parses("64M", UINT64_C(64) << 20);
    size_parses("3G", UINT64_C(3) << 30);
    size_parses("2T", UINT64_C(2) << 40);
    size_parses("007M", UINT64_C(7) << 20);
    size_parses("18446744073709551615", UINT64_MAX);
    size_parses("16777215T", UINT64_C(16777215) << 40); /* 2^24 - 1 */
}

static void sizes_that_are_none(void **state)
{
    static const char *const words[] = {"",   "K",    "M64",  "64m",  "64MB", "6.4M", "-1",
                                        "+1", " 64M", "64 M", "64M ", "64KK", "0x40", "64P"};
    uint64_t bytes;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (size_parse(words[i], &bytes) != -EINVAL)
            fail_msg("'%s'", words[i]);
    }
    assert_int_equal(size_parse("00000000000000000000000000000000000064M", &bytes), -EINVAL);
}

static void sizes_beyond_64_bits(void **state)
{
    static const char *const words[] = {"18446744073709551616", "18014398509481984K", "17592186044416M",
                                        "16777216T", "99999999999999999999999T"};
    uint64_t bytes;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (size_parse(words[i], &bytes) != -ERANGE)
            fail_msg("'%s'", words[i]);
    }
}

static void duration_parses(const char *word, double expected)
{
    double seconds = -1;

    assert_int_equal(duration_parse(word, 0, 1e5, &seconds), 0);
    assert_near(seconds, expected);
}

static void lengths_of_time_as_people_type_them(void **state)
{
    (void)state;
    duration_parses("0", 0);
    duration_parses("90", 90);
    duration_parses("60s", 60);
    duration_parses("1.5m", 90);
    duration_parses("2h", 7200);
    duration_parses(".5d", 43200);
    duration_parses("0.05", 0.05);
}

static void lengths_of_time_have_bounds(void **state)
{
    double seconds;
    (void)state;

    assert_int_equal(duration_parse("1m", 60, 3600, &seconds), 0);
    assert_int_equal(duration_parse("1h", 60, 3600, &seconds), 0);
    assert_int_equal(duration_parse("59.9", 60, 3600, &seconds), -ERANGE);
    assert_int_equal(duration_parse("60.1m", 60, 3600, &seconds), -ERANGE);
}

static void lengths_of_time_that_are_none(void **state)
{
    static const char *const words[] = {"",     "s",   "m5",  "5min", "5 m", "-5s", "+5",
                                        "5.5.", "inf", "nan", "1e3",  "0x5", "5sm", "5M"};
    double seconds;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        if (duration_parse(words[i], 0, 1e5, &seconds) != -EINVAL)
            fail_msg("'%s'", words[i]);
    }
    assert_int_equal(duration_parse("0000000000000000000000000000000000000005s", 0, 1e5, &seconds), -EINVAL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(binary_units),
        cmocka_unit_test(one_digit_behind_the_point_below_10),
        cmocka_unit_test(the_next_unit_starts_where_four_digits_would),
        cmocka_unit_test(a_length_of_time_in_the_two_largest_units),
        cmocka_unit_test(a_length_of_time_without_a_rest_is_one_unit),
        cmocka_unit_test(a_length_of_time_just_below_a_unit_is_rounded_into_it),
        cmocka_unit_test(a_length_of_time_that_is_none),
        cmocka_unit_test(sizes_as_people_type_them),
        cmocka_unit_test(sizes_that_are_none),
        cmocka_unit_test(sizes_beyond_64_bits),
        cmocka_unit_test(lengths_of_time_as_people_type_them),
        cmocka_unit_test(lengths_of_time_have_bounds),
        cmocka_unit_test(lengths_of_time_that_are_none),
    };
    return cmocka_run_group_tests_name("size", tests, NULL, NULL);
}
