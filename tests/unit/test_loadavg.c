#include "parsing.h"

#include <stdlib.h>

static void averages_are_read_as_hundredths(void **state)
{
    static const char text[] = "0.06 1.30 123.01 2/79 2154\n";
    (void)state;

    assert_parses(SOURCE_LOADAVG, "1m", text, 6);
    assert_parses(SOURCE_LOADAVG, "5m", text, 130);
    assert_parses(SOURCE_LOADAVG, "15m", text, 12301);
}

static void an_average_of_another_form_is_absent_alone_or_with_those_behind(void **state)
{
    (void)state;
    assert_not_in(SOURCE_LOADAVG, "1m", "");
    assert_not_in(SOURCE_LOADAVG, "1m", "\n");
    assert_not_in(SOURCE_LOADAVG, "1m", "1 1.30 1.01\n");
    assert_not_in(SOURCE_LOADAVG, "5m", "0.06");
    assert_parses(SOURCE_LOADAVG, "1m", "0.06", 6);
    assert_not_in(SOURCE_LOADAVG, "15m", "0.06 1.30\n5.00\n");
}

static void a_file_that_was_empty_and_one_that_grew(void **state)
{
    struct source *source = source_new(SOURCE_LOADAVG);
    struct value values[PARSED_MAX];
    int load = source_want(source, "1m");
    (void)state;

    assert_int_equal(source_value_count(source), 3); /* the line is read whole */
    source_parse(source, "", 0, values);
    assert_false(values[load].present);
    source_parse(source, "9.99 0.00 0.00 1/1 1\n", 21, values);
    assert_value(values[load], 999);
    source_parse(source, "1000.00 0.00 0.00 12345/12345 12345\n", 36, values);
    assert_value(values[load], 100000);
    source_free(source);
}

static void other_names_are_unknown(void **state)
{
    (void)state;
    assert_true(source_knows(SOURCE_LOADAVG, "5m") == 0);
    assert_true(source_knows(SOURCE_LOADAVG, "10m") < 0);
    assert_true(source_knows(SOURCE_LOADAVG, "") < 0);
}

static void a_recorded_file(void **state)
{
    char *text = fixture_get("linux-6.18", 0, "loadavg");
    (void)state;

    assert_parses(SOURCE_LOADAVG, "1m", text, 190);
    assert_parses(SOURCE_LOADAVG, "5m", text, 114);
    assert_parses(SOURCE_LOADAVG, "15m", text, 59);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(averages_are_read_as_hundredths),
        cmocka_unit_test(an_average_of_another_form_is_absent_alone_or_with_those_behind),
        cmocka_unit_test(a_file_that_was_empty_and_one_that_grew),
        cmocka_unit_test(other_names_are_unknown),
        cmocka_unit_test(a_recorded_file),
    };
    return cmocka_run_group_tests_name("loadavg", tests, NULL, NULL);
}
