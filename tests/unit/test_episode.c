#include "support.h"
#include "watch/episode.h"

/* Steps of one second, with a threshold of 50. */
struct course {
    struct episode episode;
    enum bound bound;
    double now;
};

static enum episode_step next(struct course *course, double value)
{
    course->now += 1;
    return episode_step(&course->episode, course->bound, value, 50, course->now, 1);
}

static void bounds(void **state)
{
    (void)state;
    assert_true(bound_exceeded(BOUND_ABOVE, 51, 50));
    assert_false(bound_exceeded(BOUND_ABOVE, 50, 50));
    assert_true(bound_exceeded(BOUND_AT_LEAST, 50, 50));
    assert_false(bound_exceeded(BOUND_AT_LEAST, 49.9, 50));
    assert_true(bound_exceeded(BOUND_AT_MOST, 50, 50));
    assert_false(bound_exceeded(BOUND_AT_MOST, 50.1, 50));
}

static void an_absent_value_or_threshold_is_not_beyond(void **state)
{
    (void)state;
    for (enum bound bound = BOUND_ABOVE; bound <= BOUND_AT_MOST; bound++) {
        assert_false(bound_exceeded(bound, NAN, 50));
        assert_false(bound_exceeded(bound, 50, NAN));
    }
}

static void it_begins_once_and_is_then_silent(void **state)
{
    struct course course = {.bound = BOUND_ABOVE};
    (void)state;

    assert_int_equal(next(&course, 50), EPISODE_SILENT);
    assert_int_equal(next(&course, 60), EPISODE_BEGINS);
    for (int second = 1; second < 10; second++)
        assert_int_equal(next(&course, 60), EPISODE_SILENT);
}

static void it_is_told_again_after_10_seconds_and_every_10(void **state)
{
    struct course course = {.bound = BOUND_ABOVE};
    (void)state;

    next(&course, 60);
    for (int second = 1; second <= 35; second++)
        assert_int_equal(next(&course, 60), second % 10 == 0 ? EPISODE_CONTINUES : EPISODE_SILENT);
}

static void it_is_told_at_once_when_it_has_doubled(void **state)
{
    struct course course = {.bound = BOUND_ABOVE};
    (void)state;

    assert_int_equal(next(&course, 60), EPISODE_BEGINS);
    assert_int_equal(next(&course, 119), EPISODE_SILENT);
    assert_int_equal(next(&course, 120), EPISODE_CONTINUES);
    assert_int_equal(next(&course, 120), EPISODE_SILENT); /* as bad as told */
    assert_int_equal(next(&course, 239), EPISODE_SILENT);
    assert_int_equal(next(&course, 240), EPISODE_CONTINUES);
}

static void doubling_counts_from_what_was_told_last(void **state)
{
    struct course course = {.bound = BOUND_ABOVE};
    (void)state;

    assert_int_equal(next(&course, 100), EPISODE_BEGINS);
    assert_int_equal(next(&course, 200), EPISODE_CONTINUES);
    for (int second = 1; second < 10; second++)
        assert_int_equal(next(&course, 60), EPISODE_SILENT);
    assert_int_equal(next(&course, 60), EPISODE_CONTINUES); /* 10 s after it was told */
    assert_int_equal(next(&course, 119), EPISODE_SILENT);
    assert_int_equal(next(&course, 120),
                     EPISODE_CONTINUES); /* less than the worst, but twice what was just told */
}

static void it_ends_after_3_quiet_seconds(void **state)
{
    struct course course = {.bound = BOUND_ABOVE};
    (void)state;

    next(&course, 60);
    assert_int_equal(next(&course, 10), EPISODE_SILENT);
    assert_int_equal(next(&course, 10), EPISODE_SILENT);
    assert_int_equal(next(&course, 10), EPISODE_ENDS);
    assert_int_equal(next(&course, 10), EPISODE_SILENT);
    assert_int_equal(next(&course, 60), EPISODE_BEGINS); /* another one */
}

static void a_value_that_swings_around_the_threshold_is_one_episode(void **state)
{
    struct course course = {.bound = BOUND_ABOVE};
    (void)state;

    assert_int_equal(next(&course, 60), EPISODE_BEGINS);
    for (int i = 0; i < 3; i++) {
        assert_int_equal(next(&course, 10), EPISODE_SILENT);
        assert_int_equal(next(&course, 10), EPISODE_SILENT);
        assert_int_equal(next(&course, 60), EPISODE_SILENT);
    }
    assert_true(course.episode.active);
}

static void an_absent_value_is_quiet(void **state)
{
    struct course course = {.bound = BOUND_ABOVE};
    (void)state;

    next(&course, 60);
    assert_int_equal(next(&course, NAN), EPISODE_SILENT);
    assert_int_equal(next(&course, NAN), EPISODE_SILENT);
    assert_int_equal(next(&course, NAN), EPISODE_ENDS);
    assert_near(course.episode.worst, 60);
}

static void its_duration_and_peak(void **state)
{
    struct course course = {.bound = BOUND_ABOVE, .now = 100};
    (void)state;

    next(&course, 60);
    assert_near(episode_duration(&course.episode), 1); /* the interval that it began with counts */
    next(&course, 90);
    next(&course, 70);
    next(&course, 10);
    next(&course, 10);
    assert_int_equal(next(&course, 10), EPISODE_ENDS);
    assert_near(episode_duration(&course.episode), 3); /* not the quiet time */
    assert_near(course.episode.worst, 90);
}

static void a_new_episode_remembers_nothing_of_the_last(void **state)
{
    struct course course = {.bound = BOUND_ABOVE};
    (void)state;

    next(&course, 1000);
    while (next(&course, 0) != EPISODE_ENDS)
        continue;
    assert_int_equal(next(&course, 60), EPISODE_BEGINS);
    assert_near(course.episode.worst, 60);
    assert_near(episode_duration(&course.episode), 1);
    assert_int_equal(next(&course, 120), EPISODE_CONTINUES);
}

static void where_less_is_worse(void **state)
{
    struct course course = {.bound = BOUND_AT_MOST};
    (void)state;

    assert_int_equal(next(&course, 51), EPISODE_SILENT);
    assert_int_equal(next(&course, 40), EPISODE_BEGINS);
    assert_int_equal(next(&course, 21), EPISODE_SILENT);
    assert_int_equal(next(&course, 20), EPISODE_CONTINUES); /* half as long to go */
    assert_int_equal(next(&course, 30), EPISODE_SILENT);
    assert_near(course.episode.worst, 20);
    assert_int_equal(next(&course, 60), EPISODE_SILENT);
    assert_int_equal(next(&course, 60), EPISODE_SILENT);
    assert_int_equal(next(&course, 60), EPISODE_ENDS);
    assert_near(course.episode.worst, 20);
}

static void it_may_be_told_before_that_is_due(void **state)
{
    struct course course = {.bound = BOUND_ABOVE};
    (void)state;

    assert_int_equal(next(&course, 60), EPISODE_BEGINS);
    assert_int_equal(next(&course, 100), EPISODE_SILENT);
    assert_int_equal(episode_tell(&course.episode, 100, course.now), EPISODE_CONTINUES);
    assert_int_equal(next(&course, 120), EPISODE_SILENT); /* the 10 s and the doubling count from there */
    for (int second = 2; second < 10; second++)
        assert_int_equal(next(&course, 60), EPISODE_SILENT);
    assert_int_equal(next(&course, 60), EPISODE_CONTINUES);
}

static void time_is_measured_not_counted_in_rows(void **state)
{
    struct episode episode = {0};
    (void)state;

    /* Rows of 0.1 s, then one of 6 s after a stop. */
    assert_int_equal(episode_step(&episode, BOUND_ABOVE, 60, 50, 10.1, 0.1), EPISODE_BEGINS);
    assert_near(episode_duration(&episode), 0.1);
    for (int i = 2; i < 30; i++)
        assert_int_equal(episode_step(&episode, BOUND_ABOVE, 10, 50, 10 + i * 0.1, 0.1), EPISODE_SILENT);
    assert_int_equal(episode_step(&episode, BOUND_ABOVE, 10, 50, 19, 6), EPISODE_ENDS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bounds),
        cmocka_unit_test(an_absent_value_or_threshold_is_not_beyond),
        cmocka_unit_test(it_begins_once_and_is_then_silent),
        cmocka_unit_test(it_is_told_again_after_10_seconds_and_every_10),
        cmocka_unit_test(it_is_told_at_once_when_it_has_doubled),
        cmocka_unit_test(doubling_counts_from_what_was_told_last),
        cmocka_unit_test(it_ends_after_3_quiet_seconds),
        cmocka_unit_test(a_value_that_swings_around_the_threshold_is_one_episode),
        cmocka_unit_test(an_absent_value_is_quiet),
        cmocka_unit_test(its_duration_and_peak),
        cmocka_unit_test(a_new_episode_remembers_nothing_of_the_last),
        cmocka_unit_test(where_less_is_worse),
        cmocka_unit_test(it_may_be_told_before_that_is_due),
        cmocka_unit_test(time_is_measured_not_counted_in_rows),
    };
    return cmocka_run_group_tests_name("episode", tests, NULL, NULL);
}
