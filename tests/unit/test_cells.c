#include "render/cells.h"
#include "support.h"

static const struct value absent = {7, false};

static void numbers_stand_at_the_right_edge(void **state)
{
    TEXT(text, 64);
    (void)state;

    cell_number(&text, some(42), 5);
    cell_number(&text, some(0), 3);
    cell_number(&text, absent, 3);
    cell_word(&text, "pid", 6);
    assert_text(&text, "   42  0  -   pid");
}

static void a_cell_that_outgrows_its_column_keeps_a_blank_before_it(void **state)
{
    TEXT(text, 64);
    (void)state;

    cell_number(&text, some(1234), 5);
    cell_number(&text, some(12345), 5);
    cell_number(&text, some(UINT64_MAX), 5);
    cell_word(&text, "headings", 3);
    assert_text(&text, " 1234 12345 18446744073709551615 headings");
}

static void a_column_of_no_width_has_no_blanks(void **state)
{
    TEXT(text, 64);
    (void)state;

    cell_number(&text, some(7), 0);
    cell_word(&text, "w", 0);
    cell_name(&text, "n", 0);
    assert_text(&text, "7wn");
}

static void negative_numbers(void **state)
{
    TEXT(text, 64);
    (void)state;

    cell_signed(&text, some((uint64_t)-998), 6);
    cell_signed(&text, some(1000), 6);
    cell_signed(&text, absent, 3);
    cell_signed(&text, some((uint64_t)INT64_MIN), 3);
    assert_text(&text, "  -998  1000  - -9223372036854775808");
}

static void sizes_have_their_unit_but_zero(void **state)
{
    TEXT(text, 64);
    (void)state;

    cell_size(&text, some(0), 4);
    cell_size(&text, some(UINT64_C(61) << 30), 6);
    cell_size(&text, absent, 3);
    cell_size(&text, some(UINT64_MAX), 4);
    assert_text(&text, "   0   61G  - 16E");
}

static void names_stand_at_the_left_edge(void **state)
{
    TEXT(text, 64);
    (void)state;

    cell_name(&text, "bash", 6);
    cell_name(&text, "", 3);
    cell_name(&text, "longer than it", 3);
    cell_name(&text, "x", 1);
    assert_text(&text, "bash  -  longer than itx");
}

static void names_cannot_steer_a_terminal(void **state)
{
    TEXT(text, 128);
    (void)state;

    cell_name(&text, "a\033[2J\n", 14);
    cell_name(&text, "\xff", 6);
    cell_name(&text, "é€", 4); /* two columns, five bytes */
    text_char(&text, '|');
    assert_text(&text, "a\\x1b[2J\\x0a  \\xff  é€  |");
}

/* Of wide letters and of escape sequences the columns count that they take, not their bytes. */
static void a_cell_is_filled_by_what_it_shows(void **state)
{
    TEXT(text, 128);
    (void)state;

    text_string(&text, "row ");
    size_t start = text.length;
    text_string(&text, "\033[31mé\033[0m");
    cell_fill_left(&text, start, 3);
    start = text.length;
    text_string(&text, "é");
    cell_fill_right(&text, start, 3);
    text_char(&text, '|');
    assert_text(&text, "row   \033[31mé\033[0mé  |");
}

static void without_room_a_cell_is_cut(void **state)
{
    (void)state;
    for (size_t room = 0; room <= 10; room++) {
        char memory[16] = "..............";
        struct text text = text_over(memory, room);
        cell_name(&text, "abc", 5);
        cell_number(&text, some(7), 5);
        assert_int_equal(text.length, room);
        assert_int_equal(memory[room], '.');
        assert_int_equal(text.lost > 0, room < 10);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_stand_at_the_right_edge),
        cmocka_unit_test(a_cell_that_outgrows_its_column_keeps_a_blank_before_it),
        cmocka_unit_test(a_column_of_no_width_has_no_blanks),
        cmocka_unit_test(negative_numbers),
        cmocka_unit_test(sizes_have_their_unit_but_zero),
        cmocka_unit_test(names_stand_at_the_left_edge),
        cmocka_unit_test(names_cannot_steer_a_terminal),
        cmocka_unit_test(a_cell_is_filled_by_what_it_shows),
        cmocka_unit_test(without_room_a_cell_is_cut),
    };
    return cmocka_run_group_tests_name("cells", tests, NULL, NULL);
}
