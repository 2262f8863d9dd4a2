#include "kernel/span.h"
#include "support.h"

#include <string.h>

static void assert_span(struct span span, const char *expected)
{
    assert_int_equal(span.length, strlen(expected));
    assert_memory_equal(span.at, expected, span.length);
}

static void pieces_before_and_behind_a_place(void **state)
{
    struct span span = span_of("abcdef");
    (void)state;

    assert_span(span_from(span, span.at + 2), "cdef");
    assert_span(span_until(span, span.at + 2), "ab");
    assert_span(span_from(span, span_end(span)), "");
    assert_span(span_until(span, span.at), "");
}

static void a_span_is_all_of_a_string_or_not(void **state)
{
    (void)state;
    assert_true(span_is(span_of("abc"), "abc"));
    assert_false(span_is(span_of("abc"), "abcd"));
    assert_false(span_is(span_of("abcd"), "abc"));
    assert_true(span_is(span_of(""), ""));
}

static void words_are_found_first_and_last_and_not_beyond_the_end(void **state)
{
    const char *text = "a=1,a=2,a=3";
    struct span span = {text, 7};
    (void)state;

    assert_ptr_equal(span_find(span, "a="), text);
    assert_ptr_equal(span_find_last(span, "a="), text + 4);
    assert_null(span_find(span, "a=3"));
    assert_null(span_find_last(span, "b"));
}

static void what_is_taken_off(void **state)
{
    struct span span = span_of("  key: 12 rest");
    struct span before;
    (void)state;

    span_skip_blanks(&span);
    assert_span(span, "key: 12 rest");
    assert_false(span_take_prefix(&span, "key:x"));
    assert_true(span_take_until(&span, ": ", &before));
    assert_span(before, "key");
    assert_value(span_take_number(&span), 12);
    assert_false(span_take_until(&span, "none", NULL));
    assert_true(span_take_prefix(&span, " "));
    assert_span(span, "rest");
}

static void numbers(void **state)
{
    struct span none = span_of("-x"), large = span_of("18446744073709551616"), negative = span_of("-1000,");
    struct span most = span_of("18446744073709551615");
    (void)state;

    assert_false(span_take_number(&none).present);
    assert_span(none, "-x");
    assert_false(span_take_number(&large).present);
    assert_span(large, "18446744073709551616");
    assert_value(span_take_number(&negative), (uint64_t)-1000);
    assert_span(negative, ",");
    assert_value(span_take_number(&most), UINT64_MAX);
}

static void what_fits_is_kept(void **state)
{
    char small[4];
    (void)state;

    span_keep(small, sizeof(small), span_of("ab"));
    assert_string_equal(small, "ab");
    span_keep(small, sizeof(small), span_of("abcdef"));
    assert_string_equal(small, "abc");
    span_keep(small, sizeof(small), span_of(""));
    assert_string_equal(small, "");
}

static void lines_are_taken_off_one_by_one(void **state)
{
    struct span text = span_of("one\n\ntwo");
    struct span line;
    (void)state;

    assert_true(span_take_line(&text, &line));
    assert_true(span_is(line, "one"));
    assert_true(span_take_line(&text, &line));
    assert_true(span_is(line, ""));
    assert_true(span_take_line(&text, &line));
    assert_true(span_is(line, "two"));
    assert_false(span_take_line(&text, &line));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_taken_off_one_by_one),
        cmocka_unit_test(pieces_before_and_behind_a_place),
        cmocka_unit_test(a_span_is_all_of_a_string_or_not),
        cmocka_unit_test(words_are_found_first_and_last_and_not_beyond_the_end),
        cmocka_unit_test(what_is_taken_off),
        cmocka_unit_test(numbers),
        cmocka_unit_test(what_fits_is_kept),
    };
    return cmocka_run_group_tests_name("span", tests, NULL, NULL);
}
