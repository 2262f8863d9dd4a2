#include "render/json_object.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACED "\xef\xbf\xbd" /* U+FFFD */

/* The string is handed over in memory that ends with it: the sanitizers see a read beyond. */
static void string_is(const char *string, const char *expected)
{
    TEXT(text, 512);
    char *copy = strdup(string);

    assert_non_null(copy);
    json_put_string(&text, copy);
    free(copy);
    assert_text(&text, expected);
}

static void a_string_stands_in_quotes(void **state)
{
    (void)state;
    string_is("", "\"\"");
    string_is("python3", "\"python3\"");
    string_is("foo) Z 1/2", "\"foo) Z 1/2\"");
}

static void quotes_and_backslashes_are_escaped(void **state)
{
    (void)state;
    string_is("a\"b\\c", "\"a\\\"b\\\\c\"");
    string_is("\\", "\"\\\\\"");
    string_is("\"", "\"\\\"\"");
}

static void every_control_byte_is_escaped(void **state)
{
    (void)state;
    for (int byte = 1; byte < 0x20; byte++) {
        char string[] = {'a', (char)byte, 'b', '\0'};
        char expected[32];
        snprintf(expected, sizeof(expected), "\"a\\u%04xb\"", (unsigned)byte);
        string_is(string, expected);
    }
    string_is("\x7f", "\"\\u007f\"");
}

static void valid_utf8_passes_up_to_its_limits(void **state)
{
    (void)state;
    string_is("é€😀", "\"é€😀\"");
    string_is("\xc2\xa0", "\"\xc2\xa0\"");                 /* U+00A0 */
    string_is("\xdf\xbf", "\"\xdf\xbf\"");                 /* U+07FF */
    string_is("\xe0\xa0\x80", "\"\xe0\xa0\x80\"");         /* U+0800 */
    string_is("\xed\x9f\xbf", "\"\xed\x9f\xbf\"");         /* U+D7FF */
    string_is("\xee\x80\x80", "\"\xee\x80\x80\"");         /* U+E000 */
    string_is("\xef\xbf\xbf", "\"\xef\xbf\xbf\"");         /* U+FFFF */
    string_is("\xf0\x90\x80\x80", "\"\xf0\x90\x80\x80\""); /* U+10000 */
    string_is("\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\""); /* U+10FFFF */
}

static void what_steers_a_terminal_is_escaped(void **state)
{
    (void)state;
    string_is("\xc2\x80\xc2\x9b"
              "31m\xc2\x9f",
              "\"\\u0080\\u009b31m\\u009f\"");
    string_is((char[]){'\xd8', '\x9c', 0}, "\"\\u061c\"");
    string_is((char[]){'\xe2', '\x80', '\x8e', 0}, "\"\\u200e\"");
    string_is((char[]){'\xe2', '\x80', '\xa8', 0}, "\"\\u2028\""); /* for Python it ends a line */
    string_is((char[]){'\xe2', '\x80', '\xae', 0}, "\"\\u202e\""); /* a turn of the direction of writing */
    string_is((char[]){'\xe2', '\x81', '\xa9', 0}, "\"\\u2069\"");
    string_is("\x7f", "\"\\u007f\"");
}

static void bytes_that_are_no_utf8_are_replaced(void **state)
{
    (void)state;
    string_is("a\xff"
              "b",
              "\"a" REPLACED "b\"");
    string_is("\x80", "\"" REPLACED "\"");
    string_is("\xbf\xbf", "\"" REPLACED REPLACED "\"");
    string_is("\xfe", "\"" REPLACED "\"");
    string_is("caf\xe9 ok", "\"caf" REPLACED " ok\""); /* Latin-1 */
}

static void sequences_that_break_off_are_replaced_and_what_follows_is_kept(void **state)
{
    (void)state;
    string_is("\xc3", "\"" REPLACED "\"");
    string_is("\xe2\x82", "\"" REPLACED REPLACED "\"");
    string_is("\xf0\x9f\x98", "\"" REPLACED REPLACED REPLACED "\"");
    string_is("\xe2\x82x", "\"" REPLACED REPLACED "x\"");
    string_is("\xe2\"", "\"" REPLACED "\\\"\"");
    string_is("\xc3\xc3\xa9", "\"" REPLACED "é\"");
}

static void overlong_forms_are_replaced(void **state)
{
    (void)state;
    string_is("\xc0\x80", "\"" REPLACED REPLACED "\"");
    string_is("\xc1\xbf", "\"" REPLACED REPLACED "\"");
    string_is("\xe0\x80\x80", "\"" REPLACED REPLACED REPLACED "\"");
    string_is("\xe0\x9f\xbf", "\"" REPLACED REPLACED REPLACED "\"");
    string_is("\xf0\x80\x80\x80", "\"" REPLACED REPLACED REPLACED REPLACED "\"");
    string_is("\xf0\x8f\xbf\xbf", "\"" REPLACED REPLACED REPLACED REPLACED "\"");
    string_is("\xc0\xa2", "\"" REPLACED REPLACED "\""); /* a quote in disguise */
}

static void surrogates_and_what_lies_beyond_unicode_are_replaced(void **state)
{
    (void)state;
    string_is("\xed\xa0\x80", "\"" REPLACED REPLACED REPLACED "\"");
    string_is("\xed\xbf\xbf", "\"" REPLACED REPLACED REPLACED "\"");
    string_is("\xf4\x90\x80\x80", "\"" REPLACED REPLACED REPLACED REPLACED "\"");
    string_is("\xf5\x80\x80\x80", "\"" REPLACED REPLACED REPLACED REPLACED "\"");
}

static void members_of_an_object(void **state)
{
    TEXT(text, 512);
    (void)state;

    json_begin(&text, "thing");
    json_time(&text, UINT64_C(1795443690123456789));
    json_string(&text, "name", "a\"b");
    json_string(&text, "empty", "");
    json_figure(&text, "figure", 2.25, 1);
    json_value(&text, "value", some(UINT64_MAX));
    json_signed(&text, "below", some((uint64_t)-3));
    json_signed(&text, "above", some(3));
    json_count(&text, "count", 0);
    json_key(&text, "other");
    text_string(&text, "[1]");
    json_end(&text);
    assert_text(
        &text, "{\"type\":\"thing\",\"time\":\"2026-11-23T14:21:30.123Z\",\"name\":\"a\\\"b\",\"empty\":\"\","
               "\"figure\":2.3,\"value\":18446744073709551615,\"below\":-3,\"above\":3,\"count\":0,"
               "\"other\":[1]}\n");
}

static void what_is_absent_is_no_member(void **state)
{
    const struct value absent = {7, false};
    TEXT(text, 512);
    (void)state;

    json_begin(&text, "thing");
    json_known(&text, "name", NULL);
    json_known(&text, "name", "");
    json_figure(&text, "figure", NAN, 1);
    json_figure(&text, "figure", INFINITY, 1);
    json_value(&text, "value", absent);
    json_signed(&text, "value", absent);
    json_end(&text);
    assert_text(&text, "{\"type\":\"thing\"}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_stands_in_quotes),
        cmocka_unit_test(quotes_and_backslashes_are_escaped),
        cmocka_unit_test(every_control_byte_is_escaped),
        cmocka_unit_test(valid_utf8_passes_up_to_its_limits),
        cmocka_unit_test(what_steers_a_terminal_is_escaped),
        cmocka_unit_test(bytes_that_are_no_utf8_are_replaced),
        cmocka_unit_test(sequences_that_break_off_are_replaced_and_what_follows_is_kept),
        cmocka_unit_test(overlong_forms_are_replaced),
        cmocka_unit_test(surrogates_and_what_lies_beyond_unicode_are_replaced),
        cmocka_unit_test(members_of_an_object),
        cmocka_unit_test(what_is_absent_is_no_member),
    };
    return cmocka_run_group_tests_name("json_object", tests, NULL, NULL);
}
