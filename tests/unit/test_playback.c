#include "blackbox/playback.h"
#include "tapes.h"

#include <stdlib.h>
#include <string.h>

/* A recording of two real values, and how long the machine has slept. */
struct film {
    struct tape tape;
    uint64_t slept_ns;
};

/* What the columns of a schema are. */
static void set_columns(struct schema *schema, const char *const (*names)[2], size_t count)
{
    schema->count = 0;
    for (size_t i = 0; i < count; i++)
        assert_int_equal(schema_add(schema, names[i][0], names[i][1]), 0);
}

static const char *const film_columns[][2] = {{"vmstat", "pgmajfault"},
                                              {"meminfo", "MemFree"},
                                              {"clock", "slept_ns"}};

static void film_begin(struct film *film, const struct folder *folder)
{
    *film = (struct film){0};
    tape_init(&film->tape, folder, "film");
    schema_free(&film->tape.schema);
    film->tape.schema.page_bytes = 4096;
    set_columns(&film->tape.schema, film_columns, COUNT_OF(film_columns));
    tape_open(&film->tape, TAPE_BYTES);
}

/* The recorder is started anew. */
static void film_restart(struct film *film)
{
    tape_close(&film->tape);
    tape_open(&film->tape, 0);
}

static void film_free(struct film *film)
{
    tape_free(&film->tape);
}

static uint64_t wall_at(const struct film *film, double seconds)
{
    return TAPE_WALL_NS + (uint64_t)(seconds * 1e9) + film->tape.wall_ahead_ns;
}

static void film_put(struct film *film, double seconds, uint64_t major_faults, uint64_t free_bytes)
{
    struct sample *sample = &film->tape.sample;

    sample->monotonic_ns = (uint64_t)(seconds * 1e9);
    sample->wall_ns = wall_at(film, seconds);
    sample->values[0] = (struct value){major_faults, true};
    sample->values[1] = (struct value){free_bytes, free_bytes > 0};
    sample->values[2] = (struct value){film->slept_ns, true};
    assert_int_equal(writer_put_sample(film->tape.writer, sample, NULL), 0);
}

static void film_run(struct film *film, double seconds)
{
    const struct run run = {(uint64_t)(seconds * 1e9), wall_at(film, seconds), 1, "1"};
    assert_int_equal(writer_put_run(film->tape.writer, &run), 0);
}

static void film_stop(struct film *film, double seconds)
{
    const struct stop stop = {(uint64_t)(seconds * 1e9), wall_at(film, seconds)};
    assert_int_equal(writer_put_stop(film->tape.writer, &stop), 0);
}

/* -- what is played -- */

struct scene {
    int kind; /* enum played */
    double seconds;
    double major_faults;
    double free_bytes;
    uint64_t wall_ns;
    struct mark mark;
};

struct show {
    struct recording *recording;
    struct playback *playback;
    struct scene scenes[64];
    size_t count;
    char letters[65]; /* "i" interval, "p" processes, "e" event, marks: "B" boot, "R" restart, "L" loss,
                         "C" clock step, "S" suspend */
};

static const struct playback_settings everything = {.range = PLAYBACK_ALL,
                                                    .last_segment = SIZE_MAX,
                                                    .intervals = true};

static void show_open(struct show *show, const struct film *film)
{
    show->recording = tape_play(film->tape.path);
    show->playback = playback_new(show->recording);
    assert_non_null(show->playback);
    struct sampler *sampler = playback_sampler(show->playback);
    assert_int_equal(sampler_want(sampler, &metric_table[M_major_faults_per_second], NULL), 0);
    assert_int_equal(sampler_want(sampler, &metric_table[M_mem_free_bytes], NULL), 0);
}

static struct scene scene_of(const struct show *show, int kind)
{
    const struct interval *interval = playback_interval(show->playback);
    struct scene scene = {.kind = kind};

    if (kind == PLAYED_INTERVAL) {
        scene.seconds = interval->seconds;
        scene.wall_ns = interval->wall_ns;
        scene.major_faults = interval->values[M_major_faults_per_second];
        scene.free_bytes = interval->values[M_mem_free_bytes];
    } else if (kind == PLAYED_MARK) {
        scene.mark = *playback_mark(show->playback);
    }
    return scene;
}

static char letter_of(const struct scene *scene)
{
    static const char marks[] = {[MARK_BOOT] = 'B',
                                 [MARK_RESTART] = 'R',
                                 [MARK_LOSS] = 'L',
                                 [MARK_CLOCK_STEP] = 'C',
                                 [MARK_SUSPEND] = 'S'};
    static const char kinds[] = {[PLAYED_INTERVAL] = 'i', [PLAYED_PROCESSES] = 'p', [PLAYED_EVENT] = 'e'};

    return scene->kind == PLAYED_MARK ? marks[scene->mark.kind] : kinds[scene->kind];
}

/* Plays on to the end. */
static void show_on(struct show *show)
{
    int kind;

    show->count = 0;
    while ((kind = playback_next(show->playback)) != PLAYED_END) {
        assert_true(kind > 0);
        assert_true(show->count < COUNT_OF(show->scenes));
        struct scene *scene = &show->scenes[show->count];
        *scene = scene_of(show, kind);
        show->letters[show->count++] = letter_of(scene);
    }
    show->letters[show->count] = '\0';
}

static void show_play(struct show *show, const struct playback_settings *settings)
{
    assert_int_equal(playback_start(show->playback, settings), 0);
    show_on(show);
}

static void show_free(struct show *show)
{
    playback_free(show->playback);
    recording_close(show->recording);
}

/* Opens, plays all. */
static void show_all(struct show *show, const struct film *film)
{
    show_open(show, film);
    show_play(show, &everything);
}

static void intervals_are_what_the_live_view_would_show(void **state)
{
    struct film film;
    struct show show;

    film_begin(&film, *state);
    film_run(&film, 100);
    film_put(&film, 100, 1000, 50);
    film_put(&film, 101, 1007, 60);
    film_put(&film, 103, 1027, 70);
    film_put(&film, 103.5, 1027, 0);
    film_put(&film, 104, 27, 80); /* a counter that went backwards */
    show_all(&show, &film);
    assert_string_equal(show.letters, "iiii");
    assert_near(show.scenes[0].seconds, 1);
    assert_near(show.scenes[0].major_faults, 7);
    assert_near(show.scenes[0].free_bytes, 60);
    assert_int_equal(show.scenes[0].wall_ns, wall_at(&film, 101));
    assert_near(show.scenes[1].seconds, 2);
    assert_near(show.scenes[1].major_faults, 10);
    assert_near(show.scenes[2].seconds, 0.5);
    assert_near(show.scenes[2].major_faults, 0);
    assert_absent(show.scenes[2].free_bytes);
    assert_absent(show.scenes[3].major_faults);
    assert_near(show.scenes[3].free_bytes, 80);
    assert_int_equal(playback_snapshot(show.playback)->monotonic_ns, 104000000000);
    show_free(&show);
    film_free(&film);
}

static void intervals_go_across_segments(void **state)
{
    static struct tape tape;
    uint64_t intervals = 0;
    int kind;

    tape_init(&tape, *state, "tape");
    tape_open(&tape, TAPE_BYTES);
    tape_put_samples(&tape, 1, 12000);
    struct recording *recording = tape_play(tape.path);
    assert_true(recording_segment_count(recording) > 2);
    struct playback *playback = playback_new(recording);
    assert_int_equal(playback_start(playback, &everything), 0);
    while ((kind = playback_next(playback)) != PLAYED_END) {
        assert_int_equal(kind, PLAYED_INTERVAL);
        assert_within(playback_interval(playback)->seconds, 1, 1e-5);
        intervals++;
    }
    assert_int_equal(intervals, 11999);
    playback_free(playback);
    recording_close(recording);
    tape_free(&tape);
}

static void it_can_be_begun_again(void **state)
{
    struct film film;
    struct show show;

    film_begin(&film, *state);
    film_run(&film, 1);
    film_put(&film, 1, 0, 1);
    film_put(&film, 2, 5, 1);
    film_restart(&film);
    film_run(&film, 3);
    film_put(&film, 3, 6, 1);
    show_all(&show, &film);
    assert_string_equal(show.letters, "iR");
    show_play(&show, &everything);
    assert_string_equal(show.letters, "iR");
    assert_near(show.scenes[0].major_faults, 5);
    show_free(&show);
    film_free(&film);
}

static void what_is_recorded_meanwhile_is_played_on(void **state)
{
    struct film film;
    struct show show;

    film_begin(&film, *state);
    film_put(&film, 1, 0, 1);
    show_all(&show, &film);
    assert_string_equal(show.letters, "");
    film_put(&film, 2, 4, 1);
    show_on(&show);
    assert_string_equal(show.letters, "i");
    assert_near(show.scenes[0].major_faults, 4);
    show_on(&show);
    assert_string_equal(show.letters, "");
    show_free(&show);
    film_free(&film);
}

/* -- marks -- */

static void a_restart_is_a_mark_and_no_interval(void **state)
{
    struct film film;
    struct show show;

    film_begin(&film, *state);
    film_run(&film, 100);
    film_put(&film, 100, 1000, 50);
    film_put(&film, 101, 1001, 50);
    film_stop(&film, 101.5);
    film_restart(&film);
    film_run(&film, 110);
    film_put(&film, 110, 9000, 50);
    film_put(&film, 111, 9002, 50);
    film_restart(&film); /* after a crash */
    film_run(&film, 113.5);
    film_put(&film, 113.5, 9003, 50);
    show_all(&show, &film);
    assert_string_equal(show.letters, "iRiR");
    assert_true(show.scenes[1].mark.orderly);
    assert_near(show.scenes[1].mark.seconds, 9);
    assert_int_equal(show.scenes[1].mark.wall_ns, wall_at(&film, 110));
    assert_near(show.scenes[2].major_faults, 2);
    assert_false(show.scenes[3].mark.orderly);
    assert_near(show.scenes[3].mark.seconds, 2.5);
    show_free(&show);
    film_free(&film);
}

static void a_boot_is_a_mark_and_no_interval(void **state)
{
    struct film film;
    struct show show;

    film_begin(&film, *state);
    film_run(&film, 100);
    film_put(&film, 100, 1000, 50);
    tape_set_boot(&film.tape, 2);
    film_restart(&film);
    film.tape.wall_ahead_ns = 60 * TAPE_SECOND;
    film_run(&film, 170); /* its clock is ahead of the one before, by chance */
    film_put(&film, 170, 2000, 50);
    film_put(&film, 171, 2003, 50);
    show_all(&show, &film);
    assert_string_equal(show.letters, "Bi");
    assert_near(show.scenes[0].mark.seconds, 130); /* by the wall clock */
    assert_false(show.scenes[0].mark.orderly);
    assert_near(show.scenes[1].major_faults, 3);
    show_free(&show);
    film_free(&film);
}

/* Without a clock that runs while it is off, a machine starts in 1970, say. */
static void a_boot_before_the_last_one_tells_no_length(void **state)
{
    struct film film;
    struct show show;

    film_begin(&film, *state);
    film_put(&film, 100, 1000, 50);
    tape_set_boot(&film.tape, 2);
    film_restart(&film);
    film.tape.wall_ahead_ns = 0;
    film_run(&film, 5);
    film_put(&film, 5, 2000, 50);
    show_all(&show, &film);
    assert_string_equal(show.letters, "B");
    assert_absent(show.scenes[0].mark.seconds);
    show_free(&show);
    film_free(&film);
}

/* In a container there may be no boot id to be read. */
static void without_a_boot_id_the_clock_tells(void **state)
{
    struct film film;
    struct show show;

    film_begin(&film, *state);
    tape_set_boot(&film.tape, 0);
    film_restart(&film);
    film_run(&film, 100);
    film_put(&film, 100, 1000, 50);
    film_put(&film, 101, 1000, 50);
    film_restart(&film);
    film_run(&film, 5);
    film_put(&film, 5, 10, 50);
    film_put(&film, 6, 11, 50);
    show_all(&show, &film);
    assert_string_equal(show.letters, "iBi");
    show_free(&show);
    film_free(&film);
}

static void spoil(const struct film *film, uint64_t offset)
{
    tape_patch(film->tape.path, offset, "\x5a\xa5\x5a", 3);
}

static void a_loss_is_a_mark_and_no_interval(void **state)
{
    struct film film;
    struct show show;

    film_begin(&film, *state);
    film_run(&film, 100);
    film_put(&film, 100, 1000, 50);
    film_put(&film, 101, 1001, 50);
    uint64_t at = tape_used(film.tape.path);
    film_put(&film, 102, 1002, 50);
    film_put(&film, 103, 1003, 50);
    film_restart(&film);
    film_put(&film, 104, 2000, 50); /* a full one, whose run is missing */
    film_put(&film, 105, 2009, 50);
    spoil(&film, at + 1);
    show_all(&show, &film);
    assert_string_equal(show.letters, "iLi");
    assert_absent(show.scenes[1].mark.seconds);
    assert_int_equal(show.scenes[1].mark.wall_ns, wall_at(&film, 101));
    assert_near(show.scenes[2].major_faults, 9);
    show_free(&show);
    film_free(&film);
}

/* The mark of the boot is lost with its run: still no interval spans it, and it costs no others. */
static void a_boot_whose_beginning_is_lost_has_its_intervals(void **state)
{
    struct film film;
    struct show show;

    film_begin(&film, *state);
    film_put(&film, 100, 1000, 50);
    film_put(&film, 101, 1001, 50);
    tape_set_boot(&film.tape, 2);
    film_restart(&film);
    film_put(&film, 102, 2000, 50);
    film_put(&film, 103, 2001, 50);
    for (int i = 0; i < 2; i++) { /* segments of the same boot, that go on */
        film.tape.schema.interval_ns++;
        film_restart(&film);
        film_put(&film, 104 + i, 2003 + (uint64_t)i, 50);
    }
    show_all(&show, &film);
    assert_string_equal(show.letters, "iiii");
    assert_near(show.scenes[1].seconds, 1);
    assert_near(show.scenes[1].major_faults, 1);
    assert_near(show.scenes[2].major_faults, 2);
    show_free(&show);
    film_free(&film);
}

static void a_step_of_the_clock_is_a_mark(void **state)
{
    struct film film;
    struct show show;

    film_begin(&film, *state);
    film_put(&film, 100, 1000, 50);
    film.tape.wall_ahead_ns -= 3600 * TAPE_SECOND;
    film_put(&film, 101, 1005, 50);
    film.tape.wall_ahead_ns += 400000000; /* slewed, or so */
    film_put(&film, 102, 1006, 50);
    film.tape.wall_ahead_ns += 600000000;
    film_put(&film, 103, 1008, 50);
    show_all(&show, &film);
    assert_string_equal(show.letters, "CiiCi");
    assert_near(show.scenes[0].mark.seconds, -3600);
    assert_near(show.scenes[1].seconds, 1); /* by the other clock */
    assert_near(show.scenes[1].major_faults, 5);
    assert_near(show.scenes[3].mark.seconds, 0.6);
    assert_near(show.scenes[4].major_faults, 2);
    show_free(&show);
    film_free(&film);
}

static void a_suspend_is_a_mark(void **state)
{
    struct film film;
    struct show show;

    film_begin(&film, *state);
    film_put(&film, 100, 1000, 50);
    film.tape.wall_ahead_ns += 7200 * TAPE_SECOND;
    film.slept_ns += 7200 * TAPE_SECOND;
    film_put(&film, 101, 1005, 50);
    film.slept_ns += 100000000; /* what two clocks that are read one after the other differ by */
    film_put(&film, 102, 1006, 50);
    show_all(&show, &film);
    assert_string_equal(show.letters, "Sii");
    assert_near(show.scenes[0].mark.seconds, 7200);
    assert_near(show.scenes[1].seconds, 1);
    assert_near(show.scenes[1].major_faults, 5);
    show_free(&show);
    film_free(&film);
}

/* -- parts -- */

static void a_range_has_both_its_ends(void **state)
{
    struct film film;
    struct show show;
    struct playback_settings settings = everything;

    film_begin(&film, *state);
    for (unsigned i = 0; i < 10; i++) {
        film_put(&film, 100 + i, 1000 + i * i, 50);
        struct event event = {.kind = EVENT_ALERT, .alert = "a", .wall_ns = wall_at(&film, 100 + i)};
        assert_int_equal(writer_put_event(film.tape.writer, &event, i), 0);
    }
    show_open(&show, &film);
    settings.range = (struct playback_range){wall_at(&film, 103), wall_at(&film, 105)};
    show_play(&show, &settings);
    assert_string_equal(show.letters, "ieieie");
    assert_near(show.scenes[0].major_faults, 9 - 4); /* from the sample before */
    assert_near(show.scenes[4].major_faults, 25 - 16);
    settings.range.since_ns++;
    settings.range.until_ns--;
    show_play(&show, &settings);
    assert_string_equal(show.letters, "ie");
    settings.range = (struct playback_range){wall_at(&film, 200), UINT64_MAX};
    show_play(&show, &settings);
    assert_string_equal(show.letters, "");
    settings.range = (struct playback_range){0, wall_at(&film, 100)};
    show_play(&show, &settings);
    assert_string_equal(show.letters, "e");
    show_free(&show);
    film_free(&film);
}

static void segments_that_are_not_meant_are_not_played(void **state)
{
    struct film film;
    struct show show;
    struct playback_settings settings = everything;

    film_begin(&film, *state);
    for (unsigned i = 0; i < 4; i++) {
        tape_set_boot(&film.tape, (uint8_t)(i + 1));
        film_restart(&film);
        film_run(&film, 100 * (i + 1));
        film_put(&film, 100 * (i + 1), 0, 50);
        film_put(&film, 100 * (i + 1) + 1, i, 50);
    }
    show_open(&show, &film);
    show_play(&show, &settings);
    assert_string_equal(show.letters, "iBiBiBi");
    settings.first_segment = 1;
    settings.last_segment = 2;
    show_play(&show, &settings);
    assert_string_equal(show.letters, "iBi");
    assert_near(show.scenes[0].major_faults, 1);
    assert_near(show.scenes[2].major_faults, 2);
    show_on(&show);
    assert_string_equal(show.letters, "");
    show_free(&show);
    film_free(&film);
}

static void without_intervals_the_rest_is_played(void **state)
{
    struct tape tape;
    struct playback_settings settings = everything;
    char letters[16];
    size_t count = 0;
    int kind;

    tape_init(&tape, *state, "tape");
    tape_open(&tape, TAPE_BYTES);
    tape_put_run(&tape, 1);
    tape_put(&tape, 1, false);
    tape_put(&tape, 2, true);
    tape_put_alert(&tape, 2);
    tape.wall_ahead_ns = 5 * TAPE_SECOND;
    tape_put(&tape, 3, false);
    struct recording *recording = tape_play(tape.path);
    struct playback *playback = playback_new(recording);
    settings.intervals = false;
    assert_int_equal(playback_start(playback, &settings), 0);
    while ((kind = playback_next(playback)) != PLAYED_END) {
        if (kind == PLAYED_PROCESSES)
            assert_int_equal(tape_identify(RECORDED_PROCESSES, playback_decoder(playback), 0).number, 2);
        if (kind == PLAYED_EVENT)
            assert_int_equal(tape_identify(RECORDED_EVENT, playback_decoder(playback), 0).number, 2);
        letters[count++] = kind == PLAYED_PROCESSES ? 'p' : kind == PLAYED_EVENT ? 'e' : 'm';
    }
    letters[count] = '\0';
    assert_string_equal(letters, "pem");
    assert_int_equal(playback_mark(playback)->kind, MARK_CLOCK_STEP);
    playback_free(playback);
    recording_close(recording);
    tape_free(&tape);
}

/* The kernel of the next boot has them elsewhere, and one not at all. */
static void columns_are_found_in_each_schema(void **state)
{
    static const char *const other_columns[][2] = {{"meminfo", "pgmajfault"},
                                                   {"clock", "slept_ns"},
                                                   {"vmstat", "nr_new"},
                                                   {"vmstat", "pgmajfault"}};
    struct film film;
    struct show show;
    struct sample *sample = &film.tape.sample;

    film_begin(&film, *state);
    film_run(&film, 1);
    film_put(&film, 1, 10, 70);
    film_put(&film, 2, 13, 71);
    set_columns(&film.tape.schema, other_columns, COUNT_OF(other_columns));
    film.tape.schema.page_bytes = 16384;
    film_restart(&film);
    film_run(&film, 3);
    for (uint64_t i = 0; i < 2; i++) {
        sample->monotonic_ns = (3 + i) * TAPE_SECOND;
        sample->wall_ns = TAPE_WALL_NS + sample->monotonic_ns;
        for (uint64_t column = 0; column < 4; column++)
            sample->values[column] = (struct value){100 * column + i * (column + 1), true};
        sample->values[1].number = 0;
        assert_int_equal(writer_put_sample(film.tape.writer, sample, NULL), 0);
    }
    show_all(&show, &film);
    assert_string_equal(show.letters, "iRi");
    assert_near(show.scenes[0].major_faults, 3);
    assert_near(show.scenes[0].free_bytes, 71);
    assert_near(show.scenes[2].major_faults, 4);
    assert_absent(show.scenes[2].free_bytes);
    show_free(&show);
    film_free(&film);
}

/* Pages are those of the machine that was recorded. */
static void pages_have_the_recorded_size(void **state)
{
    static const char *const columns[][2] = {{"vmstat", "pswpin"}, {"vmstat", "b"}, {"clock", "slept_ns"}};
    struct film film;

    film_begin(&film, *state);
    set_columns(&film.tape.schema, columns, COUNT_OF(columns));
    film.tape.schema.page_bytes = 65536;
    film_restart(&film);
    film_put(&film, 1, 10, 1);
    film_put(&film, 2, 12, 1);
    struct recording *recording = tape_play(film.tape.path);
    struct playback *playback = playback_new(recording);
    assert_int_equal(sampler_want(playback_sampler(playback), &metric_table[M_swap_in_bytes_per_second],
                                  NULL),
                     0);
    assert_int_equal(playback_start(playback, &everything), 0);
    assert_int_equal(playback_next(playback), PLAYED_INTERVAL);
    assert_near(playback_interval(playback)->values[M_swap_in_bytes_per_second], 2 * 65536);
    playback_free(playback);
    playback_free(NULL);
    recording_close(recording);
    film_free(&film);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(intervals_are_what_the_live_view_would_show),
        unit_test_in_folder(intervals_go_across_segments),
        unit_test_in_folder(it_can_be_begun_again),
        unit_test_in_folder(what_is_recorded_meanwhile_is_played_on),
        unit_test_in_folder(a_restart_is_a_mark_and_no_interval),
        unit_test_in_folder(a_boot_is_a_mark_and_no_interval),
        unit_test_in_folder(a_boot_before_the_last_one_tells_no_length),
        unit_test_in_folder(without_a_boot_id_the_clock_tells),
        unit_test_in_folder(a_loss_is_a_mark_and_no_interval),
        unit_test_in_folder(a_boot_whose_beginning_is_lost_has_its_intervals),
        unit_test_in_folder(a_step_of_the_clock_is_a_mark),
        unit_test_in_folder(a_suspend_is_a_mark),
        unit_test_in_folder(a_range_has_both_its_ends),
        unit_test_in_folder(segments_that_are_not_meant_are_not_played),
        unit_test_in_folder(without_intervals_the_rest_is_played),
        unit_test_in_folder(columns_are_found_in_each_schema),
        unit_test_in_folder(pages_have_the_recorded_size),
    };
    return cmocka_run_group_tests_name("playback", tests, NULL, NULL);
}
