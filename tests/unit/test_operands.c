#include "commands/operands.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static int parse(const char *first, const char *second, const char *third, struct beat *beat,
                 struct problem *problem)
{
    char *words[] = {(char *)first, (char *)second, (char *)third, NULL};
    return operands_parse_beat(words, beat, problem);
}

static void beat_is(const char *delay, const char *count, double seconds, uint64_t rows)
{
    struct problem problem = {0};
    struct beat beat;

    if (parse(delay, count, NULL, &beat, &problem) < 0)
        fail_msg("%s", problem.text);
    assert_near(beat.delay_seconds, seconds);
    assert_true(beat.count == rows);
}

static void refuses(const char *first, const char *second, const char *third, const char *expected)
{
    struct problem problem = {0};
    struct beat beat;

    assert_int_equal(parse(first, second, third, &beat, &problem), -EINVAL);
    assert_string_equal(problem.text, expected);
}

static void by_default_a_row_a_second_for_ever(void **state)
{
    (void)state;
    beat_is(NULL, NULL, 1, 0);
}

static void a_delay_and_a_count(void **state)
{
    (void)state;
    beat_is("2", NULL, 2, 0);
    beat_is("0.1", "10", 0.1, 10);
    beat_is(".5", "1", 0.5, 1);
    beat_is("5", "18446744073709551615", 5, UINT64_MAX);
}

static void delays_from_50_milliseconds_to_a_day(void **state)
{
    (void)state;
    beat_is("0.05", NULL, 0.05, 0);
    beat_is("86400", NULL, 86400, 0);
    refuses("0.049", NULL, NULL, "DELAY '0.049': expected seconds from 0.05 to 86400");
    refuses("86400.1", NULL, NULL, "DELAY '86400.1': expected seconds from 0.05 to 86400");
    refuses("0", NULL, NULL, "DELAY '0': expected seconds from 0.05 to 86400");
    refuses("0.0", "5", NULL, "DELAY '0.0': expected seconds from 0.05 to 86400");
}

static void a_delay_that_is_no_number(void **state)
{
    static const char *const words[] = {"", "1x", "-1", "1,5", "1s", "1e3", "0x10", "."};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(words); i++) {
        char expected[128] = "DELAY '";
        strcat(expected, words[i]);
        strcat(expected, "': expected seconds from 0.05 to 86400");
        refuses(words[i], NULL, NULL, expected);
    }
    refuses("metrics", NULL, NULL,
            "DELAY 'metrics': expected seconds from 0.05 to 86400; a command stands before its options");
}

/* What does not fit a double must not become a delay that no comparison holds against. */
static void a_delay_of_very_many_digits(void **state)
{
    char digits[1000] = "9";
    struct problem problem = {0};
    struct beat beat;
    (void)state;

    memset(digits + 1, '9', 400);
    assert_int_equal(parse(digits, NULL, NULL, &beat, &problem), -EINVAL);
    digits[401] = '.';
    memset(digits + 402, '9', 400);
    assert_int_equal(parse(digits, NULL, NULL, &beat, &problem), -EINVAL);
    strcpy(digits, "2.");
    memset(digits + 2, '0', 400);
    digits[402] = '\0';
    assert_int_equal(parse(digits, NULL, NULL, &beat, &problem), 0);
    assert_near(beat.delay_seconds, 2);
}

static void a_count_that_is_none(void **state)
{
    (void)state;
    refuses("1", "0", NULL, "COUNT '0': expected a whole number of rows above 0");
    refuses("1", "-1", NULL, "COUNT '-1': expected a whole number of rows above 0");
    refuses("1", "1.5", NULL, "COUNT '1.5': expected a whole number of rows above 0");
    refuses("1", "", NULL, "COUNT '': expected a whole number of rows above 0");
    refuses("1", "ten", NULL, "COUNT 'ten': expected a whole number of rows above 0");
    refuses("1", "18446744073709551616", NULL,
            "COUNT '18446744073709551616': expected a whole number of rows above 0");
}

static void a_third_word_is_refused(void **state)
{
    (void)state;
    refuses("1", "5", "9", "'9': expected nothing behind DELAY and COUNT");
}

static int parse_file(const char *first, const char *second, const char **path, struct problem *problem)
{
    char *words[] = {(char *)first, (char *)second, NULL};
    return operands_parse_file(words, path, problem);
}

static void one_file_or_none(void **state)
{
    struct problem problem = {0};
    const char *path = "before";
    (void)state;

    assert_int_equal(parse_file(NULL, NULL, &path, &problem), 0);
    assert_null(path);
    assert_int_equal(parse_file("a.flr", NULL, &path, &problem), 0);
    assert_string_equal(path, "a.flr");
    assert_int_equal(parse_file("a.flr", "b.flr", &path, &problem), -EINVAL);
    assert_string_equal(problem.text, "'b.flr': expected nothing behind FILE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_default_a_row_a_second_for_ever),
        cmocka_unit_test(a_delay_and_a_count),
        cmocka_unit_test(delays_from_50_milliseconds_to_a_day),
        cmocka_unit_test(a_delay_that_is_no_number),
        cmocka_unit_test(a_delay_of_very_many_digits),
        cmocka_unit_test(a_count_that_is_none),
        cmocka_unit_test(a_third_word_is_refused),
        cmocka_unit_test(one_file_or_none),
    };
    return cmocka_run_group_tests_name("operands", tests, NULL, NULL);
}
