#include "metric/latency.h"
#include "support.h"

#include <stdlib.h>

static void buckets_adjoin_and_are_an_eighth_wide(void **state)
{
    (void)state;

    assert_int_equal(latency_bucket_begin(0), 0);
    assert_int_equal(latency_bucket_begin(1), 1024);
    assert_int_equal(latency_bucket_begin(FAULT_BUCKETS - 1), UINT64_C(1) << 36);
    assert_int_equal(latency_bucket_end(FAULT_BUCKETS - 1), UINT64_MAX);
    for (size_t i = 0; i + 1 < FAULT_BUCKETS; i++) {
        uint64_t begin = latency_bucket_begin(i);
        uint64_t end = latency_bucket_end(i);
        assert_int_equal(end, latency_bucket_begin(i + 1));
        assert_true(i == 0 || (end - begin) * 8 <= begin);
    }
}

static void what_the_kernel_counts_is_within_its_bucket(void **state)
{
    (void)state;

    for (size_t i = 0; i < FAULT_BUCKETS; i++) {
        uint64_t begin = latency_bucket_begin(i);
        uint64_t end = latency_bucket_end(i);
        assert_int_equal(fault_bucket(begin), i);
        assert_int_equal(fault_bucket(end - 1), i);
        assert_int_equal(fault_bucket(begin + (end - begin) / 2), i);
    }
    for (uint64_t ns = 0; ns < 300000; ns++)
        assert_in_range(ns, latency_bucket_begin(fault_bucket(ns)), latency_bucket_end(fault_bucket(ns)) - 1);
    assert_int_equal(fault_bucket(UINT64_MAX), FAULT_BUCKETS - 1);
}

static void count(struct latency *latency, uint64_t ns)
{
    latency->faults++;
    latency->total_ns += ns;
    latency->buckets[fault_bucket(ns)]++;
    if (latency->max_ns < ns)
        latency->max_ns = ns;
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

/* The smallest of them that so many percent are not above. */
static uint64_t exact_percentile(const uint64_t *sorted, size_t number, unsigned percent)
{
    return sorted[(number * percent + 99) / 100 - 1];
}

/* Of every number of faults up to a hundred and some more, of lengths that are spread over all octaves. */
static void percentiles_are_at_most_an_eighth_above_the_exact_ones(void **state)
{
    enum { MOST = 1000 };
    static uint64_t lengths[MOST];
    uint64_t random = 1;
    (void)state;

    for (size_t number = 1; number <= MOST; number += number < 128 ? 1 : 109) {
        struct latency latency = {0};
        for (size_t i = 0; i < number; i++) {
            random = random * UINT64_C(6364136223846793005) + 1;
            lengths[i] = 1024 + (random >> 20) % (UINT64_C(1) << (11 + random % 25));
            count(&latency, lengths[i]);
        }
        qsort(lengths, number, sizeof(*lengths), compare);
        for (unsigned percent = 1; percent <= 100; percent++) {
            uint64_t exact = exact_percentile(lengths, number, percent);
            assert_in_range(latency_percentile_ns(&latency, percent), exact, exact + exact / 8);
        }
        assert_int_equal(latency_percentile_ns(&latency, 100), latency.max_ns);
    }
}

static void one_fault_is_all_percentiles(void **state)
{
    static const uint64_t lengths[] = {0, 1, 1023, 1024, 99999, UINT64_C(1) << 36, UINT64_C(1) << 50};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct latency latency = {0};
        count(&latency, lengths[i]);
        assert_int_equal(latency_percentile_ns(&latency, 1), lengths[i]);
        assert_int_equal(latency_percentile_ns(&latency, 99), lengths[i]);
    }
}

static void no_fault_has_no_percentile(void **state)
{
    const struct latency none = {.waits = 3};
    (void)state;

    assert_int_equal(latency_percentile_ns(&none, 50), 0);
}

static void ranks_do_not_overflow(void **state)
{
    struct latency latency = {.max_ns = UINT64_MAX};
    (void)state;

    latency.buckets[5] = UINT64_MAX / 2;
    latency.buckets[7] = UINT64_MAX / 2;
    assert_int_equal(latency_percentile_ns(&latency, 50), latency_bucket_end(5));
    assert_int_equal(latency_percentile_ns(&latency, 51), latency_bucket_end(7));
}

static void sums_add_up(void **state)
{
    struct latency latency = {0};
    struct fault_sum sum = {.faults = 2, .total_ns = 5000, .max_ns = 4000, .waits = 1, .wait_ns = 700};
    (void)state;

    sum.buckets[1] = 1;
    sum.buckets[FAULT_BUCKETS - 1] = UINT32_MAX;
    latency_add_sum(&latency, &sum);
    sum.max_ns = 3000;
    latency_add_sum(&latency, &sum);
    assert_int_equal(latency.faults, 4);
    assert_int_equal(latency.total_ns, 10000);
    assert_int_equal(latency.max_ns, 4000);
    assert_int_equal(latency.waits, 2);
    assert_int_equal(latency.wait_ns, 1400);
    assert_int_equal(latency.buckets[1], 2);
    assert_int_equal(latency.buckets[FAULT_BUCKETS - 1], UINT64_C(2) * UINT32_MAX);
    assert_int_equal(latency_lost_ns(&latency), 11400);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buckets_adjoin_and_are_an_eighth_wide),
        cmocka_unit_test(what_the_kernel_counts_is_within_its_bucket),
        cmocka_unit_test(percentiles_are_at_most_an_eighth_above_the_exact_ones),
        cmocka_unit_test(one_fault_is_all_percentiles),
        cmocka_unit_test(no_fault_has_no_percentile),
        cmocka_unit_test(ranks_do_not_overflow),
        cmocka_unit_test(sums_add_up),
    };
    return cmocka_run_group_tests_name("latency", tests, NULL, NULL);
}
