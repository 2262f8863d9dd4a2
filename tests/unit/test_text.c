#include "support.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void bytes_strings_and_chars_are_appended(void **state)
{
    (void)state;
    TEXT(text, 32);

    text_string(&text, "min");
    text_char(&text, ' ');
    text_bytes(&text, "maj and more", 3);
    assert_text(&text, "min maj");
}

static void what_does_not_fit_is_dropped_and_counted_in_lost(void **state)
{
    (void)state;
    char memory[] = "........";
    struct text text = text_over(memory, 5);

    text_string(&text, "abcdefgh");
    assert_int_equal(text.length, 5);
    assert_int_equal(text.lost, 3);
    text_char(&text, 'x');
    assert_int_equal(text.lost, 4);
    text_unsigned(&text, 12345);
    assert_int_equal(text.lost, 9);
    text_indent(&text, 1, 3);
    assert_int_equal(text.lost, 12);
    text_format(&text, "%d", 77);
    assert_int_equal(text.lost, 14);
    text_printable(&text, "\n\n");
    assert_int_equal(text.lost, 22);
    assert_int_equal(text.length, 5);
    assert_string_equal(memory, "abcde...");
}

static void a_number_at_the_end_of_the_memory_is_cut_there(void **state)
{
    (void)state;
    char memory[] = "........";
    struct text text = text_over(memory, 3);

    text_unsigned(&text, 12345);
    assert_string_equal(memory, "123.....");
    assert_int_equal(text.length, 3);
    assert_int_equal(text.lost, 2);
}

static void a_number_fits_to_the_last_byte(void **state)
{
    (void)state;

    for (size_t room = 20; room <= 45; room++) {
        char memory[64];
        memset(memory, '.', sizeof(memory));
        struct text text = text_over(memory, room);
        for (size_t i = 0; i < room - 20; i++)
            text_char(&text, '_');
        text_unsigned(&text, UINT64_MAX);
        assert_int_equal(text.length, room);
        assert_int_equal(text.lost, 0);
        assert_memory_equal(memory + room - 20, "18446744073709551615.", 21);
    }
}

static void whole_numbers(void **state)
{
    (void)state;
    TEXT(text, 64);

    text_unsigned(&text, 0);
    text_char(&text, ' ');
    text_unsigned(&text, 9);
    text_char(&text, ' ');
    text_unsigned(&text, 10);
    text_char(&text, ' ');
    text_unsigned(&text, 4294967296);
    text_char(&text, ' ');
    text_unsigned(&text, UINT64_MAX);
    assert_text(&text, "0 9 10 4294967296 18446744073709551615");
}

static void decimals_are_rounded_half_up(void **state)
{
    static const struct {
        double number;
        unsigned decimals;
        const char *expected;
    } cases[] = {
        {0, 0, "0"},
        {0, 2, "0.00"},
        {0.5, 0, "1"},
        {1.5, 0, "2"},
        {2.5, 0, "3"},
        {0.499, 0, "0"},
        {1.25, 1, "1.3"},
        {0.04, 1, "0.0"},
        {99.94, 1, "99.9"},
        {99.96, 1, "100.0"},
        {0.05, 2, "0.05"},
        {7.0625, 3, "7.063"},
        {1.0 / 3, 6, "0.333333"},
        {1000.001, 3, "1000.001"},
        {-1.5, 1, "-1.5"},
        {4294967296.25, 2, "4294967296.25"},
        {18e18, 0, "18000000000000000000"},
        {0x1p64, 0, "18446744073709551615"}, /* all that can be shown */
        {0x1p80, 1, "18446744073709551615.0"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        TEXT(text, 64);
        text_decimal(&text, cases[i].number, cases[i].decimals);
        assert_text(&text, cases[i].expected);
    }
}

/* A counter that grew by some 2^62 in a second: improbable, but a wrong number must not come of it. */
static void decimals_of_a_huge_number_keep_its_value(void **state)
{
    (void)state;
    TEXT(one, 64);
    TEXT(three, 64);

    text_decimal(&one, 5e18, 1);
    assert_text(&one, "5000000000000000000.0");
    text_decimal(&three, 4e16, 3);
    assert_text(&three, "40000000000000000.000");
}

static void numbers_have_a_point_in_every_locale(void **state)
{
    (void)state;
    static const char *const comma_locales[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "tr_TR.UTF-8"};
    size_t i = 0;

    while (i < COUNT_OF(comma_locales) && !setlocale(LC_ALL, comma_locales[i]))
        i++;
    if (i == COUNT_OF(comma_locales))
        skip();
    TEXT(text, 32);
    text_decimal(&text, 2.5, 2);
    setlocale(LC_ALL, "C");
    assert_text(&text, "2.50");
}

static void indent_moves_only_what_came_after_start(void **state)
{
    (void)state;
    TEXT(text, 32);

    text_string(&text, "ab");
    text_string(&text, "cd");
    text_indent(&text, 2, 3);
    assert_text(&text, "ab   cd");
    text_indent(&text, 7, 2);
    assert_text(&text, "ab   cd  ");
}

static void indent_beyond_the_end_keeps_what_is_there(void **state)
{
    (void)state;
    char memory[] = "........";
    struct text text = text_over(memory, 6);

    text_string(&text, "abcd");
    text_indent(&text, 2, 5);
    assert_string_equal(memory, "ab  cd..");
    assert_int_equal(text.lost, 3);
}

static void control_bytes_cannot_steer_a_terminal(void **state)
{
    (void)state;
    TEXT(text, 128);

    text_printable(&text, "a\033[31mb\nc\td\x7f\x01 é \xff");
    assert_text(&text, "a\\x1b[31mb\\x0ac\\x09d\\x7f\\x01 é \\xff");
}

/* The string is handed over in memory that ends with it: the sanitizers see a read beyond. */
static void prints_as(const char *string, const char *expected)
{
    TEXT(text, 256);
    char *copy = strdup(string);

    assert_non_null(copy);
    text_printable(&text, copy);
    free(copy);
    assert_text(&text, expected);
}

/* A character of three bytes, which stands as itself or, if it STEERS, as its bytes. */
static void prints_as_steering(const char *string, bool steers)
{
    const unsigned char *byte = (const unsigned char *)string;
    char expected[16];

    snprintf(expected, sizeof(expected), "\\x%02x\\x%02x\\x%02x", byte[0], byte[1], byte[2]);
    prints_as(string, steers ? expected : string);
}

static void characters_that_steer_a_terminal_stand_as_their_bytes(void **state)
{
    (void)state;
    prints_as("\x1f \x20~", "\\x1f  ~");
    prints_as("\xc2\x80|\xc2\x9b"
              "31m|\xc2\x9f|\xc2\xa0", /* C1: U+009B is ESC [; U+00A0 is none of them */
              "\\xc2\\x80|\\xc2\\x9b31m|\\xc2\\x9f|\xc2\xa0");
    for (int byte = 0x80; byte < 0xc0; byte++) {
        char third = (char)byte;
        prints_as_steering((char[]){'\xe2', '\x80', third, 0},
                           byte == 0x8e || byte == 0x8f ||      /* U+200E, U+200F */
                               (byte >= 0xa8 && byte <= 0xae)); /* U+2028 to U+202E */
        prints_as_steering((char[]){'\xe2', '\x81', third, 0},
                           byte >= 0xa6 && byte <= 0xa9); /* U+2066 to U+2069 */
        prints_as_steering((char[]){'\xe2', '\x82', third, 0}, false);
    }
    prints_as("\xd8\x9b|\xd8\x9c|\xd8\x9d", "\xd8\x9b|\\xd8\\x9c|\xd8\x9d"); /* U+061C */
    prints_as("\xe1\x80\xae \xe3\x81\xa6", "\xe1\x80\xae \xe3\x81\xa6");
}

static void bytes_that_are_no_utf8_stand_as_hexadecimal(void **state)
{
    (void)state;
    prints_as("\x80\xbf", "\\x80\\xbf");
    prints_as("\xc0\x9b", "\\xc0\\x9b"); /* overlong */
    prints_as("\xe0\x82\x9b", "\\xe0\\x82\\x9b");
    prints_as("\xf0\x80\x82\x9b", "\\xf0\\x80\\x82\\x9b");
    prints_as("\xed\xa0\x80", "\\xed\\xa0\\x80"); /* a surrogate */
    prints_as("\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80");
    prints_as("\xe2\x82", "\\xe2\\x82"); /* broken off */
    prints_as("\xe2\x82\xc3\xa9", "\\xe2\\x82\xc3\xa9");
    prints_as("\xf0\x9f\x98\x80 \xe4\xb8\xad", "\xf0\x9f\x98\x80 \xe4\xb8\xad");
    prints_as("a\\x1b", "a\\x1b");
    prints_as("", "");
}

static void the_length_of_a_utf8_sequence(void **state)
{
    static const struct {
        const char *string;
        size_t length;
    } cases[] = {
        {"", 1}, /* the zero byte at the end */
        {"a\x80", 1},
        {"\x7f", 1},
        {"\x80", 0},
        {"\xbf", 0},
        {"\xc1\xbf", 0},
        {"\xc2\x80", 2},
        {"\xdf\xbf\xbf", 2},
        {"\xdf\xc0", 0},
        {"\xdf", 0},
        {"\xe0\x9f\xbf", 0},
        {"\xe0\xa0\x80", 3},
        {"\xe1\x80\x80", 3},
        {"\xe1\x80\x7f", 0},
        {"\xe1\x80", 0},
        {"\xed\x9f\xbf", 3},
        {"\xed\xa0\x80", 0},
        {"\xee\x80\x80", 3},
        {"\xef\xbf\xbf", 3},
        {"\xf0\x8f\xbf\xbf", 0},
        {"\xf0\x90\x80\x80", 4},
        {"\xf1\x80\x80\x80", 4},
        {"\xf1\x80\x80", 0},
        {"\xf1\x80\x80\xc0", 0},
        {"\xf4\x8f\xbf\xbf", 4},
        {"\xf4\x90\x80\x80", 0},
        {"\xf5\x80\x80\x80", 0},
        {"\xff", 0},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *copy = strdup(cases[i].string);
        assert_non_null(copy);
        size_t length = text_utf8_length(copy);
        free(copy);
        if (length != cases[i].length)
            print_error("case %zu\n", i);
        assert_int_equal(length, cases[i].length);
    }
}

static void format_appends_and_counts_what_it_cuts(void **state)
{
    (void)state;
    TEXT(whole, 32);
    char memory[] = "........";
    struct text cut = text_over(memory, 6);

    text_string(&whole, "a ");
    text_format(&whole, "%s=%d", "b", 5);
    assert_text(&whole, "a b=5");
    text_format(&cut, "%s", "12345678");
    assert_int_equal(cut.length + cut.lost, 8);
    assert_true(cut.length >= 5 && cut.length <= 6);
    assert_memory_equal(memory, "12345", 5);
    assert_memory_equal(memory + 6, "..", 2);
}

/* vsnprintf() puts a zero behind what it formats, and that is no part of the text. */
static void format_that_fits_but_for_its_zero_is_cut_by_a_byte(void **state)
{
    (void)state;

    for (int room = 1; room <= 4; room++) {
        char memory[] = "........";
        struct text text = text_over(memory, (size_t)room);
        text_format(&text, "%s", "1234");
        assert_int_equal(text.length, room - 1);
        assert_int_equal(text.lost, 4 - (room - 1));
        assert_memory_equal(memory, "1234", text.length);
        assert_memory_equal(memory + room, "....", 4);
    }
}

static void width_is_what_a_terminal_shows(void **state)
{
    static const struct {
        const char *bytes;
        size_t width;
    } cases[] = {
        {"", 0},          {"abc\n", 3},          {"\033[31m 1 0\033[39m\n", 4}, {"\033[1;33mx", 1},
        {"\303\244b", 2}, {"\342\232\240 x", 3}, {"\360\237\232\250 OOM", 6},   {"\033", 0},
        {"\033[31", 0},   {"\033Xy", 2},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++)
        assert_int_equal(text_width(cases[i].bytes, strlen(cases[i].bytes)), cases[i].width);
}

static void new_text_is_empty_and_freed(void **state)
{
    (void)state;
    struct text text = text_new(10000);

    assert_non_null(text.bytes);
    assert_int_equal(text.capacity, 10000);
    assert_int_equal(text.length, 0);
    text_free(&text);
    assert_null(text.bytes);
    assert_int_equal(text.capacity, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bytes_strings_and_chars_are_appended),
        cmocka_unit_test(what_does_not_fit_is_dropped_and_counted_in_lost),
        cmocka_unit_test(a_number_at_the_end_of_the_memory_is_cut_there),
        cmocka_unit_test(a_number_fits_to_the_last_byte),
        cmocka_unit_test(whole_numbers),
        cmocka_unit_test(decimals_are_rounded_half_up),
        cmocka_unit_test(decimals_of_a_huge_number_keep_its_value),
        cmocka_unit_test(numbers_have_a_point_in_every_locale),
        cmocka_unit_test(indent_moves_only_what_came_after_start),
        cmocka_unit_test(indent_beyond_the_end_keeps_what_is_there),
        cmocka_unit_test(control_bytes_cannot_steer_a_terminal),
        cmocka_unit_test(characters_that_steer_a_terminal_stand_as_their_bytes),
        cmocka_unit_test(bytes_that_are_no_utf8_stand_as_hexadecimal),
        cmocka_unit_test(the_length_of_a_utf8_sequence),
        cmocka_unit_test(format_appends_and_counts_what_it_cuts),
        cmocka_unit_test(format_that_fits_but_for_its_zero_is_cut_by_a_byte),
        cmocka_unit_test(width_is_what_a_terminal_shows),
        cmocka_unit_test(new_text_is_empty_and_freed),
    };
    return cmocka_run_group_tests_name("text", tests, NULL, NULL);
}
