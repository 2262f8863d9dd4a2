#include "commands/trace/settings.h"
#include "settings_cases.h"

#include <string.h>

SETTINGS_CASES(struct trace_settings, trace_settings_parse, "trace")

static void the_defaults(void **state)
{
    struct trace_settings settings = accepted("");
    (void)state;

    assert_near(settings.seconds, 0);
    assert_int_equal(settings.grouping, FAULTS_BY_PAIR);
    assert_int_equal(settings.pid, 0);
    assert_int_equal(settings.pairs, 8192);
    assert_int_equal(settings.rows, 0);
    assert_null(settings.comm);
    assert_null(settings.cgroup_path);
    assert_false(settings.files || settings.events || settings.json || settings.help || settings.version);
}

static void each_option(void **state)
{
    (void)state;

    assert_int_equal(accepted("--by process").grouping, FAULTS_BY_PROCESS);
    assert_int_equal(accepted("--by file").grouping, FAULTS_BY_FILE);
    assert_int_equal(accepted("--by cgroup").grouping, FAULTS_BY_CGROUP);
    assert_int_equal(accepted("-p 4194304").pid, 4194304);
    assert_int_equal(accepted("--pairs 1048576").pairs, 1048576);
    assert_int_equal(accepted("-n 3").rows, 3);
    assert_string_equal(accepted("--comm a").comm, "a");
    assert_string_equal(accepted("--cgroup /x").cgroup_path, "/x");
    assert_near(accepted("0.1").seconds, 0.1);
    assert_near(accepted("--json 2 --events").seconds, 2);
    assert_true(accepted("--files").files);
    assert_true(accepted("--events").events);
    assert_true(accepted("--json").json);
    assert_true(accepted("-h -p x").help);
    assert_true(accepted("-V").version);
}

static void what_is_wrong_is_named(void **state)
{
    (void)state;

    refuses("0.04", "SECONDS '0.04': expected seconds from 0.05 to 31536000");
    refuses("nan", "SECONDS 'nan': expected seconds from 0.05 to 31536000");
    refuses("1 2", "'2': expected nothing behind SECONDS");
    refuses("--by pid", "--by 'pid': expected process, file or cgroup");
    refuses("-p 0", "--pid '0': expected the number of a process");
    refuses("-p 2147483648", "--pid '2147483648': expected the number of a process");
    refuses("-p x", "--pid 'x': expected the number of a process");
    refuses("--pairs 0", "--pairs '0': expected a whole number from 1 to 1048576");
    refuses("--pairs 1048577", "--pairs '1048577': expected a whole number from 1 to 1048576");
    refuses("-n 0", "--rows '0': expected a whole number above 0");
    refuses("--csv", "unknown option '--csv': see --help");
}

static void the_help_has_all_options(void **state)
{
    static const char *const names[] = {"--by",   "--pid",   "--comm", "--cgroup", "--events", "--files",
                                        "--rows", "--pairs", "--json", "--help",   "--version"};
    TEXT(text, 4096);
    (void)state;

    trace_settings_put_help(&text);
    assert_int_equal(text.lost, 0);
    text.bytes[text.length] = '\0';
    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_non_null(strstr(text.bytes, names[i]));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_defaults),
        cmocka_unit_test(each_option),
        cmocka_unit_test(what_is_wrong_is_named),
        cmocka_unit_test(the_help_has_all_options),
    };
    return cmocka_run_group_tests_name("trace_settings", tests, NULL, NULL);
}
