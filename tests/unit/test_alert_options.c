#include "commands/alert_options.h"
#include "support.h"

#include <errno.h>

/* The watch is not what the settings begin with. */
struct settings {
    const char *name;
    struct watch_settings alerts;
    bool last;
};

static const struct option_row rows[] = {
    {"name", 0, "NAME", "a name", .offset = offsetof(struct settings, name)},
    ALERT_OPTIONS(struct settings, alerts),
    {"last", 0, NULL, "a switch", .offset = offsetof(struct settings, last)},
};
static const struct option_table table = OPTION_TABLE(rows);

static int parse(struct settings *settings, const char *option, const char *value, struct problem *problem)
{
    char *words[] = {(char *)"faultline", (char *)option, (char *)value, NULL};
    int operands;

    *settings = (struct settings){.alerts = WATCH_DEFAULTS};
    return options_parse(&table, settings, 3, words, &operands, problem);
}

static void each_sets_its_own_threshold(void **state)
{
    struct settings settings;
    struct problem problem;
    (void)state;

    assert_int_equal(parse(&settings, "--alert-major", "2.5", &problem), 0);
    assert_near(settings.alerts.major_faults, 2.5);
    assert_near(settings.alerts.context_switches, 5000);
    assert_int_equal(parse(&settings, "--alert-cs", "70", &problem), 0);
    assert_near(settings.alerts.major_faults, 50);
    assert_near(settings.alerts.context_switches, 70);
    assert_false(settings.alerts.context_switches_per_cpu);
    assert_int_equal(parse(&settings, "--alert-cs", "1e3/cpu", &problem), -EINVAL);
    assert_int_equal(parse(&settings, "--alert-cs", "1000/cpu", &problem), 0);
    assert_near(settings.alerts.context_switches, 1000);
    assert_true(settings.alerts.context_switches_per_cpu);
    assert_null(settings.name);
    assert_false(settings.last);
}

static void another_form_is_refused(void **state)
{
    static const char *const values[] = {"x",      "/cpu",      "5/",  "5/core",
                                         "5/cpus", "5/cpu/cpu", "5,5", "12345678901234567890123456789012"};
    struct settings settings;
    struct problem problem;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(values); i++)
        assert_int_equal(parse(&settings, "--alert-cs", values[i], &problem), -EINVAL);
    assert_int_equal(parse(&settings, "--alert-major", "5/cpu", &problem), -EINVAL);
    assert_string_equal(problem.text, "--alert-major '5/cpu': expected a number of major faults a second");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_sets_its_own_threshold),
        cmocka_unit_test(another_form_is_refused),
    };
    return cmocka_run_group_tests_name("alert_options", tests, NULL, NULL);
}
