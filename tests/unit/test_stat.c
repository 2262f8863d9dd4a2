#include "parsing.h"

#include <stdio.h>
#include <stdlib.h>

static const char short_stat[] = "cpu  2541 1 1415 131888 337 2 32 9 5 6\n"
                                 "cpu0 964 0 461 66706 10 0 3 2 0 0\n"
                                 "cpu1 1577 1 954 65182 327 2 29 7 5 6\n"
                                 "intr 143383 0 17 9\n"
                                 "ctxt 323570\n"
                                 "btime 1795400000\n"
                                 "processes 2154\n"
                                 "procs_running 3\n"
                                 "procs_blocked 4\n"
                                 "softirq 98 1 2 3\n";

static void cpu_time_is_that_of_all_cpus_by_its_names(void **state)
{
    static const struct {
        const char *name;
        uint64_t number;
    } fields[] = {{"cpu.user", 2541},  {"cpu.nice", 1},      {"cpu.system", 1415}, {"cpu.idle", 131888},
                  {"cpu.iowait", 337}, {"cpu.irq", 2},       {"cpu.softirq", 32},  {"cpu.steal", 9},
                  {"cpu.guest", 5},    {"cpu.guest_nice", 6}};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(fields); i++)
        assert_parses(SOURCE_STAT, fields[i].name, short_stat, fields[i].number);
}

static void cpus_that_are_online_are_counted(void **state)
{
    (void)state;
    assert_parses(SOURCE_STAT, "cpu.online", short_stat, 2);
    assert_parses(SOURCE_STAT, "cpu.online", "cpu  1 2 3 4 5 6 7 8 9 10\ncpu0 1 2 3 4 5 6 7 8 9 10\n", 1);
    assert_parses(SOURCE_STAT, "cpu.online", "cpu  1 2 3\ncpu0 1\ncpu2 1\ncpu7 1\nintr 4\ncpu8 1\n", 3);
    assert_not_in(SOURCE_STAT, "cpu.online", "cpu  1 2 3 4 5 6 7 8 9 10\nintr 4\n");
    assert_not_in(SOURCE_STAT, "cpu.online", "cpu  1 2 3 4 5 6 7 8 9 10");
}

static void counts(void **state)
{
    (void)state;
    assert_parses(SOURCE_STAT, "intr", short_stat, 143383); /* the sum, not the first of the list */
    assert_parses(SOURCE_STAT, "ctxt", short_stat, 323570);
    assert_parses(SOURCE_STAT, "btime", short_stat, 1795400000);
    assert_parses(SOURCE_STAT, "processes", short_stat, 2154);
    assert_parses(SOURCE_STAT, "procs_running", short_stat, 3);
    assert_parses(SOURCE_STAT, "procs_blocked", short_stat, 4);
}

static void fields_that_an_old_kernel_lacks_are_absent(void **state)
{
    static const char text[] = "cpu  2541 0 1415 131888 337 0 32 9\ncpu0 2541 0 1415 131888 337 0 32 9\n";
    (void)state;

    assert_parses(SOURCE_STAT, "cpu.steal", text, 9);
    assert_not_in(SOURCE_STAT, "cpu.guest", text);
    assert_not_in(SOURCE_STAT, "cpu.guest_nice", text);
    assert_parses(SOURCE_STAT, "cpu.online", text, 1);
}

static void the_line_of_one_cpu_is_not_that_of_all(void **state)
{
    (void)state;
    assert_not_in(SOURCE_STAT, "cpu.user", "cpu0 964 0 461 66706 10 0 3 2 0 0\nintr 5\n");
}

static void other_names_are_unknown(void **state)
{
    static const char *const names[] = {"cpu", "cpu.", "cpu.users", "cpu0.user", "softirq", "page", ""};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_true(source_knows(SOURCE_STAT, names[i]) < 0);
}

/* A machine of 256 CPUs with 4000 interrupt lines: some 40 KiB, ctxt far behind. */
static char *large_stat(unsigned cpus, unsigned long long ticks, unsigned long long interrupts)
{
    enum { LARGE = 200000 };
    char *text = malloc(LARGE);
    size_t at;

    assert_non_null(text);
    at = (size_t)snprintf(text, LARGE, "cpu  %llu 0 %llu %llu 0 0 0 0 0 0\n", ticks * cpus, ticks * cpus,
                          ticks * cpus);
    for (unsigned i = 0; i < cpus; i++)
        at += (size_t)snprintf(text + at, LARGE - at, "cpu%u %llu 0 %llu %llu 0 0 0 0 0 0\n", i, ticks, ticks,
                               ticks);
    at += (size_t)snprintf(text + at, LARGE - at, "intr %llu", interrupts * 4000);
    for (unsigned i = 0; i < 4000; i++)
        at += (size_t)snprintf(text + at, LARGE - at, " %llu", interrupts);
    snprintf(text + at, LARGE - at, "\nctxt %llu\nprocesses 77\nprocs_running 300\n", ticks * 3);
    return text;
}

static void a_machine_of_256_cpus(void **state)
{
    static const struct {
        unsigned cpus;
        unsigned long long ticks, interrupts;
    } rounds[] = {
        {256, 9, 0}, {256, 10, 9}, {256, 100000, 100000}, {255, 100001, 100001}, {256, 100002, 100002}};
    struct source *source = source_new(SOURCE_STAT);
    struct value values[PARSED_MAX];
    int user = source_want(source, "cpu.user");
    int online = source_want(source, "cpu.online");
    int intr = source_want(source, "intr");
    int ctxt = source_want(source, "ctxt");
    int running = source_want(source, "procs_running");
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rounds); i++) {
        char *text = large_stat(rounds[i].cpus, rounds[i].ticks, rounds[i].interrupts);
        source_parse(source, text, strlen(text), values);
        free(text);
        assert_value(values[user], rounds[i].ticks * rounds[i].cpus);
        assert_value(values[online], rounds[i].cpus);
        assert_value(values[intr], rounds[i].interrupts * 4000);
        assert_value(values[ctxt], rounds[i].ticks * 3);
        assert_value(values[running], 300);
    }
    source_free(source);
}

static void recorded_files(void **state)
{
    static const struct {
        const char *machine, *name;
        uint64_t number;
    } cases[] = {
        {"linux-6.18", "cpu.user", 35697},  {"linux-6.18", "cpu.steal", 37},
        {"linux-6.18", "cpu.online", 2},    {"linux-6.18", "intr", 1446524},
        {"linux-6.18", "ctxt", 3858855},    {"linux-6.18", "processes", 9448},
        {"linux-6.18", "procs_blocked", 1}, {"linux-4.14", "cpu.online", 4},
        {"linux-4.14", "cpu.nice", 4800},   {"linux-4.4", "procs_blocked", 4},
        {"linux-6.1", "cpu.online", 1},     {"linux-6.12", "cpu.iowait", 140},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *text = fixture_get(cases[i].machine, 0, "stat");
        assert_parses(SOURCE_STAT, cases[i].name, text, cases[i].number);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cpu_time_is_that_of_all_cpus_by_its_names),
        cmocka_unit_test(cpus_that_are_online_are_counted),
        cmocka_unit_test(counts),
        cmocka_unit_test(fields_that_an_old_kernel_lacks_are_absent),
        cmocka_unit_test(the_line_of_one_cpu_is_not_that_of_all),
        cmocka_unit_test(other_names_are_unknown),
        cmocka_unit_test(a_machine_of_256_cpus),
        cmocka_unit_test(recorded_files),
    };
    return cmocka_run_group_tests_name("stat", tests, NULL, NULL);
}
