#include "kernel/scan.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

/*
 * A copy of a text that ends where its memory ends: the sanitizers see a read beyond it.
 */
struct exact {
    char *bytes;
    const char *end;
};

static struct exact exact(const char *text)
{
    size_t length = strlen(text);
    struct exact copy = {.bytes = malloc(length > 0 ? length : 1)};

    assert_non_null(copy.bytes);
    memcpy(copy.bytes, text, length);
    copy.end = copy.bytes + length;
    return copy;
}

typedef const char *scan_function(const char *at, const char *end, struct value *value);

/* The value, and in *LEFT how many bytes are left behind it. */
static struct value scan(scan_function *function, const char *text, size_t *left)
{
    struct exact copy = exact(text);
    struct value value;
    const char *behind = function(copy.bytes, copy.end, &value);

    assert_true(behind >= copy.bytes && behind <= copy.end);
    *left = (size_t)(copy.end - behind);
    free(copy.bytes);
    return value;
}

static void a_number_ends_at_a_blank_a_newline_or_the_end(void **state)
{
    static const struct {
        const char *text;
        uint64_t number;
        size_t left;
    } cases[] = {
        {"0", 0, 0}, {"42", 42, 0}, {"42 7", 42, 2}, {"42\n7", 42, 2}, {"   42 kB\n", 42, 4}, {"007\n", 7, 1},
    };
    size_t left;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        assert_value(scan(scan_unsigned, cases[i].text, &left), cases[i].number);
        assert_int_equal(left, cases[i].left);
    }
}

static void values_up_to_2_to_the_64(void **state)
{
    static const struct {
        const char *text;
        uint64_t number;
    } cases[] = {
        {"4294967295", UINT32_MAX},
        {"4294967296", 4294967296},
        {"9999999999999999999", 9999999999999999999U}, /* 19 digits */
        {"10000000000000000000", 10000000000000000000U},
        {"18446744073709551606", UINT64_MAX - 9},
        {"18446744073709551615", UINT64_MAX},
        {"00000000000000000000000000042", 42},
    };
    size_t left;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_value(scan(scan_unsigned, cases[i].text, &left), cases[i].number);
}

static void a_number_beyond_64_bits_is_absent_and_passed_over(void **state)
{
    static const char *const numbers[] = {"18446744073709551616",  "18446744073709551620",
                                          "99999999999999999999",  "100000000000000000000",
                                          "999999999999999999999", "36893488147419103233"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(numbers); i++) {
        char text[64];
        size_t left;
        strcpy(text, numbers[i]);
        strcat(text, " 5");
        assert_false(scan(scan_unsigned, text, &left).present);
        assert_int_equal(left, 2);
    }
}

static void what_is_no_number_is_absent(void **state)
{
    static const char *const texts[] = {"",   " ",  "\n",  "\n5", "-5",  "+5",
                                        "x5", "5x", "5.0", "5\t", "0x5", "kB"};
    size_t left;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_false(scan(scan_unsigned, texts[i], &left).present);
}

static void hundredths(void **state)
{
    static const struct {
        const char *text;
        uint64_t number;
    } cases[] = {
        {"0.06 ", 6},
        {"0.00", 0},
        {"1.90 1.14", 190},
        {" 12.34\n", 1234},
        {"184467440737095516.15", UINT64_MAX},
    };
    size_t left;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_value(scan(scan_hundredths, cases[i].text, &left), cases[i].number);
}

static void hundredths_of_another_form_are_absent(void **state)
{
    static const char *const texts[] = {"",
                                        "1",
                                        "1.",
                                        ".50",
                                        "1.5",
                                        "1.500",
                                        "1,50",
                                        "1.5x",
                                        "1.50x",
                                        "1.-5",
                                        "-1.50",
                                        "a.bc",
                                        "1 .50",
                                        "1. 50",
                                        "184467440737095516.16",
                                        "99999999999999999999.00"};
    size_t left;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(texts); i++)
        assert_false(scan(scan_hundredths, texts[i], &left).present);
}

static void several_numbers_and_those_that_the_line_lacks(void **state)
{
    struct exact copy = exact(" 2541 0  1415\n99 98");
    struct value values[5];
    (void)state;

    const char *behind = scan_unsigneds(copy.bytes, copy.end, values, COUNT_OF(values));
    assert_value(values[0], 2541);
    assert_value(values[1], 0);
    assert_value(values[2], 1415);
    assert_false(values[3].present); /* not those of the next line */
    assert_false(values[4].present);
    assert_true(*behind == '\n');
    free(copy.bytes);
}

static void a_number_too_large_does_not_shift_those_behind_it(void **state)
{
    struct exact copy = exact("1 123456789012345678901 3");
    struct value values[3];
    (void)state;

    scan_unsigneds(copy.bytes, copy.end, values, COUNT_OF(values));
    assert_value(values[0], 1);
    assert_false(values[1].present);
    assert_value(values[2], 3);
    free(copy.bytes);
}

static void a_line_ends_at_its_newline_or_at_the_end(void **state)
{
    struct exact copy = exact("ab\ncd");
    (void)state;

    assert_ptr_equal(scan_line_end(copy.bytes, copy.end), copy.bytes + 2);
    assert_ptr_equal(scan_line_end(copy.bytes + 2, copy.end), copy.bytes + 2);
    assert_ptr_equal(scan_line_end(copy.bytes + 3, copy.end), copy.end);
    assert_ptr_equal(scan_line_end(copy.end, copy.end), copy.end);
    free(copy.bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_number_ends_at_a_blank_a_newline_or_the_end),
        cmocka_unit_test(values_up_to_2_to_the_64),
        cmocka_unit_test(a_number_beyond_64_bits_is_absent_and_passed_over),
        cmocka_unit_test(what_is_no_number_is_absent),
        cmocka_unit_test(hundredths),
        cmocka_unit_test(hundredths_of_another_form_are_absent),
        cmocka_unit_test(several_numbers_and_those_that_the_line_lacks),
        cmocka_unit_test(a_number_too_large_does_not_shift_those_behind_it),
        cmocka_unit_test(a_line_ends_at_its_newline_or_at_the_end),
    };
    return cmocka_run_group_tests_name("scan", tests, NULL, NULL);
}
