#include "commands/live_settings.h"
#include "settings_cases.h"

#include <stdlib.h>
#include <string.h>

SETTINGS_CASES(struct live_settings, live_settings_parse, "faultline")

static void the_defaults(void **state)
{
    struct live_settings settings = accepted("");
    (void)state;

    assert_near(settings.beat.delay_seconds, 1);
    assert_true(settings.beat.count == 0);
    assert_string_equal(settings.proc_path, "/proc");
    assert_near(settings.watch.major_faults, 50);
    assert_near(settings.watch.context_switches, 5000);
    assert_false(settings.watch.context_switches_per_cpu);
    assert_int_equal(settings.unit, SIZE_AUTO);
    assert_int_equal(settings.color, COLOR_AUTO);
    assert_null(settings.columns);
    assert_null(settings.on_event);
    assert_false(settings.wide || settings.psi || settings.timestamp || settings.one_header ||
                 settings.json || settings.csv || settings.no_alerts || settings.help || settings.version);
}

static void every_switch_sets_its_own_field(void **state)
{
    (void)state;
    assert_true(accepted("-w").wide);
    assert_true(accepted("--wide").wide);
    assert_true(accepted("--psi").psi);
    assert_true(accepted("-t").timestamp);
    assert_true(accepted("-n").one_header);
    assert_true(accepted("--json").json);
    assert_true(accepted("--csv").csv);
    assert_true(accepted("--no-alerts").no_alerts);
    assert_true(accepted("-h").help);
    assert_true(accepted("-V").version);
    assert_string_equal(accepted("-o r,b").columns, "r,b");
    assert_string_equal(accepted("--on-event true").on_event, "true");
    assert_string_equal(accepted("--proc /host/proc").proc_path, "/host/proc");
}

static void units_and_colors(void **state)
{
    (void)state;
    assert_int_equal(accepted("-S k").unit, SIZE_k);
    assert_int_equal(accepted("-S K").unit, SIZE_K);
    assert_int_equal(accepted("-S m").unit, SIZE_m);
    assert_int_equal(accepted("-S M").unit, SIZE_M);
    assert_int_equal(accepted("--unit auto").unit, SIZE_AUTO);
    refuses("-S G", "--unit 'G': expected k, K, m, M or auto");
    assert_int_equal(accepted("--color always").color, COLOR_ALWAYS);
    assert_int_equal(accepted("--color never").color, COLOR_NEVER);
    assert_int_equal(accepted("--color auto").color, COLOR_AUTO);
    refuses("--color maybe", "--color 'maybe': expected auto, always or never");
}

static void thresholds(void **state)
{
    (void)state;
    assert_near(accepted("--alert-major 2.5").watch.major_faults, 2.5);
    assert_near(accepted("--alert-major 0").watch.major_faults, 0);
    refuses("--alert-major many", "--alert-major 'many': expected a number of major faults a second");
    struct live_settings each = accepted("--alert-cs 1000/cpu");
    assert_near(each.watch.context_switches, 1000);
    assert_true(each.watch.context_switches_per_cpu);
    struct live_settings all = accepted("--alert-cs 1000/cpu --alert-cs 777");
    assert_near(all.watch.context_switches, 777);
    assert_false(all.watch.context_switches_per_cpu);
}

static void a_threshold_of_another_form(void **state)
{
    static const char *const values[] = {"x",      "/cpu",      "5/",  "5/core",
                                         "5/cpus", "5/cpu/cpu", "5,5", "12345678901234567890123456789012345"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(values); i++) {
        char words[128] = "--alert-cs ", expected[256] = "--alert-cs '";
        strcat(words, values[i]);
        strcat(expected, values[i]);
        strcat(expected, "': expected a number of context switches a second, N or N/cpu");
        refuses(words, expected);
    }
}

static void delay_and_count_are_taken_from_behind(void **state)
{
    struct live_settings settings = accepted("-w 0.5 --psi 7");
    (void)state;

    assert_near(settings.beat.delay_seconds, 0.5);
    assert_true(settings.beat.count == 7);
    assert_true(settings.wide && settings.psi);
    refuses("x", "DELAY 'x': expected seconds from 0.05 to 86400; a command stands before its options");
}

static void json_and_csv_exclude_each_other(void **state)
{
    (void)state;
    refuses("--json --csv", "--json and --csv: choose one of the two");
}

static void help_fits_a_screen(void **state)
{
    TEXT(text, 8192);
    unsigned lines = 0;
    size_t width = 0;
    (void)state;

    live_settings_put_help(&text);
    assert_int_equal(text.lost, 0);
    for (size_t at = 0, start = 0; at < text.length; at++) {
        if (text.bytes[at] != '\n')
            continue;
        lines++;
        width = at - start > width ? at - start : width;
        start = at + 1;
    }
    assert_true(lines <= 24);
    assert_true(width <= 80);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults),
        cmocka_unit_test(every_switch_sets_its_own_field),
        cmocka_unit_test(units_and_colors),
        cmocka_unit_test(thresholds),
        cmocka_unit_test(a_threshold_of_another_form),
        cmocka_unit_test(delay_and_count_are_taken_from_behind),
        cmocka_unit_test(json_and_csv_exclude_each_other),
        cmocka_unit_test(help_fits_a_screen),
    };
    return cmocka_run_group_tests_name("live_settings", tests, NULL, NULL);
}
