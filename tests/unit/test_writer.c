#include "blackbox/writer.h"
#include "pwrites.h"
#include "tapes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct tape_items items;
static struct recording_loss loss;
static uint8_t blank[SEGMENT_BYTES];
static uint8_t kept[SEGMENT_BYTES];

/* Whoever asks for memory is counted. */
static unsigned allocations;

void *__real_malloc(size_t size);
void *__wrap_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__real_reallocarray(void *memory, size_t count, size_t size);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);

void *__wrap_malloc(size_t size)
{
    allocations++;
    return __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
    allocations++;
    return __real_calloc(count, size);
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size)
{
    allocations++;
    return __real_reallocarray(memory, count, size);
}

static void read_back(const struct tape *tape)
{
    tape_read_file(tape->path, &items, &loss);
}

static void assert_nothing_lost(void)
{
    assert_int_equal(loss.places, 0);
    assert_int_equal(loss.bytes, 0);
    assert_int_equal(loss.segments, 0);
    assert_int_equal(loss.foreign, 0);
    assert_int_equal(tape_count_kind(&items, RECORDED_LOSS), 0);
}

/* The number of the first sample that is left; from there to LAST all are there, once and in order. */
static uint64_t first_sample_to(uint64_t last)
{
    uint64_t first = 0;
    uint64_t next = 0;

    for (size_t i = 0; i < items.count; i++) {
        if (items.at[i].kind != RECORDED_SAMPLE)
            continue;
        if (next == 0)
            first = next = items.at[i].number;
        assert_int_equal(items.at[i].number, next++);
    }
    assert_int_equal(next, last + 1);
    return first;
}

static void begin(struct tape *tape, const struct folder *folder)
{
    pwrites_reset();
    tape_init(tape, folder, "tape");
    tape_open(tape, TAPE_BYTES);
}

/* -- what is put -- */

static void what_is_put_can_be_read_at_once(void **state)
{
    struct tape tape;

    begin(&tape, *state);
    tape_put_run(&tape, 0);
    read_back(&tape);
    assert_spelled(&items, "[r");
    tape_put(&tape, 1, false);
    read_back(&tape);
    assert_spelled(&items, "[rs");
    tape_put(&tape, 2, true);
    tape_put_alert(&tape, 2);
    tape_put(&tape, 3, true);
    tape_put_kill(&tape, 3);
    tape_put_stop(&tape, 3);
    read_back(&tape);
    assert_spelled(&items, "[rsspespe.");
    assert_nothing_lost();
    tape_free(&tape);
}

static void each_is_one_write_and_no_allocation(void **state)
{
    struct tape tape;

    begin(&tape, *state);
    tape_put_run(&tape, 0);
    pwrites_reset();
    allocations = 0;
    tape_put(&tape, 1, true);
    assert_int_equal(pwrites.calls, 1);
    tape_put(&tape, 2, false);
    tape_put_alert(&tape, 2);
    tape_put_kill(&tape, 2);
    tape_put_stop(&tape, 2);
    assert_int_equal(pwrites.calls, 5);
    tape_put_samples(&tape, 3, 12000);
    assert_in_range(pwrites.calls, 12000, 12020); /* segments have their opening and their trailer */
    assert_int_equal(allocations, 0);
    tape_free(&tape);
}

static void a_full_sample_comes_again_in_time(void **state)
{
    struct tape tape;
    struct decoder *decoder = decoder_new();
    size_t full_at = 0;
    unsigned fulls = 0;

    begin(&tape, *state);
    tape_put_samples(&tape, 1, 4500);
    tape_peek(tape.path, 0, kept, sizeof(kept));
    assert_int_equal(decoder_begin(decoder, kept, sizeof(kept)), 0);
    assert_int_equal(decoder_next(decoder), DECODED_SCHEMA);
    for (;;) {
        size_t at = decoder->at;
        if (decoder_next(decoder) != DECODED_SAMPLE)
            break;
        assert_int_equal(kept[at] & 0x80 ? kept[at + 1] & 0x80 : 0, 0); /* a length of two bytes at most */
        bool full = kept[kept[at] & 0x80 ? at + 2 : at + 1] == FRAME_FULL;
        if (full)
            full_at = at;
        fulls += full;
        assert_true(at - full_at < 64 * 1024);
    }
    assert_in_range(decoder->at, 150000, 250000);
    assert_in_range(fulls, 3, 4);
    decoder_free(decoder);
    tape_free(&tape);
}

static void there_is_no_end_of_scans(void **state)
{
    struct tape tape;

    begin(&tape, *state);
    for (uint64_t number = 1; number <= 1100; number++)
        tape_put(&tape, number, true);
    read_back(&tape);
    assert_int_equal(first_sample_to(1100), 1);
    assert_int_equal(tape_count_kind(&items, RECORDED_PROCESSES), 1100);
    assert_nothing_lost();
    tape_free(&tape);
}

/* 256 processes fit the book: further ones are told behind a full sample. */
static void there_is_no_end_of_processes(void **state)
{
    struct tape tape;
    static struct process_row rows[PROCESS_ROWS_MAX];
    const struct process_record record = {.rows = rows, .count = PROCESS_ROWS_MAX};
    uint64_t scans = 0;
    int found;

    begin(&tape, *state);
    for (uint64_t number = 1; number <= 20; number++) {
        for (uint64_t i = 0; i < PROCESS_ROWS_MAX; i++)
            rows[i] = (struct process_row){.pid = 100 * number + i, .comm = "x", .rss_bytes = 4096 * i};
        tape_fill(&tape.sample, number, 0);
        assert_int_equal(writer_put_sample(tape.writer, &tape.sample, &record), 0);
    }
    struct recording *recording = tape_play(tape.path);
    while ((found = recording_next(recording)) != RECORDED_END) {
        assert_int_not_equal(found, RECORDED_LOSS);
        if (found != RECORDED_PROCESSES)
            continue;
        const struct decoder *decoder = recording_decoder(recording);
        scans++;
        assert_int_equal(decoder->row_count, PROCESS_ROWS_MAX);
        for (uint64_t i = 0; i < PROCESS_ROWS_MAX; i++) {
            assert_int_equal(decoder->rows[i].pid, 100 * scans + i);
            assert_int_equal(decoder->rows[i].rss_bytes, 4096 * i);
        }
    }
    assert_int_equal(scans, 20);
    recording_close(recording);
    tape_free(&tape);
}

static void the_ring_keeps_the_newest_in_order(void **state)
{
    struct tape tape;
    uint64_t number = 1;

    begin(&tape, *state);
    for (unsigned laps = 0; laps < 3; laps++) {
        for (; number % 8000 != 0; number++) {
            tape_put(&tape, number, true);
            if (number % 100 == 0)
                tape_put_alert(&tape, number);
        }
        tape_put(&tape, number++, true);
        read_back(&tape);
        assert_nothing_lost();
        uint64_t first = first_sample_to(number - 1);
        assert_in_range(tape_count_kind(&items, RECORDED_SEGMENT), 3, 4);
        if (laps > 0)
            assert_in_range(number - first, 4000, 8000); /* three segments at least */
        assert_int_equal(tape_count(&items, RECORDED_EVENT, number - 101), 1);
    }
    assert_int_equal(tape_length(tape.path), TAPE_BYTES);
    tape_free(&tape);
}

static void a_full_segment_has_a_true_trailer(void **state)
{
    struct tape tape;

    begin(&tape, *state);
    tape_put_run(&tape, 1);
    tape_put_kill(&tape, 1);
    tape_put_alert(&tape, 1);
    tape_put_samples(&tape, 1, 6000);
    struct recording *recording = tape_play(tape.path);
    const struct segment_info *first = recording_segment(recording, 0);
    const struct segment_info *second = recording_segment(recording, 1);
    assert_int_equal(first->header.sequence, 1);
    assert_int_equal(second->header.sequence, 2);
    assert_int_equal(first->header.recording_id, second->header.recording_id);
    assert_true(first->closed);
    assert_false(second->closed);
    assert_int_equal(first->content.events, 2);
    assert_int_equal(first->content.oom_kills, 1);
    assert_int_equal(first->content.runs, 1);
    assert_in_range(first->content.used_bytes, SEGMENT_FRAMES_END - 600, SEGMENT_FRAMES_END);
    assert_int_equal(first->content.samples + second->content.samples, 6000);
    assert_int_equal(first->content.last_monotonic_ns / TAPE_SECOND, first->content.samples);
    assert_int_equal((first->content.wall_most_ns - TAPE_WALL_NS) / TAPE_SECOND, first->content.samples);
    assert_int_equal((first->content.wall_least_ns - TAPE_WALL_NS) / TAPE_SECOND, 1);
    assert_int_equal(second->header.monotonic_ns / TAPE_SECOND, first->content.samples + 1);
    recording_close(recording);
    tape_free(&tape);
}

/* -- going on -- */

/* Samples from NUMBER on, until no more than LEFT bytes are free in the segment. Returns the next number. */
static uint64_t fill_segment(struct tape *tape, uint64_t number, size_t left)
{
    enum { SAMPLE_BYTES_MAX = 100 };

    for (;;) {
        tape_put(tape, number++, false);
        size_t free_bytes = SEGMENT_FRAMES_END - tape_used(tape->path) % SEGMENT_BYTES;
        if (free_bytes <= left)
            return number;
        for (size_t i = 0; i + 1 < (free_bytes - left) / SAMPLE_BYTES_MAX; i++)
            tape_put(tape, number++, false);
    }
}

/* A frame, whose bytes stand from FROM to TO in the file, is cut short after CUT of them. */
static void leave_cut(const struct tape *tape, size_t cut)
{
    tape_patch(tape->path, 0, kept, cut);
    tape_patch(tape->path, cut, blank, sizeof(blank) - cut);
}

/* Where what was written up to END differs from what stood there before: a checksum may end with zeros. */
static size_t last_needed(size_t end)
{
    while (kept[end - 1] == 0)
        end--;
    return end;
}

/* Another run begins, and is looked at. */
static void go_on(struct tape *tape)
{
    tape_open(tape, 0);
    tape_put_run(tape, 10);
    tape_put(tape, 11, true);
    tape_put(tape, 12, false);
    tape_close(tape);
    read_back(tape);
    assert_nothing_lost();
}

static void crash_at_each_byte(const struct folder *folder, void (*put_last)(struct tape *), char last)
{
    struct tape tape;
    char expected[] = "[rspsp?rsps";

    begin(&tape, folder);
    tape_put_run(&tape, 0);
    tape_put(&tape, 1, true);
    tape_put(&tape, 2, true);
    size_t from = tape_used(tape.path);
    put_last(&tape);
    size_t to = tape_used(tape.path);
    assert_true(to > from + 5);
    tape_close(&tape);
    tape_peek(tape.path, 0, kept, sizeof(kept));
    to = last_needed(to);
    for (size_t cut = from; cut < to; cut++) {
        leave_cut(&tape, cut);
        go_on(&tape);
        assert_spelled(&items, "[rspsprsps");
    }
    leave_cut(&tape, to);
    go_on(&tape);
    expected[6] = last;
    assert_spelled(&items, expected);
    tape_free(&tape);
}

static void put_sample(struct tape *tape)
{
    tape_put(tape, 3, false);
}

static void put_alert(struct tape *tape)
{
    tape_put_alert(tape, 2);
}

static void put_stop(struct tape *tape)
{
    tape_put_stop(tape, 2);
}

static void a_crash_within_a_sample_costs_that_one(void **state)
{
    crash_at_each_byte(*state, put_sample, 's');
}

static void a_crash_within_an_event_costs_that_one(void **state)
{
    crash_at_each_byte(*state, put_alert, 'e');
}

static void a_crash_within_a_stop_costs_that_one(void **state)
{
    crash_at_each_byte(*state, put_stop, '.');
}

/* They are two frames: the sample is kept without them. */
static void a_crash_within_processes_keeps_the_sample(void **state)
{
    struct tape tape;
    size_t with_sample = 0;
    size_t without = 0;
    char spelled[32];

    begin(&tape, *state);
    tape_put(&tape, 1, true);
    size_t from = tape_used(tape.path);
    tape_put(&tape, 2, true);
    size_t to = tape_used(tape.path);
    tape_close(&tape);
    tape_peek(tape.path, 0, kept, sizeof(kept));
    to = last_needed(to);
    for (size_t cut = from; cut < to; cut++) {
        leave_cut(&tape, cut);
        go_on(&tape);
        tape_spell(&items, spelled, sizeof(spelled));
        bool has_sample = strcmp(spelled, "[spsrsps") == 0;
        assert_true(has_sample || strcmp(spelled, "[sprsps") == 0);
        with_sample += has_sample;
        without += !has_sample;
    }
    assert_true(with_sample > 10);
    assert_true(without > 10);
    tape_free(&tape);
}

/* The crash came while the second segment was begun, over what had been there. */
static void a_crash_within_an_opening_costs_nothing(void **state)
{
    struct tape tape;
    static const int lap_before[] = {0, 5}; /* nothing, or bytes that begin frames by their form */

    begin(&tape, *state);
    tape_put_run(&tape, 0);
    tape_put_samples(&tape, 1, 2);
    tape_close(&tape);
    tape_set_boot(&tape, 2);
    tape_open(&tape, 0);
    tape_put_run(&tape, 3);
    size_t opening = tape_used(tape.path) - SEGMENT_BYTES;
    tape_close(&tape);
    tape_peek(tape.path, SEGMENT_BYTES, kept, sizeof(kept));
    for (size_t cut = 0; cut < opening; cut++) {
        for (size_t lap = 0; lap < (cut % 16 == 0 ? COUNT_OF(lap_before) : 1); lap++) {
            memset(blank, lap_before[lap], sizeof(blank));
            tape_patch(tape.path, SEGMENT_BYTES, kept, cut);
            tape_patch(tape.path, SEGMENT_BYTES + cut, blank, sizeof(blank) - cut);
            memset(blank, 0, sizeof(blank));
            tape_patch(tape.path, 2 * SEGMENT_BYTES, blank, sizeof(blank));
            tape_open(&tape, 0);
            tape_put_run(&tape, 4);
            tape_put(&tape, 5, false);
            tape_close(&tape);
            read_back(&tape);
            assert_int_equal(tape_count(&items, RECORDED_SAMPLE, 1), 1);
            assert_int_equal(tape_count(&items, RECORDED_SAMPLE, 2), 1);
            assert_int_equal(tape_count(&items, RECORDED_RUN, 4), 1);
            assert_int_equal(tape_count(&items, RECORDED_SAMPLE, 5), 1);
            assert_int_equal(tape_count_kind(&items, RECORDED_SAMPLE), 3);
            assert_int_equal(loss.segments, 0);
        }
    }
    tape_free(&tape);
}

static void each_run_begins_with_a_full_sample(void **state)
{
    struct tape tape;

    begin(&tape, *state);
    tape_put_samples(&tape, 1, 2);
    tape_close(&tape);
    size_t at = tape_used(tape.path);
    tape_open(&tape, 0);
    tape_put(&tape, 3, false);
    uint8_t head[3];
    tape_peek(tape.path, at, head, sizeof(head));
    assert_int_equal(head[0] & 0x80 ? head[2] : head[1], FRAME_FULL);
    read_back(&tape);
    assert_spelled(&items, "[sss");
    tape_free(&tape);
}

static void another_boot_begins_a_segment(void **state)
{
    struct tape tape;

    begin(&tape, *state);
    tape_put_run(&tape, 1);
    tape_put(&tape, 2, false);
    tape_close(&tape);
    tape_set_boot(&tape, 2);
    tape_open(&tape, 0);
    tape_put_run(&tape, 0);
    tape_put(&tape, 1, false);
    tape_close(&tape);
    read_back(&tape);
    assert_spelled(&items, "[rs[rs");
    assert_nothing_lost();
    struct recording *recording = tape_play(tape.path);
    assert_int_equal(recording_segment_count(recording), 2);
    assert_true(recording_segment(recording, 0)->closed);
    assert_int_equal(recording_segment(recording, 0)->content.samples, 1);
    assert_int_equal(recording_segment(recording, 0)->header.boot_id[0], 1);
    assert_int_equal(recording_segment(recording, 1)->header.boot_id[0], 2);
    assert_int_equal(recording_segment(recording, 1)->offset, SEGMENT_BYTES);
    recording_close(recording);
    tape_free(&tape);
}

static void another_schema_begins_a_segment(void **state)
{
    struct tape tape;

    begin(&tape, *state);
    tape_put(&tape, 1, false);
    tape_close(&tape);
    assert_int_equal(schema_add(&tape.schema, "vmstat", "key_of_tomorrow"), 0);
    tape_open(&tape, 0);
    tape_put(&tape, 2, false);
    tape_close(&tape);
    read_back(&tape);
    assert_spelled(&items, "[s[s");
    tape.schema.interval_ns++;
    tape_open(&tape, 0);
    tape_put(&tape, 3, false);
    tape_close(&tape);
    tape_open(&tape, 0);
    tape_put(&tape, 4, false);
    read_back(&tape);
    assert_spelled(&items, "[s[s[ss");
    assert_nothing_lost();
    tape_free(&tape);
}

static void it_goes_on_behind_a_full_segment(void **state)
{
    struct tape tape;
    uint64_t number = 1;

    begin(&tape, *state);
    number = fill_segment(&tape, number, 400);
    tape_close(&tape);
    tape_open(&tape, 0);
    for (uint64_t last = number + 30; number < last; number++) {
        tape_put(&tape, number, false);
        tape_close(&tape);
        tape_open(&tape, 0);
    }
    read_back(&tape);
    assert_int_equal(first_sample_to(number - 1), 1);
    assert_nothing_lost();
    tape_free(&tape);
}

static void behind_damage_a_segment_is_begun(void **state)
{
    struct tape tape;

    begin(&tape, *state);
    tape_put_run(&tape, 0);
    tape_put(&tape, 1, false);
    size_t at = tape_used(tape.path);
    tape_put(&tape, 2, false);
    tape_put_kill(&tape, 3);
    tape_close(&tape);
    tape_patch(tape.path, at + 3, "\xaa\x55\xaa", 3);
    tape_open(&tape, 0);
    tape_put_run(&tape, 4);
    tape_put(&tape, 5, false);
    tape_close(&tape);
    read_back(&tape);
    assert_spelled(&items, "[rs!e[rs");
    assert_int_equal(loss.places, 1);
    assert_int_equal(loss.segments, 0);
    struct recording *recording = tape_play(tape.path);
    assert_true(recording_segment(recording, 0)->closed);
    assert_int_equal(recording_segment(recording, 0)->content.oom_kills, 1);
    assert_int_equal(recording_segment(recording, 0)->content.samples, 1);
    recording_close(recording);
    tape_free(&tape);
}

/* -- writes that fail -- */

/* So many bytes of the sample reach the disk before it fails; the next one is there again. */
static void a_sample_that_fails_is_missing_alone(void **state)
{
    struct tape tape;

    begin(&tape, *state);
    tape_put_samples(&tape, 1, 3);
    uint64_t number = 4;
    for (size_t room = 1; room < 25; room++, number += 3) {
        pwrites.fail_with = EIO;
        pwrites.room = room;
        assert_int_equal(tape_try(&tape, number, room % 2), -EIO);
        pwrites_reset();
        tape_put(&tape, number + 1, room % 3 == 0);
        tape_put(&tape, number + 2, room % 2);
        if (room % 5 == 0)
            tape_put_alert(&tape, number + 2);
    }
    read_back(&tape);
    assert_nothing_lost();
    for (uint64_t failed = 4; failed < number; failed += 3) {
        assert_int_equal(tape_count(&items, RECORDED_SAMPLE, failed), 0);
        assert_int_equal(tape_count(&items, RECORDED_SAMPLE, failed + 1), 1);
        assert_int_equal(tape_count(&items, RECORDED_SAMPLE, failed + 2), 1);
    }
    tape_free(&tape);
}

/* What comes next may be shorter than what is left of it. */
static void nothing_wrong_is_left_of_what_failed(void **state)
{
    struct tape tape;
    uint64_t number = 3;

    begin(&tape, *state);
    tape_put(&tape, 1, true);
    tape_put(&tape, 2, true);
    for (size_t room = 1; room < 300; room += 7, number += 2) {
        pwrites.fail_with = ENOSPC;
        pwrites.room = room;
        (void)tape_try(&tape, number, true);
        pwrites_reset();
        read_back(&tape);
        assert_int_equal(loss.segments, 0);
        tape_put_stop(&tape, number);
        read_back(&tape);
        assert_int_equal(loss.places, 0);
        assert_int_equal(items.at[items.count - 1].kind, RECORDED_STOP);
        tape_put(&tape, number + 1, true);
    }
    read_back(&tape);
    assert_nothing_lost();
    tape_free(&tape);
}

static void an_event_that_fails_costs_no_sample(void **state)
{
    struct tape tape;
    struct event event = {.kind = EVENT_ALERT, .alert = "a"};

    begin(&tape, *state);
    tape_put(&tape, 1, false);
    pwrites.fail_with = EIO;
    assert_int_equal(writer_put_event(tape.writer, &event, 1), -EIO);
    pwrites_reset();
    size_t at = tape_used(tape.path);
    tape_put(&tape, 2, false);
    tape_put_alert(&tape, 3);
    uint8_t head[2];
    tape_peek(tape.path, at, head, sizeof(head));
    assert_int_equal(head[1], FRAME_CHANGES);
    read_back(&tape);
    assert_spelled(&items, "[sse");
    tape_free(&tape);
}

/* Fails the NTH write from where the segment is nearly full on; returns whether that was one. */
static bool change_segment_with_failure(const struct folder *folder, unsigned nth)
{
    struct tape tape;
    uint64_t number = 1;

    begin(&tape, folder);
    number = fill_segment(&tape, number, 500);
    pwrites.fail_with = EIO;
    pwrites.fail_nth = nth;
    uint64_t failed = 0;
    for (uint64_t last = number + 12; number <= last; number++) {
        if (tape_try(&tape, number, false) < 0)
            failed = number;
    }
    bool reached = pwrites.fail_with == 0;
    pwrites_reset();
    read_back(&tape);
    assert_nothing_lost();
    assert_int_equal(tape_count_kind(&items, RECORDED_SEGMENT), 2);
    assert_int_equal(tape_count_kind(&items, RECORDED_SAMPLE), number - 1 - reached);
    assert_int_equal(tape_count(&items, RECORDED_SAMPLE, failed), 0);
    tape_free(&tape);
    return reached;
}

static void a_segment_that_cannot_be_changed_is_changed_later(void **state)
{
    for (unsigned nth = 1; nth <= 14; nth++) {
        struct folder folder;
        folder_make(&folder);
        assert_true(change_segment_with_failure(&folder, nth));
        folder_remove(&folder);
    }
    (void)state;
}

/* The other segments of the ring stay what they are. */
static void a_disk_that_fails_for_long_costs_no_other_segment(void **state)
{
    struct tape tape;
    uint64_t number = 1;

    begin(&tape, *state);
    for (; number <= 14000; number++)
        tape_put(&tape, number, false);
    read_back(&tape);
    uint64_t first = first_sample_to(number - 1);
    number = fill_segment(&tape, number, 500);
    uint64_t last_before = number - 1;
    pwrites.fail_with = EIO;
    for (int i = 0; i < 50; i++)
        assert_int_equal(tape_try(&tape, number++, false), -EIO);
    pwrites_reset();
    tape_put(&tape, number, false);
    read_back(&tape);
    assert_nothing_lost();
    assert_int_equal(tape_count(&items, RECORDED_SAMPLE, last_before), 1);
    assert_int_equal(tape_count(&items, RECORDED_SAMPLE, number), 1);
    assert_true(tape_count_kind(&items, RECORDED_SAMPLE) > (last_before - first) / 2);
    tape_free(&tape);
}

static void an_interrupted_or_short_write_is_gone_on_with(void **state)
{
    struct tape tape;

    begin(&tape, *state);
    pwrites.piece = 3;
    tape_put(&tape, 1, true);
    tape_put(&tape, 2, true);
    pwrites.fail_with = EINTR;
    pwrites.fail_nth = 2;
    tape_put(&tape, 3, true);
    read_back(&tape);
    assert_spelled(&items, "[spspsp");
    tape_free(&tape);
}

static void processes_beyond_a_frame_are_refused(void **state)
{
    struct tape tape;
    static struct process_row rows[PROCESS_ROWS_MAX];
    const struct process_record record = {.rows = rows, .count = PROCESS_ROWS_MAX};

    begin(&tape, *state);
    tape_put(&tape, 1, true);
    for (size_t i = 0; i < PROCESS_ROWS_MAX; i++) {
        rows[i] = (struct process_row){.pid = UINT64_MAX - i,
                                       .start_ticks = UINT64_MAX,
                                       .rss_bytes = UINT64_MAX / 2,
                                       .minor_faults = UINT64_MAX / 2,
                                       .major_faults = UINT64_MAX / 2,
                                       .uid = {UINT64_MAX, true},
                                       .swap_bytes = {UINT64_MAX / 2, true},
                                       .minor_faults_since = {5, true},
                                       .major_faults_since = {5, true}};
        memset(rows[i].comm, 'c', sizeof(rows[i].comm) - 1);
        memset(rows[i].cgroup, 'g', sizeof(rows[i].cgroup) - 1);
    }
    tape_fill(&tape.sample, 2, 0);
    assert_int_equal(writer_put_sample(tape.writer, &tape.sample, &record), -EMSGSIZE);
    tape_put(&tape, 3, true);
    tape_put(&tape, 4, true);
    read_back(&tape);
    assert_spelled(&items, "[spspsp");
    tape_free(&tape);
}

static void a_schema_beyond_a_frame_is_refused(void **state)
{
    struct tape tape;
    struct problem problem = {0};
    char name[SCHEMA_NAME_MAX];

    begin(&tape, *state);
    for (int i = 0; i < 1500; i++) {
        (void)snprintf(name, sizeof(name), "%d_%050d", i, i);
        assert_int_equal(schema_add(&tape.schema, "vmstat", name), 0);
    }
    struct writer *writer;
    assert_int_equal(writer_open(&writer, &tape.store, tape.path, &tape.schema, tape.boot_id, &problem),
                     -E2BIG);
    assert_non_null(strstr(problem.text, "more values than"));
    tape_free(&tape);
}

/* -- copies -- */

static void a_change_begins_a_segment(void **state)
{
    struct tape tape;
    uint8_t other_boot[BOOT_ID_BYTES] = {7};

    begin(&tape, *state);
    tape_put(&tape, 1, false);
    assert_int_equal(writer_change(tape.writer, &tape.schema, tape.boot_id), 0);
    tape_put(&tape, 2, false);
    read_back(&tape);
    assert_spelled(&items, "[ss");
    assert_int_equal(writer_change(tape.writer, &tape.schema, other_boot), 0);
    tape_put(&tape, 3, false);
    tape.schema.ticks_per_second++;
    assert_int_equal(schema_add(&tape.schema, "vmstat", "one_more"), 0);
    assert_int_equal(writer_change(tape.writer, &tape.schema, other_boot), 0);
    sample_free(&tape.sample);
    assert_int_equal(sample_init(&tape.sample, tape.schema.count), 0);
    tape_put(&tape, 4, false);
    tape_put(&tape, 5, false);
    read_back(&tape);
    assert_spelled(&items, "[ss[s[ss");
    assert_nothing_lost();
    tape_free(&tape);
}

static void a_gap_is_a_loss_to_whoever_reads(void **state)
{
    struct tape tape;

    begin(&tape, *state);
    tape_put(&tape, 1, false);
    assert_int_equal(writer_leave_gap(tape.writer), 0);
    tape_put(&tape, 3, false);
    assert_int_equal(writer_finish(tape.writer), 0);
    read_back(&tape);
    assert_spelled(&items, "[s![s");
    assert_int_equal(loss.segments, 1);
    assert_int_equal(loss.places, 0);
    tape_free(&tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(what_is_put_can_be_read_at_once),
        unit_test_in_folder(each_is_one_write_and_no_allocation),
        unit_test_in_folder(a_full_sample_comes_again_in_time),
        unit_test_in_folder(there_is_no_end_of_scans),
        unit_test_in_folder(there_is_no_end_of_processes),
        unit_test_in_folder(the_ring_keeps_the_newest_in_order),
        unit_test_in_folder(a_full_segment_has_a_true_trailer),
        unit_test_in_folder(a_crash_within_a_sample_costs_that_one),
        unit_test_in_folder(a_crash_within_an_event_costs_that_one),
        unit_test_in_folder(a_crash_within_a_stop_costs_that_one),
        unit_test_in_folder(a_crash_within_processes_keeps_the_sample),
        unit_test_in_folder(a_crash_within_an_opening_costs_nothing),
        unit_test_in_folder(each_run_begins_with_a_full_sample),
        unit_test_in_folder(another_boot_begins_a_segment),
        unit_test_in_folder(another_schema_begins_a_segment),
        unit_test_in_folder(it_goes_on_behind_a_full_segment),
        unit_test_in_folder(behind_damage_a_segment_is_begun),
        unit_test_in_folder(a_sample_that_fails_is_missing_alone),
        unit_test_in_folder(nothing_wrong_is_left_of_what_failed),
        unit_test_in_folder(an_event_that_fails_costs_no_sample),
        cmocka_unit_test(a_segment_that_cannot_be_changed_is_changed_later),
        unit_test_in_folder(a_disk_that_fails_for_long_costs_no_other_segment),
        unit_test_in_folder(an_interrupted_or_short_write_is_gone_on_with),
        unit_test_in_folder(processes_beyond_a_frame_are_refused),
        unit_test_in_folder(a_schema_beyond_a_frame_is_refused),
        unit_test_in_folder(a_change_begins_a_segment),
        unit_test_in_folder(a_gap_is_a_loss_to_whoever_reads),
    };
    return cmocka_run_group_tests_name("writer", tests, NULL, NULL);
}
