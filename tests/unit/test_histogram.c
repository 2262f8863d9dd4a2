#include "metric/histogram.h"
#include "support.h"

static const double bounds[] = {0, 1, 10};

static void counts_are(const struct histogram *histogram, const uint64_t *expected)
{
    for (size_t i = 0; i <= COUNT_OF(bounds); i++)
        assert_int_equal(histogram->counts[i], expected[i]);
}

#define assert_counts(histogram, ...) counts_are(histogram, (const uint64_t[]){__VA_ARGS__})

static void an_empty_one(void **state)
{
    struct histogram histogram = {.counts = {9, 9, 9, 9}, .sum = 9};
    (void)state;

    histogram_init(&histogram, bounds, COUNT_OF(bounds));
    assert_counts(&histogram, 0, 0, 0, 0);
    assert_near(histogram.sum, 0);
}

static void a_figure_is_counted_up_to_the_bound_that_it_is_not_above(void **state)
{
    struct histogram histogram;
    (void)state;

    histogram_init(&histogram, bounds, COUNT_OF(bounds));
    histogram_add(&histogram, 0);
    histogram_add(&histogram, 0.001);
    histogram_add(&histogram, 1);
    histogram_add(&histogram, 1.5);
    histogram_add(&histogram, 10);
    histogram_add(&histogram, 10.5);
    histogram_add(&histogram, 1e9);
    assert_counts(&histogram, 1, 2, 2, 2);
    assert_near(histogram.sum, 1000000023.001);
}

static void what_is_absent_is_not_counted(void **state)
{
    struct histogram histogram;
    (void)state;

    histogram_init(&histogram, bounds, COUNT_OF(bounds));
    histogram_add(&histogram, NAN);
    assert_counts(&histogram, 0, 0, 0, 0);
    assert_near(histogram.sum, 0);
}

static void as_many_bounds_as_there_may_be(void **state)
{
    double most[HISTOGRAM_BOUNDS_MAX];
    struct histogram histogram;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(most); i++)
        most[i] = (double)i;
    histogram_init(&histogram, most, COUNT_OF(most));
    for (size_t i = 0; i <= COUNT_OF(most); i++)
        histogram_add(&histogram, (double)i);
    for (size_t i = 0; i <= COUNT_OF(most); i++)
        assert_int_equal(histogram.counts[i], 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_empty_one),
        cmocka_unit_test(a_figure_is_counted_up_to_the_bound_that_it_is_not_above),
        cmocka_unit_test(what_is_absent_is_not_counted),
        cmocka_unit_test(as_many_bounds_as_there_may_be),
    };
    return cmocka_run_group_tests_name("histogram", tests, NULL, NULL);
}
