#include "base/clock.h"
#include "blackbox/window.h"
#include "tapes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Boots 1 to 3, the second of which takes two segments. */
static void record_boots(struct tape *tape, const struct folder *folder)
{
    static const uint8_t boots[] = {1, 2, 2, 3};

    tape_init(tape, folder, "tape");
    for (uint64_t i = 0; i < COUNT_OF(boots); i++) {
        tape->schema.interval_ns++; /* a segment each */
        tape_set_boot(tape, boots[i]);
        tape_open(tape, TAPE_BYTES);
        tape_put_run(tape, 1000 * (i + 1));
        tape_put_samples(tape, 1000 * (i + 1) + 1, 1000 * (i + 1) + 10);
        tape_close(tape);
    }
}

static void assert_boot(const struct recording *recording, int64_t number, size_t first, size_t last)
{
    struct boot boot;

    assert_int_equal(window_find_boot(recording, number, &boot), 0);
    assert_int_equal(boot.first_segment, first);
    assert_int_equal(boot.last_segment, last);
}

static void boots_have_numbers_from_both_ends(void **state)
{
    static const int64_t none[] = {4, 5, -3, -4, INT64_MAX, INT64_MIN};
    struct tape tape;
    struct boot boot;

    record_boots(&tape, *state);
    struct recording *recording = tape_play(tape.path);
    assert_int_equal(window_boot_count(recording), 3);
    assert_boot(recording, 0, 3, 3);
    assert_boot(recording, -1, 1, 2);
    assert_boot(recording, -2, 0, 0);
    assert_boot(recording, 1, 0, 0);
    assert_boot(recording, 2, 1, 2);
    assert_boot(recording, 3, 3, 3);
    for (size_t i = 0; i < COUNT_OF(none); i++)
        assert_int_equal(window_find_boot(recording, none[i], &boot), -ENOENT);
    recording_close(recording);
    tape_free(&tape);
}

static void assert_kept_to_boot(const struct recording *recording, size_t segment, size_t first, size_t last)
{
    struct playback_settings settings = {.range = PLAYBACK_ALL, .last_segment = SIZE_MAX};

    window_keep_to_boot(recording, window_boot_of(recording, segment), &settings);
    assert_int_equal(settings.first_segment, first);
    assert_int_equal(settings.last_segment, last);
}

/* That of the newest boot has no end: it may be on its way. */
static void a_part_is_kept_to_the_boot_of_a_segment(void **state)
{
    struct tape tape;

    record_boots(&tape, *state);
    struct recording *recording = tape_play(tape.path);
    assert_kept_to_boot(recording, 0, 0, 0);
    assert_kept_to_boot(recording, 1, 1, 2);
    assert_kept_to_boot(recording, 2, 1, 2);
    assert_kept_to_boot(recording, 3, 3, SIZE_MAX);
    recording_close(recording);
    tape_free(&tape);
}

static void without_boot_ids_the_clock_tells(void **state)
{
    static const uint64_t begun[] = {1000, 2000, 500, 700};
    struct tape tape;

    tape_init(&tape, *state, "tape");
    tape_set_boot(&tape, 0);
    for (size_t i = 0; i < COUNT_OF(begun); i++) {
        tape.schema.interval_ns++;
        tape_open(&tape, TAPE_BYTES);
        tape_put(&tape, begun[i], false);
        tape_close(&tape);
    }
    struct recording *recording = tape_play(tape.path);
    assert_int_equal(window_boot_count(recording), 2);
    assert_boot(recording, 1, 0, 1);
    assert_boot(recording, 0, 2, 3);
    recording_close(recording);
    tape_free(&tape);
}

/* Ends at 2025-11-24 17:06:40 UTC, give or take. */
static uint64_t parse(const struct recording *recording, const char *words)
{
    uint64_t wall_ns = 0;

    if (window_parse_time(recording, words, false, &wall_ns) < 0)
        fail_msg("'%s' is not read", words);
    return wall_ns;
}

#define UTC(seconds) (UINT64_C(seconds) * TAPE_SECOND)

static void times_are_counted_from_the_end(void **state)
{
    struct tape tape;
    uint64_t wall_ns;

    tape_init(&tape, *state, "tape");
    tape_open(&tape, TAPE_BYTES);
    tape_put(&tape, 3990, false);
    tape_put(&tape, 4000, false);
    struct recording *recording = tape_play(tape.path);
    uint64_t end_ns = window_end_ns(recording);
    assert_int_equal(end_ns / TAPE_SECOND, 1764004000);
    assert_int_equal(parse(recording, "-1h"), end_ns - UTC(3600));
    assert_int_equal(parse(recording, "-10min"), end_ns - UTC(600));
    assert_int_equal(parse(recording, "17:05"), UTC(1764003900));
    assert_int_equal(parse(recording, "17:06:30.5"), UTC(1764003990) + 500000000);
    assert_int_equal(parse(recording, "03:12"), UTC(1763953920));
    assert_int_equal(parse(recording, "23:00"), UTC(1763938800)); /* of the day before: not yet that day */
    assert_int_equal(parse(recording, "2025-11-24T16:30:00Z"), UTC(1764001800));
    assert_int_equal(parse(recording, "2025-11-24 16:30"), UTC(1764001800));
    assert_int_equal(parse(recording, "2025-11-24T16:30:00+01:00"), UTC(1763998200));
    assert_int_equal(window_parse_time(recording, "at tea", false, &wall_ns), -EINVAL);
    assert_int_equal(window_parse_time(recording, "", false, &wall_ns), -EINVAL);
    assert_int_equal(window_parse_time(recording, "-", false, &wall_ns), -EINVAL);
    assert_int_equal(window_parse_time(recording, "-5000w", false, &wall_ns), -ERANGE);
    recording_close(recording);
    tape_free(&tape);
}

/* "yesterday" is that of whoever asks. */
static void days_are_counted_from_now(void **state)
{
    struct tape tape;

    tape_init(&tape, *state, "tape");
    tape_open(&tape, TAPE_BYTES);
    tape_put(&tape, 1, false);
    struct recording *recording = tape_play(tape.path);
    uint64_t before_ns = clock_wall_ns();
    uint64_t yesterday_ns = parse(recording, "yesterday 14:00");
    uint64_t ago_ns = parse(recording, "10 min ago");
    uint64_t after_ns = clock_wall_ns();
    assert_in_range(ago_ns, before_ns - UTC(600), after_ns - UTC(600));
    const uint64_t day_ns = UTC(86400);
    uint64_t of_before = before_ns / day_ns * day_ns - day_ns + UTC(50400);
    uint64_t of_after = after_ns / day_ns * day_ns - day_ns + UTC(50400);
    assert_true(yesterday_ns == of_before || yesterday_ns == of_after);
    recording_close(recording);
    tape_free(&tape);
}

/* -- kills -- */

static uint64_t find_oom(struct recording *recording, uint64_t number)
{
    uint64_t wall_ns = 0;
    int error = window_find_oom(recording, number, &wall_ns);

    return error < 0 ? 0 : (wall_ns - TAPE_WALL_NS) / TAPE_SECOND;
}

/* Kills 11, 12 and 13, none, 31, in a segment each. */
static void record_kills(struct tape *tape, const struct folder *folder)
{
    tape_init(tape, folder, "tape");
    for (uint64_t i = 1; i <= 3; i++) {
        tape_set_boot(tape, (uint8_t)i);
        tape_open(tape, TAPE_BYTES);
        tape_put(tape, 10 * i, false);
        for (uint64_t kill = 1; i != 2 && kill <= (i == 1 ? 3 : 1); kill++)
            tape_put_kill(tape, 10 * i + kill);
        tape_put_alert(tape, 10 * i + 5);
        tape_close(tape);
    }
}

static void the_nth_newest_kill_is_found(void **state)
{
    struct tape tape;

    record_kills(&tape, *state);
    struct recording *recording = tape_play(tape.path);
    assert_int_equal(window_oom_count(recording), 4);
    assert_int_equal(find_oom(recording, 1), 31);
    assert_int_equal(find_oom(recording, 2), 13);
    assert_int_equal(find_oom(recording, 3), 12);
    assert_int_equal(find_oom(recording, 4), 11);
    uint64_t wall_ns = 77;
    assert_int_equal(window_find_oom(recording, 5, &wall_ns), -ENOENT);
    assert_int_equal(window_find_oom(recording, UINT64_MAX, &wall_ns), -ENOENT);
    assert_int_equal(find_oom(recording, 1), 31);
    recording_close(recording);
    tape_free(&tape);
}

/* As lists of incidents add them up. */
static void kills_of_one_event_count_each(void **state)
{
    struct tape tape;

    tape_init(&tape, *state, "tape");
    tape_open(&tape, TAPE_BYTES);
    for (uint64_t kill = 8; kill <= 10; kill++)
        tape_put_kill(&tape, kill);
    tape_close(&tape);
    struct recording *recording = tape_play(tape.path);
    assert_int_equal(window_oom_count(recording), 5);
    const uint64_t newest_first[] = {10, 9, 9, 9, 8, 0};
    for (uint64_t i = 0; i < 6; i++)
        assert_int_equal(find_oom(recording, i + 1), newest_first[i]);
    recording_close(recording);
    tape_free(&tape);
}

static void spoil_kill(const struct tape *tape, const char *victim)
{
    static char bytes[SEGMENT_BYTES];

    tape_peek(tape->path, 0, bytes, sizeof(bytes));
    char *at = memmem(bytes, sizeof(bytes), victim, strlen(victim));
    assert_non_null(at);
    tape_patch(tape->path, (uint64_t)(at - bytes), "\x5a", 1);
}

/* Its trailer still counts it. */
static void a_kill_that_is_damaged_hides_no_other(void **state)
{
    struct tape tape;

    record_kills(&tape, *state);
    spoil_kill(&tape, "victim 13");
    struct recording *recording = tape_play(tape.path);
    assert_int_equal(recording_segment(recording, 0)->content.oom_kills, 3);
    assert_int_equal(find_oom(recording, 1), 31);
    assert_int_equal(find_oom(recording, 2), 12);
    assert_int_equal(find_oom(recording, 3), 11);
    assert_int_equal(find_oom(recording, 4), 0);
    assert_int_equal(window_oom_count(recording), 3);
    recording_close(recording);
    tape_free(&tape);
}

/* -- narrowing -- */

static struct playback_settings narrow(const struct recording *recording, uint64_t since, uint64_t until,
                                       size_t first, size_t last, bool expected)
{
    struct playback_settings settings = {
        .range = {since == 0 ? 0 : TAPE_WALL_NS + since * TAPE_SECOND,
                  until == UINT64_MAX ? UINT64_MAX : TAPE_WALL_NS + until * TAPE_SECOND},
        .first_segment = first,
        .last_segment = last,
    };

    assert_int_equal(window_narrow(recording, &settings), expected);
    return settings;
}

/* The segments of a range; with the one before, for the first interval. */
static void assert_narrow(const struct recording *recording, uint64_t since, uint64_t until, size_t first,
                          size_t last)
{
    struct playback_settings settings = narrow(recording, since, until, 0, SIZE_MAX, true);

    assert_int_equal(settings.first_segment, first);
    assert_int_equal(settings.last_segment, last);
}

/* The segments have 1000 to 1010, 2000 to 2010, and so on. */
static void a_range_is_narrowed_to_its_segments(void **state)
{
    struct tape tape;

    record_boots(&tape, *state);
    struct recording *recording = tape_play(tape.path);
    assert_narrow(recording, 0, UINT64_MAX, 0, SIZE_MAX);
    assert_narrow(recording, 2005, 2006, 0, 1);
    assert_narrow(recording, 3005, 3006, 1, 2);
    assert_narrow(recording, 2005, 3006, 0, 2);
    assert_narrow(recording, 1500, 2005, 0, 1);
    assert_narrow(recording, 1001, 1001, 0, 0);
    assert_narrow(recording, 3500, UINT64_MAX, 2, SIZE_MAX); /* what is being written is part of it */
    assert_narrow(recording, 0, 1005, 0, 0);
    narrow(recording, 5000, UINT64_MAX, 0, SIZE_MAX, false);
    narrow(recording, 1500, 1600, 0, SIZE_MAX, false);
    narrow(recording, 1, 500, 0, SIZE_MAX, false);
    recording_close(recording);
    tape_free(&tape);
}

static void a_range_within_a_boot_stays_within(void **state)
{
    struct tape tape;

    record_boots(&tape, *state);
    struct recording *recording = tape_play(tape.path);
    struct playback_settings settings = narrow(recording, 2005, 2006, 1, 2, true);
    assert_int_equal(settings.first_segment, 1);
    assert_int_equal(settings.last_segment, 1);
    settings = narrow(recording, 3005, UINT64_MAX, 1, 2, true);
    assert_int_equal(settings.first_segment, 1);
    assert_int_equal(settings.last_segment, 2);
    narrow(recording, 4005, UINT64_MAX, 1, 2, false);
    recording_close(recording);
    tape_free(&tape);
}

/* An hour that comes twice lies in segments that are not side by side. */
static void a_clock_that_was_set_back_is_met_twice(void **state)
{
    static const int64_t ahead[] = {0, 0, -2000, -2000};
    struct tape tape;

    tape_init(&tape, *state, "tape");
    for (uint64_t i = 0; i < COUNT_OF(ahead); i++) {
        tape.schema.interval_ns++;
        tape.wall_ahead_ns = (uint64_t)(ahead[i] * (int64_t)TAPE_SECOND);
        tape_open(&tape, TAPE_BYTES);
        tape_put_samples(&tape, 1000 * (i + 1), 1000 * (i + 1) + 10);
        tape_close(&tape);
    }
    struct recording *recording = tape_play(tape.path);
    assert_narrow(recording, 1005, 1006, 0, 2); /* the first, and the third */
    assert_narrow(recording, 2005, 2006, 0, 3);
    assert_int_equal((window_end_ns(recording) - TAPE_WALL_NS) / TAPE_SECOND, 2010);
    recording_close(recording);
    tape_free(&tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(boots_have_numbers_from_both_ends),
        unit_test_in_folder(a_part_is_kept_to_the_boot_of_a_segment),
        unit_test_in_folder(without_boot_ids_the_clock_tells),
        unit_test_in_folder(times_are_counted_from_the_end),
        unit_test_in_folder(days_are_counted_from_now),
        unit_test_in_folder(the_nth_newest_kill_is_found),
        unit_test_in_folder(kills_of_one_event_count_each),
        unit_test_in_folder(a_kill_that_is_damaged_hides_no_other),
        unit_test_in_folder(a_range_is_narrowed_to_its_segments),
        unit_test_in_folder(a_range_within_a_boot_stays_within),
        unit_test_in_folder(a_clock_that_was_set_back_is_met_twice),
    };
    return cmocka_run_group_tests_name("window", tests, in_utc, NULL);
}
