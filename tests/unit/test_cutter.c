#include "blackbox/cutter.h"
#include "tapes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct tape_items items;
static struct recording_loss loss;

/* A recording, and what is cut out of it. */
struct bench {
    struct tape tape;
    struct recording *recording;
    char out[128];
    uint64_t samples;
    struct problem problem;
};

static void bench_begin(struct bench *bench, const struct folder *folder)
{
    *bench = (struct bench){0};
    tape_init(&bench->tape, folder, "tape");
    (void)snprintf(bench->out, sizeof(bench->out), "%s/out", folder->path);
}

static void bench_open(struct bench *bench)
{
    tape_close(&bench->tape);
    if (recording_open(&bench->recording, bench->tape.path, &bench->problem) < 0)
        fail_msg("%s", bench->problem.text);
}

static void bench_free(struct bench *bench)
{
    recording_close(bench->recording);
    tape_free(&bench->tape);
}

/* From second SINCE to UNTIL, both included. */
static int cut(struct bench *bench, uint64_t since, uint64_t until, bool force)
{
    const struct playback_settings part = {
        .range = {TAPE_WALL_NS + since * TAPE_SECOND, TAPE_WALL_NS + (until + 1) * TAPE_SECOND - 1},
        .last_segment = SIZE_MAX,
    };

    bench->problem.text[0] = '\0';
    return cutter_save(bench->recording, &part, bench->out, force, &bench->samples, &bench->problem);
}

static void read_out(const struct bench *bench)
{
    tape_read_file(bench->out, &items, &loss);
}

static void a_window_is_cut_out_with_all_that_is_in_it(void **state)
{
    struct bench bench;

    bench_begin(&bench, *state);
    tape_open(&bench.tape, TAPE_BYTES);
    tape_put_run(&bench.tape, 1);
    for (uint64_t number = 1; number < 10; number++) {
        tape_put(&bench.tape, number, number % 2 == 0);
        if (number == 5)
            tape_put_kill(&bench.tape, number);
        if (number == 2 || number == 6 || number == 8)
            tape_put_alert(&bench.tape, number);
    }
    tape_put_stop(&bench.tape, 9);
    bench_open(&bench);
    assert_int_equal(cut(&bench, 3, 7, false), 0);
    assert_int_equal(bench.samples, 5);
    read_out(&bench);
    assert_spelled(&items, "[ssspsespes"); /* the first is what the first interval begins with */
    for (uint64_t number = 2; number <= 7; number++)
        assert_int_equal(tape_count(&items, RECORDED_SAMPLE, number), 1);
    assert_int_equal(tape_count(&items, RECORDED_PROCESSES, 4), 1);
    assert_int_equal(tape_count(&items, RECORDED_EVENT, 5), 1);
    assert_int_equal(loss.places + loss.segments + loss.foreign, 0);
    assert_int_equal(tape_length(bench.out), SEGMENT_BYTES);
    assert_int_equal(cut(&bench, 0, 100, true), 0);
    assert_int_equal(bench.samples, 9);
    read_out(&bench);
    assert_spelled(&items, "[rsspesspsespesspes.");
    bench_free(&bench);
}

/* Of what is cut out, too. */
static void a_copy_can_be_cut(void **state)
{
    struct bench bench;
    char out[160];

    bench_begin(&bench, *state);
    tape_open(&bench.tape, TAPE_BYTES);
    tape_put_samples(&bench.tape, 1, 12000);
    bench_open(&bench);
    assert_int_equal(cut(&bench, 100, 11000, false), 0);
    assert_int_equal(bench.samples, 10901);
    read_out(&bench);
    assert_int_equal(tape_count_kind(&items, RECORDED_SAMPLE), 10902);
    assert_int_equal(tape_length(bench.out), tape_count_kind(&items, RECORDED_SEGMENT) * SEGMENT_BYTES);
    struct recording *copy = tape_play(bench.out);
    const struct playback_settings part = {.range = {TAPE_WALL_NS, TAPE_WALL_NS + 110 * TAPE_SECOND},
                                           .last_segment = SIZE_MAX};
    (void)snprintf(out, sizeof(out), "%s.again", bench.out);
    assert_int_equal(cutter_save(copy, &part, out, false, &bench.samples, &bench.problem), 0);
    assert_int_equal(bench.samples, 11);
    tape_read_file(out, &items, &loss);
    assert_spelled(&items, "[sssssssssss");
    recording_close(copy);
    bench_free(&bench);
}

static void boots_and_schemas_stay_what_they_are(void **state)
{
    struct bench bench;

    bench_begin(&bench, *state);
    for (uint64_t i = 0; i < 3; i++) {
        tape_set_boot(&bench.tape, (uint8_t)(i + 1));
        if (i == 2)
            assert_int_equal(schema_add(&bench.tape.schema, "vmstat", "new_one"), 0);
        tape_open(&bench.tape, TAPE_BYTES);
        tape_put_run(&bench.tape, 10 * i);
        tape_put(&bench.tape, 10 * i + 1, true);
        tape_put(&bench.tape, 10 * i + 2, true);
        tape_close(&bench.tape);
    }
    bench_open(&bench);
    assert_int_equal(cut(&bench, 2, 21, false), 0);
    read_out(&bench);
    assert_spelled(&items, "[ssp[rspsp[rsp");
    struct recording *copy = tape_play(bench.out);
    assert_int_equal(recording_segment_count(copy), 3);
    for (size_t i = 0; i < 3; i++) {
        assert_int_equal(recording_segment(copy, i)->header.boot_id[0], i + 1);
        assert_true(recording_segment(copy, i)->closed);
        recording_seek(copy, i);
        assert_int_equal(recording_next(copy), RECORDED_SEGMENT);
        assert_int_equal(recording_decoder(copy)->schema.count, i < 2 ? TAPE_COLUMNS : TAPE_COLUMNS + 1);
    }
    recording_close(copy);
    bench_free(&bench);
}

static void a_gap_stays_a_gap(void **state)
{
    struct bench bench;
    static char bytes[4096];

    bench_begin(&bench, *state);
    tape_open(&bench.tape, TAPE_BYTES);
    tape_put_samples(&bench.tape, 1, 2);
    tape_put_alert(&bench.tape, 3);
    tape_put_samples(&bench.tape, 4, 5);
    tape_peek(bench.tape.path, 0, bytes, sizeof(bytes));
    char *event = memmem(bytes, sizeof(bytes), "event 3", 7);
    tape_patch(bench.tape.path, (uint64_t)(event - bytes), "\x5a", 1);
    bench_open(&bench);
    tape_read(bench.recording, &items);
    assert_spelled(&items, "[ss!ss");
    assert_int_equal(cut(&bench, 1, 5, false), 0);
    read_out(&bench);
    assert_spelled(&items, "[ss![ss");
    assert_int_equal(loss.segments, 1);
    bench_free(&bench);
}

/* The clock was set back in between: what is left out there is no interval. */
static void what_is_left_out_is_a_gap(void **state)
{
    struct bench bench;

    bench_begin(&bench, *state);
    tape_open(&bench.tape, TAPE_BYTES);
    tape_put_samples(&bench.tape, 101, 110);
    bench.tape.wall_ahead_ns = (uint64_t)-10 * TAPE_SECOND;
    tape_put_samples(&bench.tape, 111, 120);
    bench_open(&bench);
    assert_int_equal(cut(&bench, 105, 107, false), 0);
    assert_int_equal(bench.samples, 6);
    char kinds[16];
    size_t count = 0;
    struct recording *copy = tape_play(bench.out);
    for (int kind; (kind = recording_next(copy)) != RECORDED_END;) {
        kinds[count++] = kind == RECORDED_SAMPLE ? 's' : kind == RECORDED_LOSS ? '!' : '[';
        if (kind == RECORDED_SAMPLE)
            (void)tape_identify(kind, recording_decoder(copy), count < 7 ? 0 : (uint64_t)-10 * TAPE_SECOND);
    }
    kinds[count] = '\0';
    assert_string_equal(kinds, "[ssss![ssss");
    recording_close(copy);
    bench_free(&bench);
}

/* What came before a restart, or before a loss, is nothing that an interval begins with. */
static void the_sample_before_a_restart_is_left_out(void **state)
{
    struct bench bench;

    bench_begin(&bench, *state);
    tape_open(&bench.tape, TAPE_BYTES);
    tape_put_samples(&bench.tape, 1, 4);
    tape_close(&bench.tape);
    tape_open(&bench.tape, TAPE_BYTES);
    tape_put_run(&bench.tape, 7);
    tape_put_samples(&bench.tape, 7, 8);
    bench_open(&bench);
    assert_int_equal(cut(&bench, 5, 9, false), 0);
    read_out(&bench);
    assert_spelled(&items, "[rss");
    assert_int_equal(tape_count(&items, RECORDED_SAMPLE, 4), 0);
    bench_free(&bench);
}

static void where_nothing_is_nothing_is_made(void **state)
{
    struct bench bench;

    bench_begin(&bench, *state);
    tape_open(&bench.tape, TAPE_BYTES);
    tape_put(&bench.tape, 1, false);
    bench_open(&bench);
    assert_int_equal(cut(&bench, 50, 60, false), 0);
    assert_int_equal(bench.samples, 0);
    assert_int_equal(access(bench.out, F_OK), -1);
    bench_free(&bench);
}

static void a_file_that_is_there_is_kept(void **state)
{
    struct bench bench;
    char byte;

    bench_begin(&bench, *state);
    tape_open(&bench.tape, TAPE_BYTES);
    tape_put(&bench.tape, 1, false);
    bench_open(&bench);
    folder_put(*state, "out", "x");
    assert_int_equal(cut(&bench, 0, 9, false), -EEXIST);
    assert_non_null(strstr(bench.problem.text, "--force"));
    tape_peek(bench.out, 0, &byte, 1);
    assert_int_equal(byte, 'x');
    assert_int_equal(cut(&bench, 0, 9, true), 0);
    read_out(&bench);
    assert_spelled(&items, "[s");
    bench_free(&bench);
}

static void the_recording_itself_is_kept(void **state)
{
    struct bench bench;

    bench_begin(&bench, *state);
    tape_open(&bench.tape, TAPE_BYTES);
    tape_put(&bench.tape, 1, false);
    bench_open(&bench);
    assert_int_equal(link(bench.tape.path, bench.out), 0);
    assert_int_equal(cut(&bench, 0, 9, true), -EEXIST);
    assert_non_null(strstr(bench.problem.text, "the recording itself"));
    tape_read_file(bench.tape.path, &items, &loss);
    assert_spelled(&items, "[s");
    bench_free(&bench);
}

static void what_cannot_be_written_is_an_error(void **state)
{
    struct bench bench;

    bench_begin(&bench, *state);
    tape_open(&bench.tape, TAPE_BYTES);
    tape_put(&bench.tape, 1, false);
    bench_open(&bench);
    assert_int_equal(symlink("/dev/full", bench.out), 0);
    assert_true(cut(&bench, 0, 9, true) < 0);
    assert_non_null(strstr(bench.problem.text, bench.out));
    (void)snprintf(bench.out, sizeof(bench.out), "/proc/none/such");
    assert_int_equal(cut(&bench, 0, 9, true), -ENOENT);
    bench_free(&bench);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(a_window_is_cut_out_with_all_that_is_in_it),
        unit_test_in_folder(a_copy_can_be_cut),
        unit_test_in_folder(boots_and_schemas_stay_what_they_are),
        unit_test_in_folder(a_gap_stays_a_gap),
        unit_test_in_folder(what_is_left_out_is_a_gap),
        unit_test_in_folder(the_sample_before_a_restart_is_left_out),
        unit_test_in_folder(where_nothing_is_nothing_is_made),
        unit_test_in_folder(a_file_that_is_there_is_kept),
        unit_test_in_folder(the_recording_itself_is_kept),
        unit_test_in_folder(what_cannot_be_written_is_an_error),
    };
    return cmocka_run_group_tests_name("cutter", tests, NULL, NULL);
}
