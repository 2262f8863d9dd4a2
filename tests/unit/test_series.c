#include "base/clock.h"
#include "metric/series.h"
#include "support.h"

#include <errno.h>
#include <unistd.h>

#define STAT(user, idle, ctxt)                                                                               \
    "cpu  " user " 0 0 " idle " 0 0 0 0 0 0\ncpu0 1 0 0 1 0 0 0 0 0 0\nintr 5\nctxt " ctxt                   \
    "\nprocs_running 3\n"

static void open_series(struct series *series, const struct folder *folder)
{
    struct problem problem = {0};

    assert_int_equal(series_init(series), 0);
    assert_int_equal(sampler_want(series->sampler, &metric_table[M_context_switches_per_second], NULL), 0);
    assert_int_equal(sampler_want(series->sampler, &metric_table[M_cpu_idle_percent], NULL), 0);
    assert_int_equal(sampler_want(series->sampler, &metric_table[M_procs_running], NULL), 0);
    assert_int_equal(series_open(series, folder->path, &problem), 0);
    series_start(series);
}

static void intervals_follow_one_another(void **state)
{
    const struct folder *folder = *state;
    struct series series;

    folder_put(folder, "stat", STAT("100", "200", "1000"));
    open_series(&series, folder);
    folder_put(folder, "stat", STAT("100", "300", "2000"));
    usleep(20000);
    assert_true(series_next(&series, 0.01));
    double *values = series.interval.values;
    assert_true(series.interval.seconds >= 0.02);
    assert_near(values[M_context_switches_per_second] * series.interval.seconds, 1000);
    assert_near(values[M_cpu_idle_percent], 100);
    folder_put(folder, "stat", STAT("150", "350", "2500"));
    assert_false(series_next(&series, 3600)); /* it goes on, */
    folder_put(folder, "stat", STAT("200", "400", "3000"));
    assert_true(series_next(&series, 0));
    assert_near(values[M_context_switches_per_second] * series.interval.seconds,
                1000); /* from where it began */
    assert_near(values[M_cpu_idle_percent], 50);
    assert_false(series.interval.since_boot);
    series_free(&series);
}

static void since_boot(void **state)
{
    const struct folder *folder = *state;
    struct series series;

    folder_put(folder, "stat", STAT("100", "300", "1000"));
    open_series(&series, folder);
    series_since_boot(&series, 500 * NS_PER_SECOND);
    assert_near(series.interval.seconds, 500);
    assert_near(series.interval.values[M_context_switches_per_second], 2);
    assert_near(series.interval.values[M_cpu_idle_percent], 75);
    assert_near(series.interval.values[M_procs_running], 2);
    assert_true(series.interval.since_boot);
    folder_put(folder, "stat", STAT("100", "400", "2000"));
    usleep(1000);
    assert_true(series_next(&series, 0)); /* from the last read on */
    assert_near(series.interval.values[M_context_switches_per_second] * series.interval.seconds, 1000);
    series_free(&series);
}

static void without_a_proc(void **state)
{
    struct series series;
    struct problem problem = {0};
    (void)state;

    assert_int_equal(series_init(&series), 0);
    assert_int_equal(sampler_want(series.sampler, &metric_table[M_procs_running], NULL), 0);
    assert_int_equal(series_open(&series, "/no/such/proc", &problem), -ENOENT);
    series_free(&series);
    series_free(&series);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(intervals_follow_one_another),
        unit_test_in_folder(since_boot),
        cmocka_unit_test(without_a_proc),
    };
    return cmocka_run_group_tests_name("series", tests, NULL, NULL);
}
