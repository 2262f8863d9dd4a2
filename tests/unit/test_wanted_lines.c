#include "kernel/source_format.h"
#include "kernel/wanted_lines.h"
#include "support.h"

#include <string.h>

static struct value first, second;

static void take(const char *text)
{
    struct wanted_line wanted[] = {{"a ", &first, false}, {"ab ", &second, false}};

    first = second = some(7);
    WANTED_LINES_TAKE(text, strlen(text), key_number_parse, wanted);
}

static void numbers_of_lines(void **state)
{
    (void)state;
    take("x 1\nab 2\na 3\n");
    assert_value(first, 3);
    assert_value(second, 2);
}

static void what_has_no_line_is_absent(void **state)
{
    (void)state;
    take("xa 1\n ab 2\nabc 3\na\n");
    assert_false(first.present);
    assert_false(second.present);
    take("");
    assert_false(first.present);
}

static void the_first_of_two_counts(void **state)
{
    (void)state;
    take("a x\na 3\nab 4\nab 5\n");
    assert_false(first.present);
    assert_value(second, 4);
}

static void a_line_that_is_cut_short_does_not(void **state)
{
    (void)state;
    take("ab 4\na 3");
    assert_false(first.present);
    assert_value(second, 4);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_of_lines),
        cmocka_unit_test(what_has_no_line_is_absent),
        cmocka_unit_test(the_first_of_two_counts),
        cmocka_unit_test(a_line_that_is_cut_short_does_not),
    };
    return cmocka_run_group_tests_name("wanted_lines", tests, NULL, NULL);
}
