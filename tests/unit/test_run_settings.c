#include "commands/run/settings.h"
#include "settings_cases.h"

#include <stdio.h>
#include <string.h>

SETTINGS_CASES(struct run_settings, run_settings_parse, "run")

static void the_defaults(void **state)
{
    struct run_settings settings = accepted("make");
    (void)state;

    assert_string_equal(settings.command[0], "make");
    assert_null(settings.command[1]);
    assert_null(settings.output);
    assert_null(settings.record);
    assert_int_equal(settings.memory_max_bytes, 0);
    assert_near(settings.every_seconds, 0);
    assert_false(settings.json || settings.trace || settings.fail_on_oom || settings.waits ||
                 settings.no_cgroup || settings.help || settings.version);
}

static void each_option(void **state)
{
    (void)state;

    assert_string_equal(accepted("-o /tmp/x make").output, "/tmp/x");
    assert_string_equal(accepted("--output=x make").output, "x");
    assert_string_equal(accepted("--record x make").record, "x");
    assert_true(accepted("--json make").json);
    assert_true(accepted("--trace make").trace);
    assert_true(accepted("--fail-on oom make").fail_on_oom);
    assert_true(accepted("--wait make").waits);
    assert_true(accepted("--no-cgroup make").no_cgroup);
    assert_true(accepted("-h").help);
    assert_true(accepted("--help --what").help);
    assert_true(accepted("-V").version);
    assert_false(accepted("--json make").trace);
}

/* Its own options, though they look like ours, are the command's. */
static void what_follows_the_first_word_is_the_commands(void **state)
{
    static const char *const lines[] = {"make --json -o x --no-cgroup -h",
                                        "-- make --json -o x --no-cgroup -h"};
    static const char *const words[] = {"make", "--json", "-o", "x", "--no-cgroup", "-h"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct run_settings settings = accepted(lines[i]);
        for (size_t n = 0; n < COUNT_OF(words); n++)
            assert_string_equal(settings.command[n], words[n]);
        assert_null(settings.command[COUNT_OF(words)]);
        assert_null(settings.output);
        assert_false(settings.json || settings.no_cgroup || settings.help);
    }
    struct run_settings settings = accepted("--json -- -x -- y");
    assert_true(settings.json);
    assert_string_equal(settings.command[0], "-x");
    assert_string_equal(settings.command[1], "--");
    assert_string_equal(settings.command[2], "y");
}

static void limits_at_their_bounds(void **state)
{
    static const char *const wrong[] = {"0",        "1048575",
                                        "1023K",    "-1",
                                        "1.5G",     "x",
                                        "8Q",       "9223372036854775808",
                                        "8388608T", "18446744073709551616"};
    (void)state;

    assert_int_equal(accepted("--memory-max 1M x").memory_max_bytes, 1 << 20);
    assert_int_equal(accepted("--memory-max 1048576 x").memory_max_bytes, 1 << 20);
    assert_true(accepted("--memory-max 8G x").memory_max_bytes == UINT64_C(8) << 30);
    assert_true(accepted("--memory-max 9223372036854775807 x").memory_max_bytes == INT64_MAX);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        char words[64], expected[128];
        snprintf(words, sizeof(words), "--memory-max=%s x", wrong[i]);
        snprintf(expected, sizeof(expected),
                 "--memory-max '%s': expected a size from 1M on, such as 512M or 8G", wrong[i]);
        refuses(words, expected);
    }
}

static void times_at_their_bounds(void **state)
{
    static const char *const wrong[] = {"0", "0.04", "86401", "2d", "x", "nan", "-1"};
    (void)state;

    assert_near(accepted("--every 0.05 x").every_seconds, 0.05);
    assert_near(accepted("--every 10s x").every_seconds, 10);
    assert_near(accepted("--every 1d x").every_seconds, 86400);
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        char words[64], expected[128];
        snprintf(words, sizeof(words), "--every=%s x", wrong[i]);
        snprintf(expected, sizeof(expected),
                 "--every '%s': expected a time from 0.05 s to a day, such as 10s", wrong[i]);
        refuses(words, expected);
    }
}

static void what_is_wrong_is_named(void **state)
{
    static const char which[] = "run: which command? faultline run -- COMMAND [ARG...]";
    (void)state;

    refuses("", which);
    refuses("--", which);
    refuses("--json --", which);
    refuses("--what make", "unknown option '--what': see --help");
    refuses("-x make", "unknown option '-x': see --help");
    refuses("-o", "option '-o' wants a value: see --help");
    refuses("--fail-on OOM x", "--fail-on 'OOM': expected oom");
    refuses("--fail-on= x", "--fail-on '': expected oom");
    refuses("--memory-max 1G --no-cgroup x",
            "--memory-max and --no-cgroup: a limit needs a cgroup of the job's own");
    refuses("--no-cgroup --memory-max 1G x",
            "--memory-max and --no-cgroup: a limit needs a cgroup of the job's own");
    assert_true(accepted("--no-cgroup --memory-max 1G -h").help);
}

static void the_help_has_all_options(void **state)
{
    static const char *const names[] = {"--output", "--json",    "--trace",  "--memory-max",
                                        "--every",  "--record",  "--wait",   "--no-cgroup",
                                        "--help",   "--version", "--fail-on"};
    TEXT(text, 4096);
    (void)state;

    run_settings_put_help(&text);
    assert_int_equal(text.lost, 0);
    text.bytes[text.length] = '\0';
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_non_null(strstr(text.bytes, names[i]));
    for (const char *line = text.bytes; *line; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults),
        cmocka_unit_test(each_option),
        cmocka_unit_test(what_follows_the_first_word_is_the_commands),
        cmocka_unit_test(limits_at_their_bounds),
        cmocka_unit_test(times_at_their_bounds),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(the_help_has_all_options),
    };
    return cmocka_run_group_tests_name("run_settings", tests, NULL, NULL);
}
