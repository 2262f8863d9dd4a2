#include "base/clock.h"
#include "metric/fold.h"
#include "support.h"

#include <string.h>

static const enum metric_id wanted[] = {
    M_mem_available_bytes,       M_major_faults_per_second, M_context_switches_per_second,
    M_memory_full_stall_percent, M_cpu_user_percent,        M_oom_kills};

/* A fold, and the interval that goes into it next. */
struct folding {
    struct sampler *sampler;
    struct fold fold;
    struct figures next;
};

static void begin(struct folding *folding)
{
    folding->sampler = sampler_new();
    assert_non_null(folding->sampler);
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        assert_int_equal(sampler_want(folding->sampler, &metric_table[wanted[i]], NULL), 0);
    assert_int_equal(sampler_arrange(folding->sampler), 0);
    assert_int_equal(fold_init(&folding->fold, folding->sampler), 0);
    figures_init(&folding->next);
}

static void end(struct folding *folding)
{
    fold_free(&folding->fold);
    sampler_free(folding->sampler);
}

/* Folds in an interval in which all is absent but one metric. */
static void add(struct folding *folding, double seconds, enum metric_id id, double value)
{
    figures_init(&folding->next);
    folding->next.interval.seconds = seconds;
    folding->next.values[id] = value;
    fold_add(&folding->fold, &folding->next.interval);
}

static double folded(const struct folding *folding, enum metric_id id)
{
    return folding->fold.interval.values[id];
}

static double peak(const struct folding *folding, enum metric_id id)
{
    for (size_t i = 0; i < fold_peak_count; i++) {
        if (fold_peaks[i].of == id)
            return folding->fold.interval.values[fold_peak_index(&folding->fold, i)];
    }
    fail_msg("%s has no peak", metric_table[id].id);
    return NAN;
}

static void of_nothing_all_is_absent(void **state)
{
    struct folding folding;
    (void)state;

    begin(&folding);
    assert_int_equal(folding.fold.interval.value_count, METRIC_TABLE_SIZE + fold_peak_count);
    assert_near(folding.fold.interval.seconds, 0);
    for (size_t i = 0; i < folding.fold.interval.value_count; i++)
        assert_absent(folding.fold.interval.values[i]);
    end(&folding);
}

static void of_one_interval_all_is_as_it_was(void **state)
{
    struct folding folding;
    (void)state;

    begin(&folding);
    folding.next.interval.seconds = 2.5;
    folding.next.interval.wall_ns = 77;
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        folding.next.values[wanted[i]] = (double)(i + 1);
    fold_add(&folding.fold, &folding.next.interval);
    for (size_t i = 0; i < COUNT_OF(wanted); i++)
        assert_near(folded(&folding, wanted[i]), (double)(i + 1));
    assert_near(folding.fold.interval.seconds, 2.5);
    assert_true(folding.fold.interval.wall_ns == 77);
    assert_near(peak(&folding, M_mem_available_bytes), 1);
    end(&folding);
}

static void rates_and_shares_are_averaged_over_the_time(void **state)
{
    static const enum metric_id averaged[] = {M_major_faults_per_second, M_memory_full_stall_percent,
                                              M_cpu_user_percent};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(averaged); i++) {
        struct folding folding;
        begin(&folding);
        add(&folding, 1, averaged[i], 100);
        add(&folding, 3, averaged[i], 20);
        assert_near(folded(&folding, averaged[i]), 40);
        add(&folding, 0.5, averaged[i], 0);
        assert_near(folded(&folding, averaged[i]), 160 / 4.5);
        assert_near(folding.fold.interval.seconds, 4.5);
        end(&folding);
    }
}

static void a_rate_is_averaged_over_the_time_in_which_it_was_there(void **state)
{
    struct folding folding;
    (void)state;

    begin(&folding);
    add(&folding, 5, M_major_faults_per_second, NAN);
    assert_absent(folded(&folding, M_major_faults_per_second));
    add(&folding, 1, M_major_faults_per_second, 100);
    add(&folding, 7, M_major_faults_per_second, NAN);
    add(&folding, 1, M_major_faults_per_second, 50);
    assert_near(folded(&folding, M_major_faults_per_second), 75);
    assert_near(folding.fold.interval.seconds, 14);
    end(&folding);
}

static void states_are_those_of_the_end(void **state)
{
    struct folding folding;
    (void)state;

    begin(&folding);
    add(&folding, 1, M_mem_available_bytes, 500);
    add(&folding, 9, M_mem_available_bytes, 200);
    assert_near(folded(&folding, M_mem_available_bytes), 200);
    add(&folding, 1, M_mem_available_bytes, NAN);
    assert_absent(folded(&folding, M_mem_available_bytes));
    add(&folding, 1, M_mem_available_bytes, 300);
    assert_near(folded(&folding, M_mem_available_bytes), 300);
    end(&folding);
}

static void increases_are_added_up(void **state)
{
    struct folding folding;
    (void)state;

    begin(&folding);
    add(&folding, 1, M_oom_kills, NAN);
    assert_absent(folded(&folding, M_oom_kills));
    add(&folding, 1, M_oom_kills, 2);
    add(&folding, 60, M_oom_kills, 0);
    add(&folding, 0.1, M_oom_kills, 3);
    add(&folding, 1, M_oom_kills, NAN);
    assert_near(folded(&folding, M_oom_kills), 5);
    end(&folding);
}

static void what_nobody_wants_is_not_folded(void **state)
{
    struct folding folding;
    (void)state;

    begin(&folding);
    add(&folding, 1, M_procs_running, 5);
    assert_absent(folded(&folding, M_procs_running));
    end(&folding);
}

static void peaks_are_the_farthest_in_any_interval(void **state)
{
    struct folding folding;
    static const double available[] = {500, 100, NAN, 300};
    static const double faults[] = {NAN, 20, 900, 1};
    (void)state;

    begin(&folding);
    for (size_t i = 0; i < COUNT_OF(available); i++) {
        folding.next.values[M_mem_available_bytes] = available[i];
        folding.next.values[M_major_faults_per_second] = faults[i];
        folding.next.values[M_context_switches_per_second] = 1000 - faults[i];
        fold_add(&folding.fold, &folding.next.interval);
    }
    assert_near(peak(&folding, M_mem_available_bytes), 100);
    assert_near(peak(&folding, M_major_faults_per_second), 900);
    assert_near(peak(&folding, M_context_switches_per_second), 999);
    assert_absent(peak(&folding, M_memory_full_stall_percent));
    assert_near(folded(&folding, M_mem_available_bytes), 300);
    end(&folding);
}

static void cleared_it_begins_anew(void **state)
{
    struct folding folding;
    (void)state;

    begin(&folding);
    add(&folding, 9, M_major_faults_per_second, 1000);
    add(&folding, 9, M_oom_kills, 4);
    add(&folding, 9, M_mem_available_bytes, 1);
    fold_clear(&folding.fold);
    for (size_t i = 0; i < folding.fold.interval.value_count; i++)
        assert_absent(folding.fold.interval.values[i]);
    assert_near(folding.fold.interval.seconds, 0);
    add(&folding, 1, M_major_faults_per_second, 10);
    assert_near(folded(&folding, M_major_faults_per_second), 10);
    assert_near(peak(&folding, M_major_faults_per_second), 10);
    assert_absent(folded(&folding, M_oom_kills));
    assert_absent(peak(&folding, M_mem_available_bytes));
    assert_near(folding.fold.interval.seconds, 1);
    end(&folding);
}

static void the_end_is_that_of_the_last_interval(void **state)
{
    struct folding folding;
    (void)state;

    begin(&folding);
    for (uint64_t second = 1; second <= 3; second++) {
        folding.next.interval.wall_ns = second * NS_PER_SECOND;
        fold_add(&folding.fold, &folding.next.interval);
    }
    assert_true(folding.fold.interval.wall_ns == 3 * NS_PER_SECOND);
    assert_near(folding.fold.interval.seconds, 3);
    end(&folding);
}

static void a_metric_of_the_users_own_stands_before_the_peaks(void **state)
{
    struct metric own = metric_table[M_oom_kills];
    struct sampler *sampler = sampler_new();
    double values[METRIC_TABLE_SIZE + 1];
    struct interval interval = {.seconds = 1, .values = values, .value_count = COUNT_OF(values)};
    struct fold fold;
    size_t place;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(values); i++)
        values[i] = (double)i;
    assert_int_equal(sampler_want(sampler, &own, &place), 0);
    assert_int_equal(sampler_arrange(sampler), 0);
    assert_int_equal(fold_init(&fold, sampler), 0);
    assert_int_equal(fold_peak_index(&fold, 0), METRIC_TABLE_SIZE + 1);
    fold_add(&fold, &interval);
    fold_add(&fold, &interval);
    assert_near(fold.interval.values[place], 2 * (double)METRIC_TABLE_SIZE);
    assert_near(fold.interval.values[fold_peak_index(&fold, 0)], (double)fold_peaks[0].of);
    fold_free(&fold);
    sampler_free(sampler);
}

static void a_peak_is_shown_as_the_metric_it_is_of(void **state)
{
    (void)state;
    for (size_t i = 0; i < fold_peak_count; i++) {
        const struct metric *of = &metric_table[fold_peaks[i].of];
        const struct metric *metric = &fold_peaks[i].metric;
        size_t length = strlen(of->id);
        assert_memory_equal(metric->id, of->id, length);
        assert_string_equal(metric->id + length, fold_peaks[i].lowest ? "_lowest" : "_highest");
        assert_int_equal(metric->kind, of->kind);
        assert_int_equal(metric->unit, of->unit);
        assert_true(metric->width >= strlen(metric->heading));
        assert_null(metric_find(metric->id));
        assert_null(metric_find(metric->heading));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(of_nothing_all_is_absent),
        cmocka_unit_test(of_one_interval_all_is_as_it_was),
        cmocka_unit_test(rates_and_shares_are_averaged_over_the_time),
        cmocka_unit_test(a_rate_is_averaged_over_the_time_in_which_it_was_there),
        cmocka_unit_test(states_are_those_of_the_end),
        cmocka_unit_test(increases_are_added_up),
        cmocka_unit_test(what_nobody_wants_is_not_folded),
        cmocka_unit_test(peaks_are_the_farthest_in_any_interval),
        cmocka_unit_test(cleared_it_begins_anew),
        cmocka_unit_test(the_end_is_that_of_the_last_interval),
        cmocka_unit_test(a_metric_of_the_users_own_stands_before_the_peaks),
        cmocka_unit_test(a_peak_is_shown_as_the_metric_it_is_of),
    };
    return cmocka_run_group_tests_name("fold", tests, NULL, NULL);
}
