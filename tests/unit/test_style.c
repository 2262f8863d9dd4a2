#include "render/style.h"
#include "support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

/* The user's side of a terminal of the test's own, or -1. */
static int open_terminal(int *other_side)
{
    *other_side = posix_openpt(O_RDWR | O_NOCTTY);
    if (*other_side < 0 || grantpt(*other_side) < 0 || unlockpt(*other_side) < 0)
        return -1;
    return open(ptsname(*other_side), O_RDWR | O_NOCTTY | O_CLOEXEC);
}

static int clear_environment(void **state)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG", "NO_COLOR", "TERM"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(variables); i++)
        unsetenv(variables[i]);
    return 0;
}

static void a_utf8_terminal_has_signs_and_colors(void **state)
{
    (void)state;
    int other, terminal = open_terminal(&other);

    if (terminal < 0)
        skip();
    setenv("TERM", "xterm", 1);
    setenv("LANG", "en_US.UTF-8", 1);
    struct style style = style_for(terminal, COLOR_AUTO);
    assert_true(style.signs);
    assert_true(style.color);
    assert_false(style.timestamp);
    assert_int_equal(style.unit, SIZE_AUTO);
    close(terminal);
    close(other);
}

static void what_is_no_terminal_has_neither(void **state)
{
    int ends[2];
    (void)state;

    setenv("TERM", "xterm", 1);
    setenv("LANG", "en_US.UTF-8", 1);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    assert_false(style_for(ends[1], COLOR_AUTO).signs);
    assert_false(style_for(ends[1], COLOR_AUTO).color);
    assert_true(style_for(ends[1], COLOR_ALWAYS).color);
    assert_false(style_for(ends[1], COLOR_ALWAYS).signs);
    close(ends[0]);
    close(ends[1]);
}

static void the_locale_says_whether_there_are_signs(void **state)
{
    static const struct {
        const char *lc_all, *lc_ctype, *lang;
        bool signs;
    } cases[] = {
        {NULL, NULL, NULL, false},         {NULL, NULL, "C", false},
        {NULL, NULL, "de_DE.UTF-8", true}, {NULL, NULL, "C.utf8", true},
        {NULL, NULL, "tr_TR.utf-8", true}, {NULL, NULL, "de_DE", false},
        {"C", NULL, "C.UTF-8", false},     {"", NULL, "C.UTF-8", true},
        {NULL, "C", "C.UTF-8", false},     {NULL, "C.UTF-8", "C", true},
        {"C.UTF-8", "C", "C", true},       {"POSIX", "C.UTF-8", "C.UTF-8", false},
    };
    (void)state;
    int other, terminal = open_terminal(&other);

    if (terminal < 0)
        skip();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        clear_environment(NULL);
        if (cases[i].lc_all)
            setenv("LC_ALL", cases[i].lc_all, 1);
        if (cases[i].lc_ctype)
            setenv("LC_CTYPE", cases[i].lc_ctype, 1);
        if (cases[i].lang)
            setenv("LANG", cases[i].lang, 1);
        assert_int_equal(style_for(terminal, COLOR_AUTO).signs, cases[i].signs);
    }
    close(terminal);
    close(other);
}

static void no_color_and_a_dumb_terminal_switch_colors_off_but_not_always(void **state)
{
    static const struct {
        const char *term, *no_color;
        bool color;
    } cases[] = {
        {"xterm", NULL, true}, {"xterm", "", true}, {"xterm", "1", false},
        {"dumb", NULL, false}, {"", NULL, false},   {NULL, NULL, false},
    };
    (void)state;
    int other, terminal = open_terminal(&other);

    if (terminal < 0)
        skip();
    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        clear_environment(NULL);
        if (cases[i].term)
            setenv("TERM", cases[i].term, 1);
        if (cases[i].no_color)
            setenv("NO_COLOR", cases[i].no_color, 1);
        assert_int_equal(style_for(terminal, COLOR_AUTO).color, cases[i].color);
        assert_true(style_for(terminal, COLOR_ALWAYS).color);
        assert_false(style_for(terminal, COLOR_NEVER).color);
    }
    close(terminal);
    close(other);
}

static void without_color_there_are_no_escape_sequences(void **state)
{
    static const struct style plain = {0};
    (void)state;

    assert_string_equal(style_storm(&plain), "");
    assert_string_equal(style_reset(&plain), "");
    for (enum event_severity severity = SEVERITY_OVER; severity <= SEVERITY_CRITICAL; severity++)
        assert_string_equal(style_severity(&plain, severity), "");
}

static void a_storm_is_red_and_severities_differ(void **state)
{
    static const struct style colored = {.color = true};
    (void)state;

    assert_string_equal(style_storm(&colored), "\033[31m");
    assert_string_equal(style_reset(&colored), "\033[0m");
    assert_string_equal(style_severity(&colored, SEVERITY_OVER), "\033[32m");
    assert_string_equal(style_severity(&colored, SEVERITY_WARNING), "\033[33m");
    assert_string_equal(style_severity(&colored, SEVERITY_CRITICAL), "\033[1;31m");
}

static void signs_or_plain_words(void **state)
{
    static const struct style signs = {.signs = true}, words = {0};
    (void)state;

    assert_string_equal(style_sign(&signs, SEVERITY_WARNING), "⚠️  ");
    assert_string_equal(style_sign(&signs, SEVERITY_CRITICAL), "🚨 ");
    assert_string_equal(style_sign(&signs, SEVERITY_OVER), "✅ ");
    assert_string_equal(style_sign(&words, SEVERITY_WARNING), "WARNING: ");
    assert_string_equal(style_sign(&words, SEVERITY_CRITICAL), "CRITICAL: ");
    assert_string_equal(style_sign(&words, SEVERITY_OVER), "OVER: ");
}

int main(void)
{
#define with_clear_environment(test) cmocka_unit_test_setup(test, clear_environment)
    const struct CMUnitTest tests[] = {
        with_clear_environment(a_utf8_terminal_has_signs_and_colors),
        with_clear_environment(what_is_no_terminal_has_neither),
        with_clear_environment(the_locale_says_whether_there_are_signs),
        with_clear_environment(no_color_and_a_dumb_terminal_switch_colors_off_but_not_always),
        cmocka_unit_test(without_color_there_are_no_escape_sequences),
        cmocka_unit_test(a_storm_is_red_and_severities_differ),
        cmocka_unit_test(signs_or_plain_words),
    };
    return cmocka_run_group_tests_name("style", tests, NULL, NULL);
}
