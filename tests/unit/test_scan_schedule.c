#include "blackbox/scan_schedule.h"
#include "support.h"

#define SECOND UINT64_C(1000000000)

enum { MILLISECOND = 1000000 };

/* A machine with 100 GB, plenty of it free, after a scan at second 1000 that took a millisecond. */
struct peace {
    struct figures figures;
    struct scan_schedule schedule;
};

static void make_peace(struct peace *peace)
{
    figures_init(&peace->figures);
    peace->figures.values[M_mem_total_bytes] = 100e9;
    peace->figures.values[M_mem_available_bytes] = 60e9;
    peace->figures.values[M_memory_some_stall_percent] = 0;
    peace->figures.values[M_major_faults_per_second] = 0;
    peace->schedule = (struct scan_schedule){0};
    scan_schedule_done(&peace->schedule, 1000 * SECOND, MILLISECOND, &peace->figures.interval);
}

static bool is_due(const struct peace *peace, uint64_t now_ns)
{
    return scan_schedule_is_due(&peace->schedule, now_ns, &peace->figures.interval);
}

static void the_first_sample_has_one(void **state)
{
    struct peace peace;
    const struct scan_schedule fresh = {0};
    (void)state;

    make_peace(&peace);
    assert_true(scan_schedule_is_due(&fresh, 0, &peace.figures.interval));
}

/* A 50,000th of the time: 50 seconds for each millisecond. */
static void in_peace_scans_are_far_apart(void **state)
{
    struct peace peace;
    (void)state;

    make_peace(&peace);
    assert_false(is_due(&peace, 1001 * SECOND));
    assert_false(is_due(&peace, 1050 * SECOND - 1));
    assert_true(is_due(&peace, 1050 * SECOND));
    scan_schedule_done(&peace.schedule, 1050 * SECOND, MILLISECOND / 100, &peace.figures.interval);
    assert_false(is_due(&peace, 1060 * SECOND - 1)); /* ten seconds at least */
    assert_true(is_due(&peace, 1060 * SECOND));
}

static void little_that_is_available_is_urgent(void **state)
{
    struct peace peace;
    (void)state;

    make_peace(&peace);
    peace.schedule.available_bytes = 20.2e9;
    peace.figures.values[M_mem_available_bytes] = 20.1e9;
    assert_false(is_due(&peace, 1001 * SECOND));
    peace.schedule.available_bytes = 19.9e9;
    peace.figures.values[M_mem_available_bytes] = 19.9e9;
    assert_true(is_due(&peace, 1000 * SECOND + 1));
}

static void a_fall_since_the_last_scan_is_urgent(void **state)
{
    struct peace peace;
    (void)state;

    make_peace(&peace);
    peace.figures.values[M_mem_available_bytes] = 55.1e9;
    assert_false(is_due(&peace, 1000 * SECOND + 1));
    peace.figures.values[M_mem_available_bytes] = 54.9e9;
    assert_true(is_due(&peace, 1000 * SECOND + 1));
    scan_schedule_done(&peace.schedule, 1001 * SECOND, MILLISECOND, &peace.figures.interval);
    assert_false(is_due(&peace, 1003 * SECOND));
    peace.figures.values[M_mem_available_bytes] = 99e9; /* more is none */
    assert_false(is_due(&peace, 1003 * SECOND));
}

/* By a 256th of all: a thousandth of the time then, one second for each millisecond. */
static void where_some_memory_has_gone_scans_are_closer(void **state)
{
    struct peace peace;
    (void)state;

    make_peace(&peace);
    peace.figures.values[M_mem_available_bytes] = 59.61e9;
    assert_false(is_due(&peace, 1010 * SECOND));
    peace.figures.values[M_mem_available_bytes] = 59.6e9;
    assert_false(is_due(&peace, 1001 * SECOND - 1));
    assert_true(is_due(&peace, 1001 * SECOND));
}

static void stalls_and_major_faults_are_urgent(void **state)
{
    struct peace peace;
    (void)state;

    make_peace(&peace);
    peace.figures.values[M_memory_some_stall_percent] = 0.99;
    peace.figures.values[M_major_faults_per_second] = 50;
    assert_false(is_due(&peace, 1001 * SECOND));
    peace.figures.values[M_memory_some_stall_percent] = 1;
    assert_true(is_due(&peace, 1001 * SECOND));
    peace.figures.values[M_memory_some_stall_percent] = 0;
    peace.figures.values[M_major_faults_per_second] = 50.1;
    assert_true(is_due(&peace, 1001 * SECOND));
}

static void what_the_kernel_does_not_say_is_not_urgent(void **state)
{
    struct peace peace;
    (void)state;

    figures_init(&peace.figures);
    peace.schedule = (struct scan_schedule){0};
    scan_schedule_done(&peace.schedule, 1000 * SECOND, MILLISECOND, &peace.figures.interval);
    assert_false(is_due(&peace, 1001 * SECOND));
    assert_true(is_due(&peace, 1050 * SECOND));
}

static void it_wants_what_it_looks_at(void **state)
{
    struct sampler *sampler = sampler_new();
    (void)state;

    assert_int_equal(scan_schedule_want(sampler), 0);
    assert_true(sampler_wants(sampler, M_mem_available_bytes));
    assert_true(sampler_wants(sampler, M_mem_total_bytes));
    assert_true(sampler_wants(sampler, M_memory_some_stall_percent));
    assert_true(sampler_wants(sampler, M_major_faults_per_second));
    sampler_free(sampler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_first_sample_has_one),
        cmocka_unit_test(in_peace_scans_are_far_apart),
        cmocka_unit_test(little_that_is_available_is_urgent),
        cmocka_unit_test(a_fall_since_the_last_scan_is_urgent),
        cmocka_unit_test(where_some_memory_has_gone_scans_are_closer),
        cmocka_unit_test(stalls_and_major_faults_are_urgent),
        cmocka_unit_test(what_the_kernel_does_not_say_is_not_urgent),
        cmocka_unit_test(it_wants_what_it_looks_at),
    };
    return cmocka_run_group_tests_name("scan_schedule", tests, NULL, NULL);
}
