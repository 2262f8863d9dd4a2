#include "job/usage.h"
#include "support.h"

#include <limits.h>

static struct job_usage usage_of(struct rusage all, struct rusage before, struct perf_inherit_counts counts)
{
    struct job_usage usage;

    job_usage_make(&usage, &all, &before, &counts);
    return usage;
}

static const struct perf_inherit_counts not_counted;

static void what_was_waited_for_less_what_was_before(void **state)
{
    struct job_usage usage = usage_of((struct rusage){.ru_utime = {3, 500000},
                                                      .ru_stime = {2, 250000},
                                                      .ru_maxrss = 2048,
                                                      .ru_minflt = 1000,
                                                      .ru_majflt = 70,
                                                      .ru_inblock = 24,
                                                      .ru_oublock = 5,
                                                      .ru_nvcsw = 11,
                                                      .ru_nivcsw = 7},
                                      (struct rusage){.ru_utime = {1, 750000},
                                                      .ru_stime = {0, 50000},
                                                      .ru_maxrss = 512,
                                                      .ru_minflt = 100,
                                                      .ru_majflt = 3,
                                                      .ru_inblock = 8,
                                                      .ru_oublock = 1,
                                                      .ru_nvcsw = 1,
                                                      .ru_nivcsw = 2},
                                      not_counted);
    (void)state;

    assert_int_equal(usage.minor_faults, 900);
    assert_int_equal(usage.major_faults, 67);
    assert_near(usage.user_seconds, 1.75);
    assert_near(usage.system_seconds, 2.2);
    assert_int_equal(usage.voluntary_switches, 10);
    assert_int_equal(usage.involuntary_switches, 5);
    assert_int_equal(usage.read_bytes, 16 * 512);
    assert_int_equal(usage.written_bytes, 4 * 512);
    assert_int_equal(usage.largest_rss_bytes, 2048 * 1024);
    assert_near(usage.unwaited_cpu_seconds, 0);
}

static void of_both_the_larger_count_of_faults(void **state)
{
    const struct rusage all = {.ru_minflt = 100, .ru_majflt = 50};
    (void)state;

    struct job_usage usage =
        usage_of(all, (struct rusage){0},
                 (struct perf_inherit_counts){.minor_faults = some(101), .major_faults = some(49)});
    assert_int_equal(usage.minor_faults, 101);
    assert_int_equal(usage.major_faults, 50);
    usage = usage_of(all, (struct rusage){0},
                     (struct perf_inherit_counts){.minor_faults = {101, false}, .major_faults = some(51)});
    assert_int_equal(usage.minor_faults, 100); /* absent */
    assert_int_equal(usage.major_faults, 51);
}

/* Nobody waited for any: the sums are not below zero. */
static void less_than_before_is_none(void **state)
{
    const struct rusage before = {.ru_utime = {1, 0},
                                  .ru_stime = {0, 1},
                                  .ru_minflt = 5,
                                  .ru_majflt = LONG_MAX,
                                  .ru_inblock = 1,
                                  .ru_oublock = 1,
                                  .ru_nvcsw = 1,
                                  .ru_nivcsw = 1};
    struct job_usage usage = usage_of((struct rusage){.ru_minflt = 4}, before, not_counted);
    (void)state;

    assert_int_equal(usage.minor_faults, 0);
    assert_int_equal(usage.major_faults, 0);
    assert_true(usage.user_seconds == 0);
    assert_true(usage.system_seconds == 0);
    assert_int_equal(usage.voluntary_switches + usage.involuntary_switches, 0);
    assert_int_equal(usage.read_bytes + usage.written_bytes + usage.largest_rss_bytes, 0);
}

static double unwaited(double waited_seconds, uint64_t counted_ns)
{
    struct rusage all = {
        .ru_utime = {(time_t)waited_seconds, (suseconds_t)((waited_seconds - (time_t)waited_seconds) * 1e6)}};

    return usage_of(all, (struct rusage){0}, (struct perf_inherit_counts){.cpu_ns = some(counted_ns)})
        .unwaited_cpu_seconds;
}

/* A fiftieth and 10 ms are how the two clocks may differ. */
static void time_of_processes_that_nobody_waited_for(void **state)
{
    (void)state;

    assert_near(unwaited(0, 10000000), 0);
    assert_near(unwaited(0, 10000001), 0.010000001);
    assert_near(unwaited(50, UINT64_C(51009000000)), 0);
    assert_near(unwaited(50, UINT64_C(51011000000)), 1.011);
    assert_near(unwaited(50, UINT64_C(20000000000)), 0);
    assert_near(unwaited(0, UINT64_MAX), 18446744073.709551615);
}

static void the_largest_numbers(void **state)
{
    const uint64_t most = UINT64_MAX;
    struct job_usage usage = usage_of(
        (struct rusage){.ru_maxrss = LONG_MAX >> 11, .ru_minflt = LONG_MAX, .ru_inblock = LONG_MAX >> 10},
        (struct rusage){0}, (struct perf_inherit_counts){.major_faults = some(most)});
    (void)state;

    assert_true(usage.minor_faults == LONG_MAX);
    assert_true(usage.major_faults == most);
    assert_true(usage.read_bytes == (uint64_t)(LONG_MAX >> 10) * 512);
    assert_true(usage.largest_rss_bytes == (uint64_t)(LONG_MAX >> 11) * 1024);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_waited_for_less_what_was_before),
        cmocka_unit_test(of_both_the_larger_count_of_faults),
        cmocka_unit_test(less_than_before_is_none),
        cmocka_unit_test(time_of_processes_that_nobody_waited_for),
        cmocka_unit_test(the_largest_numbers),
    };
    return cmocka_run_group_tests_name("job_usage", tests, NULL, NULL);
}
