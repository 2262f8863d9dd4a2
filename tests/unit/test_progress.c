#include "base/clock.h"
#include "job/progress.h"
#include "support.h"

static struct job_row row_of(const struct job_instant *before, const struct job_instant *now,
                             const struct footprint *footprint)
{
    struct job_row row;

    job_row_make(&row, before, now, footprint, 1 * NS_PER_SECOND);
    return row;
}

static const struct footprint not_looked;

static void what_happened_since_the_last_row(void **state)
{
    const struct footprint footprint = {.rss_bytes = 4096, .processes = 3, .looks = 1};
    const struct job_instant before = {.monotonic_ns = 5 * NS_PER_SECOND,
                                       .counts = {some(100), some(10), some(0), some(NS_PER_SECOND), some(0)},
                                       .account = {.memory = {.full_stall_us = some(500000)},
                                                   .io_full_stall_us = some(0)}};
    const struct job_instant now = {
        .monotonic_ns = 7 * NS_PER_SECOND,
        .counts = {some(300), some(11), some(0), some(4 * NS_PER_SECOND), some(0)},
        .account = {.memory = {.full_stall_us = some(1500000), .usage_bytes = some(77)},
                    .io_full_stall_us = some(20000)}};
    struct job_row row = row_of(&before, &now, &footprint);
    (void)state;

    assert_near(row.seconds, 6);
    assert_near(row.minor_faults_per_second, 100);
    assert_near(row.major_faults_per_second, 0.5);
    assert_near(row.cpu_percent, 150);
    assert_near(row.memory_full_stall_percent, 50);
    assert_near(row.io_full_stall_percent, 1);
    assert_value(row.rss_bytes, 4096);
    assert_value(row.processes, 3);
    assert_value(row.cgroup_bytes, 77);
}

static void faults_of_the_cgroup_where_perf_does_not_count(void **state)
{
    struct job_instant before = {.monotonic_ns = 1 * NS_PER_SECOND,
                                 .account.memory = {.minor_faults = some(1), .major_faults = some(2)}};
    struct job_instant now = {.monotonic_ns = 2 * NS_PER_SECOND,
                              .account.memory = {.minor_faults = some(5), .major_faults = some(9)}};
    (void)state;

    struct job_row row = row_of(&before, &now, &not_looked);
    assert_near(row.minor_faults_per_second, 4);
    assert_near(row.major_faults_per_second, 7);
    before.counts.minor_faults = some(1000);
    now.counts.minor_faults = some(1500);
    row = row_of(&before, &now, &not_looked);
    assert_near(row.minor_faults_per_second, 500);
    assert_near(row.major_faults_per_second, 7);
}

static void what_is_not_known_is_absent(void **state)
{
    const struct job_instant nothing = {.monotonic_ns = 1 * NS_PER_SECOND};
    struct job_instant one = {.monotonic_ns = 2 * NS_PER_SECOND,
                              .counts = {some(5), some(5), some(5), some(5), some(5)},
                              .account.memory.full_stall_us = some(5)};
    struct job_instant less = {.monotonic_ns = 3 * NS_PER_SECOND, .counts = {.minor_faults = some(4)}};
    (void)state;

    struct job_row row = row_of(&nothing, &one, &not_looked);
    assert_absent(row.minor_faults_per_second);
    assert_absent(row.cpu_percent);
    assert_absent(row.memory_full_stall_percent);
    assert_absent(row.io_full_stall_percent);
    assert_false(row.rss_bytes.present || row.processes.present || row.cgroup_bytes.present);
    assert_absent(row_of(&one, &less, &not_looked).minor_faults_per_second); /* a counter that went back */
    assert_absent(row_of(&one, &less, &not_looked).major_faults_per_second);
    assert_absent(row_of(&one, &one, &not_looked).minor_faults_per_second); /* in no time */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_happened_since_the_last_row),
        cmocka_unit_test(faults_of_the_cgroup_where_perf_does_not_count),
        cmocka_unit_test(what_is_not_known_is_absent),
    };
    return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
