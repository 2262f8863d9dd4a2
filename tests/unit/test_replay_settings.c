#include "commands/replay/settings.h"
#include "settings_cases.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

SETTINGS_CASES(struct replay_settings, replay_settings_parse, "replay")

static void the_defaults(void **state)
{
    struct replay_settings settings = accepted("");
    (void)state;

    assert_null(settings.path);
    assert_null(settings.since);
    assert_null(settings.until);
    assert_null(settings.around);
    assert_null(settings.save_path);
    assert_null(settings.columns);
    assert_near(settings.window_seconds, 60);
    assert_near(settings.every_seconds, 0);
    assert_false(settings.has_boot);
    assert_int_equal(settings.unit, SIZE_AUTO);
    assert_int_equal(settings.color, COLOR_AUTO);
    assert_false(settings.list || settings.force || settings.processes || settings.events ||
                 settings.follow || settings.wide || settings.psi || settings.json || settings.csv ||
                 settings.openmetrics || settings.one_header || settings.help || settings.version);
}

/* Only the switch that is named is set: as many as there are in the words. */
static size_t switches(const struct replay_settings *settings)
{
    const bool all[] = {settings->list,       settings->force,   settings->processes, settings->events,
                        settings->follow,     settings->wide,    settings->psi,       settings->json,
                        settings->csv,        settings->help,    settings->version,   settings->openmetrics,
                        settings->one_header, settings->has_boot};
    size_t count = 0;

    for (size_t i = 0; i < COUNT_OF(all); i++)
        count += all[i];
    return count;
}

#define assert_switch(words, field)                                                                          \
    do {                                                                                                     \
        struct replay_settings settings = accepted(words);                                                   \
        assert_true(settings.field);                                                                         \
        assert_int_equal(switches(&settings), 1);                                                            \
    } while (0)

static void every_switch_sets_its_own_field(void **state)
{
    (void)state;
    assert_switch("--list", list);
    assert_switch("--force", force);
    assert_switch("--processes", processes);
    assert_switch("--events", events);
    assert_switch("--follow", follow);
    assert_switch("-w", wide);
    assert_switch("--wide", wide);
    assert_switch("--psi", psi);
    assert_switch("-n", one_header);
    assert_switch("--one-header", one_header);
    assert_switch("--json", json);
    assert_switch("--csv", csv);
    assert_switch("--openmetrics", openmetrics);
    assert_switch("-h", help);
    assert_switch("--help", help);
    assert_switch("-V", version);
    assert_switch("--version", version);
}

static void words_are_kept_as_they_are(void **state)
{
    (void)state;
    assert_string_equal(accepted("--since -1h").since, "-1h");
    assert_string_equal(accepted("--since=yesterday").since, "yesterday");
    assert_string_equal(accepted("--until 03:12").until, "03:12");
    assert_string_equal(accepted("--around oom:2").around, "oom:2");
    assert_string_equal(accepted("--save OUT.flr").save_path, "OUT.flr");
    assert_string_equal(accepted("-o r,b").columns, "r,b");
    assert_string_equal(accepted("--columns r,b").columns, "r,b");
    struct replay_settings both = accepted("--since 03:12 --until 04:00");
    assert_string_equal(both.since, "03:12");
    assert_string_equal(both.until, "04:00");
}

static void one_file_before_or_behind_the_options(void **state)
{
    (void)state;
    assert_string_equal(accepted("box.flr --json").path, "box.flr");
    assert_string_equal(accepted("--json box.flr").path, "box.flr");
    assert_string_equal(accepted("-- -box.flr").path, "-box.flr");
    refuses("a.flr b.flr", "'b.flr': expected nothing behind FILE");
}

static void boots_by_number(void **state)
{
    (void)state;
    assert_int_equal(accepted("--boot 0").boot, 0);
    assert_true(accepted("--boot 0").has_boot);
    assert_int_equal(accepted("--boot 3").boot, 3);
    assert_int_equal(accepted("--boot -1").boot, -1);
    assert_int_equal(accepted("--boot=-12").boot, -12);
    assert_int_equal(accepted("--boot -0").boot, 0);
    assert_int_equal(accepted("--boot 2147483647").boot, INT32_MAX);
}

static void boots_that_are_none(void **state)
{
    static const char *const values[] = {"-",   "x",  "1x",         "--1",         "+1",
                                         "1.0", "-x", "2147483648", "-2147483648", "18446744073709551616"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(values); i++) {
        char words[128], expected[256];
        snprintf(words, sizeof(words), "--boot=%s", values[i]);
        snprintf(expected, sizeof(expected), "--boot '%s': expected a number of a boot, such as 0, -1 or 1",
                 values[i]);
        refuses(words, expected);
    }
}

static void lengths_of_time(void **state)
{
    (void)state;
    assert_near(accepted("--window 90s").window_seconds, 90);
    assert_near(accepted("--window 5m").window_seconds, 300);
    assert_near(accepted("--window 0.5").window_seconds, 0.5);
    assert_near(accepted("--every 1h").every_seconds, 3600);
    assert_near(accepted("--every 1000000000").every_seconds, 1e9);
    assert_near(accepted("--every 60s").window_seconds, 60);
    assert_near(accepted("--window 90s").every_seconds, 0);
}

static void lengths_of_time_that_are_none(void **state)
{
    static const char *const values[] = {"0", "0s", "x", "-5", "5x", "1000000001", "99999999d", "nan", "inf"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(values); i++) {
        char words[128], expected[256];
        snprintf(words, sizeof(words), "--window=%s", values[i]);
        snprintf(expected, sizeof(expected), "--window '%s': expected a length of time, such as 90s or 5m",
                 values[i]);
        refuses(words, expected);
        snprintf(words, sizeof(words), "--every=%s", values[i]);
        snprintf(expected, sizeof(expected), "--every '%s': expected a length of time, such as 60s or 5m",
                 values[i]);
        refuses(words, expected);
    }
}

static void units_and_colors(void **state)
{
    (void)state;
    assert_int_equal(accepted("-S k").unit, SIZE_k);
    assert_int_equal(accepted("--unit M").unit, SIZE_M);
    refuses("-S G", "--unit 'G': expected k, K, m, M or auto");
    assert_int_equal(accepted("--color never").color, COLOR_NEVER);
    assert_int_equal(accepted("--color always").color, COLOR_ALWAYS);
    refuses("--color maybe", "--color 'maybe': expected auto, always or never");
}

static void what_does_not_go_together_is_refused(void **state)
{
#define CHOOSE ": choose one of the two"
    static const char kinds[] = "they are two kinds of output" CHOOSE;
    static const struct {
        const char *words;
        const char *names;
        const char *why;
    } pairs[] = {
        {"--json --csv", "--json and --csv: ", kinds},
        {"--openmetrics --json", "--json and --openmetrics: ", kinds},
        {"--csv --openmetrics", "--csv and --openmetrics: ", kinds},
        {"--list --csv", "--list and another kind of output: ", "it has its own" CHOOSE},
        {"--list --openmetrics", "--list and another kind of output: ", "it has its own" CHOOSE},
        {"--list --save x", "--list and another kind of output: ", "it has its own" CHOOSE},
        {"--save x --json", "--save and another kind of output: ", "it writes a recording" CHOOSE},
        {"--save x --csv", "--save and another kind of output: ", "it writes a recording" CHOOSE},
        {"--save x --openmetrics", "--save and another kind of output: ", "it writes a recording" CHOOSE},
        {"--processes --csv",
         "--processes and --csv or --openmetrics: ", "they have no place for processes" CHOOSE},
        {"--processes --openmetrics",
         "--processes and --csv or --openmetrics: ", "they have no place for processes" CHOOSE},
        {"--events --csv", "--events and --csv or --openmetrics: ", "they have no place for events" CHOOSE},
        {"--events --openmetrics",
         "--events and --csv or --openmetrics: ", "they have no place for events" CHOOSE},
        {"--events --every 60s",
         "--every and --events, --list, --save or --openmetrics: ", "there are no rows" CHOOSE},
        {"--list --every 60s",
         "--every and --events, --list, --save or --openmetrics: ", "there are no rows" CHOOSE},
        {"--save x --every 60s",
         "--every and --events, --list, --save or --openmetrics: ", "there are no rows" CHOOSE},
        {"--openmetrics --every 60s",
         "--every and --events, --list, --save or --openmetrics: ", "there are no rows" CHOOSE},
        {"--list --since 03:12",
         "--list and --since, --until, --around or --boot: ", "it is of all that was recorded" CHOOSE},
        {"--list --until 03:12",
         "--list and --since, --until, --around or --boot: ", "it is of all that was recorded" CHOOSE},
        {"--list --around oom",
         "--list and --since, --until, --around or --boot: ", "it is of all that was recorded" CHOOSE},
        {"--list --boot 0",
         "--list and --since, --until, --around or --boot: ", "it is of all that was recorded" CHOOSE},
        {"--list --processes", "--list and another kind of output: ", "it has its own" CHOOSE},
        {"--list --events", "--list and another kind of output: ", "it has its own" CHOOSE},
        {"--save x --processes", "--save and another kind of output: ", "it writes a recording" CHOOSE},
        {"--save x --events", "--save and another kind of output: ", "it writes a recording" CHOOSE},
        {"--around oom --since 1h", "--around and --since or --until: ", "both say when" CHOOSE},
        {"--until 03:12 --around oom", "--around and --since or --until: ", "both say when" CHOOSE},
        {"--follow --list", "--follow and --list, --save or --openmetrics: ", "those come to an end" CHOOSE},
        {"--follow --save x",
         "--follow and --list, --save or --openmetrics: ", "those come to an end" CHOOSE},
        {"--follow --openmetrics",
         "--follow and --list, --save or --openmetrics: ", "those come to an end" CHOOSE},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        char expected[256];
        snprintf(expected, sizeof(expected), "%s%s", pairs[i].names, pairs[i].why);
        refuses(pairs[i].words, expected);
    }
}

static void what_goes_together_is_not(void **state)
{
    static const char *const lines[] = {
        "--list --json",
        "--processes --json",
        "--events --json --around oom --window 5m",
        "--follow --json --every 60s",
        "--since -1h --until -10min --boot -1 --csv -w --psi",
        "--save x --force --around oom",
        "--events --processes",
        "--openmetrics --since -1h",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(lines); i++)
        accepted(lines[i]);
}

static void unknown_options_and_missing_values(void **state)
{
    static const char *const lines[] = {"--lsit", "-x", "--since", "--json=yes", "--boot"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        char copy[64];
        struct replay_settings settings;
        struct problem problem;
        snprintf(copy, sizeof(copy), "%s", lines[i]);
        assert_int_equal(parse(copy, &settings, &problem), -EINVAL);
        assert_int_not_equal(problem.text[0], '\0');
    }
}

static void help_is_given_whatever_stands_behind_it(void **state)
{
    (void)state;
    assert_true(accepted("--json --csv --help").help);
    assert_true(accepted("-h a b c").help);
    assert_true(accepted("-V --window never").version);
}

static void help_names_every_option_in_80_columns(void **state)
{
    static const char *const names[] = {"--since",   "--until", "--around",      "--window",     "--boot",
                                        "--list",    "--every", "--processes",   "--events",     "--follow",
                                        "--columns", "--wide",  "--psi",         "--one-header", "--unit",
                                        "--json",    "--csv",   "--openmetrics", "--save",       "--force",
                                        "--color",   "--help",  "--version"};
    TEXT(text, 8192);
    size_t start = 0;
    (void)state;

    replay_settings_put_help(&text);
    assert_int_equal(text.lost, 0);
    for (size_t at = 0; at < text.length; at++) {
        if (text.bytes[at] != '\n')
            continue;
        assert_true(at - start <= 80);
        start = at + 1;
    }
    assert_int_equal(start, text.length);
    text_char(&text, '\0');
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (!strstr(text.bytes, names[i]))
            fail_msg("no %s", names[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults),
        cmocka_unit_test(every_switch_sets_its_own_field),
        cmocka_unit_test(words_are_kept_as_they_are),
        cmocka_unit_test(one_file_before_or_behind_the_options),
        cmocka_unit_test(boots_by_number),
        cmocka_unit_test(boots_that_are_none),
        cmocka_unit_test(lengths_of_time),
        cmocka_unit_test(lengths_of_time_that_are_none),
        cmocka_unit_test(units_and_colors),
        cmocka_unit_test(what_does_not_go_together_is_refused),
        cmocka_unit_test(what_goes_together_is_not),
        cmocka_unit_test(unknown_options_and_missing_values),
        cmocka_unit_test(help_is_given_whatever_stands_behind_it),
        cmocka_unit_test(help_names_every_option_in_80_columns),
    };
    return cmocka_run_group_tests_name("replay_settings", tests, NULL, NULL);
}
