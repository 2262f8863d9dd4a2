#include "base/number.h"
#include "support.h"

#include <errno.h>
#include <string.h>

static void whole_numbers_up_to_the_largest(void **state)
{
    static const struct {
        const char *word;
        uint64_t expected;
    } cases[] = {
        {"0", 0}, {"7", 7}, {"007", 7}, {"4294967296", 4294967296}, {"18446744073709551615", UINT64_MAX}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        uint64_t number = 99;
        assert_int_equal(number_parse_unsigned(cases[i].word, &number), 0);
        assert_true(number == cases[i].expected);
    }
}

static void a_whole_number_beyond_64_bits_is_out_of_range(void **state)
{
    static const char *const words[] = {"18446744073709551616", "18446744073709551620",
                                        "99999999999999999999", "100000000000000000000"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        uint64_t number;
        assert_int_equal(number_parse_unsigned(words[i], &number), -ERANGE);
    }
}

static void what_is_no_whole_number_is_refused(void **state)
{
    static const char *const words[] = {"",   " ",    "-1",  "+1",  " 1",  "1 ", "1x",
                                        "x1", "0x10", "1.0", "1e3", "inf", "½"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        uint64_t number;
        assert_int_equal(number_parse_unsigned(words[i], &number), -EINVAL);
    }
}

static void decimals_with_at_most_one_point(void **state)
{
    static const struct {
        const char *word;
        double expected;
    } cases[] = {{"0", 0},         {"2", 2},
                 {"0.25", 0.25},   {".5", 0.5},
                 {"5.", 5},        {"0.1", 0.1},
                 {"00.10", 0.1},   {"0.05", 0.05},
                 {"86400", 86400}, {"123456789.125", 123456789.125}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        double number = -1;
        assert_int_equal(number_parse_decimal(cases[i].word, &number), 0);
        assert_near(number, cases[i].expected);
    }
}

static void what_is_no_decimal_is_refused(void **state)
{
    static const char *const words[] = {"",   ".",  "..",  "1..2", "1.2.3", "1,5", "-1",  "+1",
                                        " 1", "1 ", "1e3", "0x1",  "inf",   "nan", "NaN", "1s"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        double number;
        assert_int_equal(number_parse_decimal(words[i], &number), -EINVAL);
    }
}

/* 10^400 is more than a double holds, in the number as in the count of its places. */
static void a_decimal_of_many_digits_is_its_value(void **state)
{
    char word[512] = "1.";
    double number = -1;
    (void)state;

    memset(word + 2, '0', 400);
    assert_int_equal(number_parse_decimal(word, &number), 0);
    assert_near(number, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_up_to_the_largest),
        cmocka_unit_test(a_whole_number_beyond_64_bits_is_out_of_range),
        cmocka_unit_test(what_is_no_whole_number_is_refused),
        cmocka_unit_test(decimals_with_at_most_one_point),
        cmocka_unit_test(what_is_no_decimal_is_refused),
        cmocka_unit_test(a_decimal_of_many_digits_is_its_value),
    };
    return cmocka_run_group_tests_name("number", tests, NULL, NULL);
}
