#include "base/clock.h"
#include "render/json.h"
#include "showing.h"

#include <locale.h>
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
    string_is("\xc2\x80", "\"\xc2\x80\"");                 /* U+0080 */
    string_is("\xdf\xbf", "\"\xdf\xbf\"");                 /* U+07FF */
    string_is("\xe0\xa0\x80", "\"\xe0\xa0\x80\"");         /* U+0800 */
    string_is("\xed\x9f\xbf", "\"\xed\x9f\xbf\"");         /* U+D7FF */
    string_is("\xee\x80\x80", "\"\xee\x80\x80\"");         /* U+E000 */
    string_is("\xef\xbf\xbf", "\"\xef\xbf\xbf\"");         /* U+FFFF */
    string_is("\xf0\x90\x80\x80", "\"\xf0\x90\x80\x80\""); /* U+10000 */
    string_is("\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\""); /* U+10FFFF */
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

static void a_sample(void **state)
{
    static const double values[] = {1, 8192.0 * 1024 * 1024, 84.96, 12.345, 0.5, 3};
    struct showing showing;
    TEXT(text, 1024);
    (void)state;

    show_columns(&showing, "r,free,maj,us,load1,oom");
    set_values(&showing, values, COUNT_OF(values));
    showing.figures.interval.wall_ns = UINT64_C(1795410001) * NS_PER_SECOND + 1000000;
    showing.figures.interval.seconds = 1.0004;
    json_put_sample(&text, &showing.columns, &showing.figures.interval);
    size_t longest = json_sample_max(&showing.columns);
    showing_free(&showing);
    assert_text(&text,
                "{\"type\":\"sample\",\"time\":\"2026-11-23T05:00:01.001Z\",\"interval_seconds\":1.000,"
                "\"procs_running\":1,\"mem_free_bytes\":8589934592,\"major_faults_per_second\":85.0,"
                "\"cpu_user_percent\":12.35,\"load_1m\":0.50,\"oom_kills\":3}\n");
    assert_true(text.length <= longest);
}

static void what_is_absent_has_no_key(void **state)
{
    struct showing showing;
    TEXT(text, 512);
    (void)state;

    show_columns(&showing, "r,maj,min");
    showing.figures.values[M_major_faults_per_second] = 0;
    json_put_sample(&text, &showing.columns, &showing.figures.interval);
    showing_free(&showing);
    assert_text(&text,
                "{\"type\":\"sample\",\"time\":\"1970-01-01T00:00:00.000Z\",\"interval_seconds\":1.000,"
                "\"major_faults_per_second\":0.0}\n");
}

static void the_largest_sample_fits_its_bound(void **state)
{
    struct showing showing;
    struct text text = text_new(65536);
    (void)state;

    show_columns(&showing, NULL);
    columns_add_set(&showing.columns, COLUMNS_ALL);
    columns_want(&showing.columns, showing.sampler);
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
        showing.figures.values[i] = 0x1p64;
    showing.figures.interval.seconds = 1e9;
    json_put_sample(&text, &showing.columns, &showing.figures.interval);
    assert_true(text.length <= json_sample_max(&showing.columns));
    showing_free(&showing);
    text_free(&text);
}

static void an_alert(void **state)
{
    struct event event = {.kind = EVENT_ALERT,
                          .severity = SEVERITY_WARNING,
                          .wall_ns = UINT64_C(1795410001) * NS_PER_SECOND,
                          .message = "HIGH IO LATENCY: 85 Major Faults/sec detected!",
                          .alert = "major_faults",
                          .state = STATE_BEGIN,
                          .value = 85,
                          .threshold = 50,
                          .worst = 85,
                          .duration_seconds = 1.0005,
                          .diagnosis = "file_thrash"};
    TEXT(text, 1024);
    (void)state;

    json_put_event(&text, &event);
    assert_text(&text, "{\"type\":\"alert\",\"time\":\"2026-11-23T05:00:01.000Z\",\"alert\":\"major_faults\","
                       "\"state\":\"begin\","
                       "\"value\":85.0,\"threshold\":50.0,\"worst\":85.0,\"duration_seconds\":1.001,"
                       "\"diagnosis\":\"file_thrash\","
                       "\"message\":\"HIGH IO LATENCY: 85 Major Faults/sec detected!\"}\n");
}

static void the_states_of_an_alert_and_what_is_absent_in_it(void **state)
{
    static const char *const names[] = {
        [STATE_BEGIN] = "begin", [STATE_CONTINUE] = "continue", [STATE_END] = "end"};
    (void)state;

    for (enum event_state at = STATE_BEGIN; at <= STATE_END; at++) {
        struct event event = {.kind = EVENT_ALERT,
                              .message = "m",
                              .alert = "a",
                              .state = at,
                              .value = NAN,
                              .threshold = INFINITY,
                              .worst = 2,
                              .duration_seconds = 3};
        char expected[256];
        TEXT(text, 512);
        snprintf(expected, sizeof(expected),
                 "{\"type\":\"alert\",\"time\":\"1970-01-01T00:00:00.000Z\",\"alert\":\"a\",\"state\":\"%s\","
                 "\"worst\":2.0,\"duration_seconds\":3.000,\"message\":\"m\"}\n",
                 names[at]);
        json_put_event(&text, &event);
        assert_text(&text, expected);
    }
}

static void an_oom_kill(void **state)
{
    struct event event = {.kind = EVENT_OOM_KILL, .wall_ns = 0, .kills = 2, .message = "OOM \"KILL\""};
    TEXT(text, 512);
    (void)state;

    json_put_event(&text, &event);
    assert_text(&text, "{\"type\":\"oom_kill\",\"time\":\"1970-01-01T00:00:00.000Z\",\"kills\":2,"
                       "\"message\":\"OOM \\\"KILL\\\"\"}\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_string_stands_in_quotes),
        cmocka_unit_test(quotes_and_backslashes_are_escaped),
        cmocka_unit_test(every_control_byte_is_escaped),
        cmocka_unit_test(valid_utf8_passes_up_to_its_limits),
        cmocka_unit_test(bytes_that_are_no_utf8_are_replaced),
        cmocka_unit_test(sequences_that_break_off_are_replaced_and_what_follows_is_kept),
        cmocka_unit_test(overlong_forms_are_replaced),
        cmocka_unit_test(surrogates_and_what_lies_beyond_unicode_are_replaced),
        cmocka_unit_test(a_sample),
        cmocka_unit_test(what_is_absent_has_no_key),
        cmocka_unit_test(the_largest_sample_fits_its_bound),
        cmocka_unit_test(an_alert),
        cmocka_unit_test(the_states_of_an_alert_and_what_is_absent_in_it),
        cmocka_unit_test(an_oom_kill),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
