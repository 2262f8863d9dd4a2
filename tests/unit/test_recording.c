#include "blackbox/recording.h"
#include "tapes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

enum { SHELF_SEGMENTS = 4 };

static struct tape_items items;
static struct recording_loss loss;

/* What somebody else does before the reader's pread(2), the CALLS-th. */
static void (*meanwhile)(unsigned calls);
static unsigned calls;
static struct tape *other; /* who does it */
static int fail_with;      /* errno of each call; 0: none fails */
static size_t bytes_read;  /* by all of them */

/* The call that has not yet what stands at TORN_AT, but what stands behind. */
static unsigned torn_call;
static off_t torn_at;

ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void *bytes, size_t size, off_t offset);

ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset)
{
    struct iovec into = {bytes, size};

    calls++;
    if (meanwhile)
        meanwhile(calls);
    if (fail_with != 0) {
        errno = fail_with;
        return -1;
    }
    ssize_t got = preadv(fd, &into, 1, offset);
    bytes_read += got > 0 ? (size_t)got : 0;
    if (calls == torn_call && offset <= torn_at && torn_at + 4 < offset + got)
        memset((uint8_t *)bytes + (torn_at - offset), 0, 4);
    return got;
}

ssize_t __wrap_pread64(int fd, void *bytes, size_t size, off_t offset)
{
    return __wrap_pread(fd, bytes, size, offset);
}

/* A file of four segments, of a boot each, that have "[rsspse" in them: numbers 10 to 13, 20 to 23... */
static void fill_shelf(struct tape *tape, const struct folder *folder, const char *name)
{
    tape_init(tape, folder, name);
    for (uint64_t boot = 1; boot <= SHELF_SEGMENTS; boot++) {
        tape_set_boot(tape, (uint8_t)boot);
        tape_open(tape, TAPE_BYTES);
        tape_put_run(tape, 10 * boot);
        tape_put(tape, 10 * boot + 1, false);
        tape_put(tape, 10 * boot + 2, true);
        tape_put(tape, 10 * boot + 3, false);
        tape_put_alert(tape, 10 * boot + 3);
        tape_close(tape);
    }
}

static void read_back(const struct tape *tape)
{
    tape_read_file(tape->path, &items, &loss);
}

static void assert_loss(uint64_t places, uint64_t segments)
{
    assert_int_equal(loss.places, places);
    assert_int_equal(loss.segments, segments);
}

/* Whether all of segment NUMBER, from 1, was read. */
static bool is_whole(uint64_t number)
{
    return tape_count(&items, RECORDED_RUN, 10 * number) == 1 &&
           tape_count(&items, RECORDED_SAMPLE, 10 * number + 1) == 1 &&
           tape_count(&items, RECORDED_SAMPLE, 10 * number + 2) == 1 &&
           tape_count(&items, RECORDED_PROCESSES, 10 * number + 2) == 1 &&
           tape_count(&items, RECORDED_SAMPLE, 10 * number + 3) == 1 &&
           tape_count(&items, RECORDED_EVENT, 10 * number + 3) == 1;
}

/* -- a file as it should be -- */

static void segments_are_read_one_after_the_other(void **state)
{
    struct tape tape;

    fill_shelf(&tape, *state, "tape");
    read_back(&tape);
    assert_spelled(&items, "[rsspse[rsspse[rsspse[rsspse");
    for (uint64_t number = 1; number <= SHELF_SEGMENTS; number++)
        assert_true(is_whole(number));
    assert_loss(0, 0);
    tape_free(&tape);
}

static void segments_say_what_is_in_them(void **state)
{
    struct tape tape;

    fill_shelf(&tape, *state, "tape");
    struct recording *recording = tape_play(tape.path);
    assert_int_equal(recording_segment_count(recording), SHELF_SEGMENTS);
    for (size_t i = 0; i < SHELF_SEGMENTS; i++) {
        const struct segment_info *segment = recording_segment(recording, i);
        assert_int_equal(segment->offset, i * SEGMENT_BYTES);
        assert_int_equal(segment->header.sequence, i + 1);
        assert_int_equal(segment->header.boot_id[3], i + 1);
        assert_int_equal(segment->closed, i < 3);
        assert_int_equal(segment->content.samples, 3);
        assert_int_equal(segment->content.events, 1);
        assert_int_equal(segment->content.oom_kills, 0);
        assert_int_equal(segment->content.runs, 1);
        assert_int_equal(segment->content.last_monotonic_ns / TAPE_SECOND, 10 * i + 13);
        assert_int_equal((segment->content.wall_least_ns - TAPE_WALL_NS) / TAPE_SECOND, 10 * i + 10);
        assert_int_equal((segment->content.wall_most_ns - TAPE_WALL_NS) / TAPE_SECOND, 10 * i + 13);
    }
    recording_close(recording);
    tape_free(&tape);
}

static void a_segment_can_be_sought(void **state)
{
    struct tape tape;

    fill_shelf(&tape, *state, "tape");
    struct recording *recording = tape_play(tape.path);
    recording_seek(recording, 2);
    assert_int_equal(recording_next(recording), RECORDED_SEGMENT);
    assert_int_equal(recording_at(recording), 2);
    assert_int_equal(recording_next(recording), RECORDED_RUN);
    assert_int_equal(recording_decoder(recording)->run.monotonic_ns / TAPE_SECOND, 30);
    tape_read(recording, &items);
    assert_spelled(&items, "sspse[rsspse");
    assert_int_equal(recording_at(recording), 3);
    recording_seek(recording, 0);
    tape_read(recording, &items);
    assert_int_equal(tape_count_kind(&items, RECORDED_SEGMENT), 4);
    assert_int_equal(recording_loss(recording)->segments, 0);
    recording_close(recording);
    tape_free(&tape);
}

static void the_file_is_known_by_any_name(void **state)
{
    struct tape tape;
    char link_path[128];
    const struct folder *folder = *state;

    fill_shelf(&tape, *state, "tape");
    folder_put(folder, "other", "x");
    struct recording *recording = tape_play(tape.path);
    (void)snprintf(link_path, sizeof(link_path), "%s/link", folder->path);
    assert_int_equal(symlink("tape", link_path), 0);
    assert_true(recording_is_at(recording, tape.path));
    assert_true(recording_is_at(recording, link_path));
    (void)snprintf(link_path, sizeof(link_path), "%s/other", folder->path);
    assert_false(recording_is_at(recording, link_path));
    (void)snprintf(link_path, sizeof(link_path), "%s/none", folder->path);
    assert_false(recording_is_at(recording, link_path));
    recording_close(recording);
    recording_close(NULL);
    tape_free(&tape);
}

/* -- damage -- */

static void copy_segment(const struct tape *tape, size_t from, size_t to)
{
    static uint8_t bytes[SEGMENT_BYTES];

    tape_peek(tape->path, from * SEGMENT_BYTES, bytes, sizeof(bytes));
    tape_patch(tape->path, to * SEGMENT_BYTES, bytes, sizeof(bytes));
}

static void swap_segments(const struct tape *tape, size_t a, size_t b)
{
    static uint8_t bytes_a[SEGMENT_BYTES], bytes_b[SEGMENT_BYTES];

    tape_peek(tape->path, a * SEGMENT_BYTES, bytes_a, sizeof(bytes_a));
    tape_peek(tape->path, b * SEGMENT_BYTES, bytes_b, sizeof(bytes_b));
    tape_patch(tape->path, a * SEGMENT_BYTES, bytes_b, sizeof(bytes_b));
    tape_patch(tape->path, b * SEGMENT_BYTES, bytes_a, sizeof(bytes_a));
}

/* Of the oldest and of the newest one nothing else would tell. */
static void a_segment_without_its_header_is_a_damaged_place(void **state)
{
    struct tape tape;

    fill_shelf(&tape, *state, "tape");
    tape_patch(tape.path, 3 * SEGMENT_BYTES + 20, "\x5a\xa5", 2);
    struct recording *recording = tape_play(tape.path);
    for (int round = 0; round < 2; round++) {
        recording_seek(recording, 0);
        tape_read(recording, &items);
        assert_spelled(&items, "[rsspse[rsspse[rsspse");
        assert_int_equal(recording_loss(recording)->places, 1);
        assert_int_equal(recording_loss(recording)->bytes, SEGMENT_BYTES);
        assert_int_equal(recording_loss(recording)->segments, 0);
    }
    recording_close(recording);
    tape_free(&tape);
}

static void swapped_segments_are_read_in_their_order(void **state)
{
    struct tape tape;

    fill_shelf(&tape, *state, "tape");
    swap_segments(&tape, 0, 3);
    swap_segments(&tape, 1, 2);
    read_back(&tape);
    assert_spelled(&items, "[rsspse[rsspse[rsspse[rsspse");
    for (size_t i = 1; i < items.count; i++) {
        if (items.at[i].kind == RECORDED_SAMPLE && items.at[i - 1].kind == RECORDED_SAMPLE)
            assert_true(items.at[i].number > items.at[i - 1].number);
    }
    assert_int_equal(items.at[1].number, 10);
    assert_loss(0, 0);
    tape_free(&tape);
}

static void a_doubled_segment_is_read_once(void **state)
{
    struct tape tape;

    fill_shelf(&tape, *state, "tape");
    copy_segment(&tape, 0, 2);
    read_back(&tape);
    assert_spelled(&items, "[rsspse[rsspse![rsspse");
    assert_true(is_whole(1) && is_whole(2) && is_whole(4));
    assert_loss(0, 1);
    tape_free(&tape);
}

static void a_segment_without_its_header_is_missing(void **state)
{
    static const uint8_t zeros[4096];
    struct tape tape;

    fill_shelf(&tape, *state, "tape");
    tape_patch(tape.path, SEGMENT_BYTES, zeros, sizeof(zeros));
    read_back(&tape);
    assert_spelled(&items, "[rsspse![rsspse[rsspse");
    assert_loss(0, 1);
    tape_patch(tape.path, SEGMENT_BYTES * 2UL, zeros, sizeof(zeros));
    read_back(&tape);
    assert_spelled(&items, "[rsspse![rsspse");
    assert_loss(0, 2);
    assert_true(is_whole(1) && is_whole(4));
    tape_free(&tape);
}

static void what_is_damaged_is_counted(void **state)
{
    struct tape tape;
    struct recording *recording;

    fill_shelf(&tape, *state, "tape");
    recording = tape_play(tape.path);
    recording_seek(recording, 1);
    while (recording_next(recording) != RECORDED_RUN)
        ;
    size_t from = recording_decoder(recording)->at; /* the full sample */
    while (recording_next(recording) != RECORDED_EVENT)
        ;
    size_t behind_event = recording_decoder(recording)->at;
    recording_close(recording);
    tape_patch(tape.path, SEGMENT_BYTES + from + 9, "\x5a\xa5", 2);
    read_back(&tape);
    assert_spelled(&items, "[rsspse[r!e[rsspse[rsspse");
    assert_loss(1, 0);
    assert_in_range(loss.bytes, 50, behind_event - from - 10);
    tape_patch(tape.path, SEGMENT_BYTES + behind_event - 3, "\x5a\xa5", 2);
    read_back(&tape);
    assert_spelled(&items, "[rsspse[r![rsspse[rsspse");
    assert_loss(1, 0);
    assert_int_equal(loss.bytes, behind_event - from);
    tape_free(&tape);
}

static void what_was_lost_is_counted_from_where_it_was_sought(void **state)
{
    struct tape tape;

    fill_shelf(&tape, *state, "tape");
    tape_patch(tape.path, SEGMENT_BYTES + 400, "\x5a\xa5\x5a\xa5", 4);
    struct recording *recording = tape_play(tape.path);
    assert_int_equal(recording_loss(recording)->places, 0);
    for (int round = 0; round < 3; round++) {
        recording_seek(recording, 0);
        tape_read(recording, &items);
        assert_int_equal(recording_loss(recording)->places, 1);
    }
    recording_seek(recording, 2);
    tape_read(recording, &items);
    assert_int_equal(recording_loss(recording)->places, 0);
    recording_close(recording);
    tape_free(&tape);
}

/* Of another recording, that had been in the file, or was copied there. */
static void foreign_segments_are_counted_and_left_out(void **state)
{
    struct tape tape, foreign;
    static uint8_t bytes[SEGMENT_BYTES];

    fill_shelf(&tape, *state, "tape");
    fill_shelf(&foreign, *state, "foreign");
    tape_peek(foreign.path, 0, bytes, sizeof(bytes));
    tape_patch(tape.path, SEGMENT_BYTES, bytes, sizeof(bytes));
    read_back(&tape);
    assert_spelled(&items, "[rsspse![rsspse[rsspse");
    assert_loss(0, 1);
    assert_int_equal(loss.foreign, 1);
    tape_free(&tape);
    tape_free(&foreign);
}

/* The file with COUNT bytes more (of rubbish), or fewer, at OFFSET. */
static void shift(const struct tape *tape, size_t offset, size_t count, bool more)
{
    size_t length = tape_length(tape->path);
    uint8_t *bytes = malloc(length + count);

    tape_peek(tape->path, 0, bytes, length);
    if (more) {
        memmove(bytes + offset + count, bytes + offset, length - offset);
        for (size_t i = 0; i < count; i++)
            bytes[offset + i] = (uint8_t)(i * 37 + 1);
        length += count;
    } else {
        memmove(bytes + offset, bytes + offset + count, length - offset - count);
        length -= count;
    }
    tape_cut(tape->path, 0);
    tape_patch(tape->path, 0, bytes, length);
    free(bytes);
}

static void segments_are_found_where_bytes_came_or_went(void **state)
{
    static const struct {
        size_t offset;
        size_t count;
        bool more;
        unsigned hit; /* the segment that is, from 1; 0: none */
    } cases[] = {
        {0, 1, true, 0},
        {0, 100, true, 0},
        {0, SEGMENT_BYTES, true, 0},
        {0, 1, false, 1},
        {0, 4096, false, 1},
        {30, 7, true, 1},
        {500, 3, true, 1},
        {SEGMENT_BYTES, 1, true, 0},
        {SEGMENT_BYTES, 68, true, 0},
        {SEGMENT_BYTES - 5, 10, true, 1},
        {SEGMENT_BYTES - 5, 5, false, 1},
        {2 * SEGMENT_BYTES + 100, 4096, true, 3},
        {2 * SEGMENT_BYTES, SEGMENT_BYTES, false, 3},
        {3 * SEGMENT_BYTES + 2000, 1, false, 4},
        {150000, SEGMENT_BYTES, true, 1},
    };

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct tape tape;
        char name[16];
        (void)snprintf(name, sizeof(name), "tape%zu", i);
        fill_shelf(&tape, *state, name);
        shift(&tape, cases[i].offset, cases[i].count, cases[i].more);
        read_back(&tape);
        for (unsigned number = 1; number <= SHELF_SEGMENTS; number++) {
            if (number != cases[i].hit && !is_whole(number))
                fail_msg("case %zu: segment %u is not whole", i, number);
        }
        assert_true(loss.segments <= 1);
        tape_free(&tape);
    }
}

/* Nobody writes such a file: it would be read as often as it has headers. */
static void headers_within_a_segment_end_it(void **state)
{
    enum { APART = 512, HEADERS = SEGMENT_BYTES / APART - 1 };
    struct tape tape;
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    struct segment_header header;

    fill_shelf(&tape, *state, "tape");
    tape_peek(tape.path, 0, bytes, sizeof(bytes));
    assert_int_equal(segment_take_header(bytes, &header), 0);
    for (uint64_t i = 1; i <= HEADERS; i++) {
        header.sequence = 100 + i;
        segment_put_header(bytes, &header);
        tape_patch(tape.path, 3 * SEGMENT_BYTES + i * APART, bytes, sizeof(bytes));
    }
    tape_cut(tape.path, 4 * SEGMENT_BYTES - 1); /* so that it is searched */
    bytes_read = 0;
    struct recording *recording = tape_play(tape.path);
    assert_int_equal(recording_segment_count(recording), 4 + HEADERS);
    assert_true(bytes_read < 4 * TAPE_BYTES);
    while (recording_next(recording) > RECORDED_END)
        ;
    assert_true(bytes_read < 10 * TAPE_BYTES);
    assert_int_equal(recording_loss(recording)->bytes, 0);
    recording_close(recording);
    tape_free(&tape);
}

static void a_hole_is_not_looked_through(void **state)
{
    struct tape tape;

    fill_shelf(&tape, *state, "tape");
    tape_cut(tape.path, UINT64_C(1) << 40);
    calls = 0;
    struct recording *recording = tape_play(tape.path);
    assert_true(calls < 100);
    assert_int_equal(recording_segment_count(recording), 4);
    recording_close(recording);
    tape_cut(tape.path, (UINT64_C(1) << 40) + 1);
    calls = 0;
    recording = tape_play(tape.path);
    assert_true(calls < 100);
    assert_int_equal(recording_segment_count(recording), 4);
    recording_close(recording);
    tape_free(&tape);
}

static void what_stands_before_a_cut_is_left(void **state)
{
    struct tape tape;

    fill_shelf(&tape, *state, "tape");
    tape_cut(tape.path, 2 * SEGMENT_BYTES + 80000);
    read_back(&tape);
    assert_spelled(&items, "[rsspse[rsspse[rsspse!");
    assert_loss(1, 0);
    tape_cut(tape.path, 2 * SEGMENT_BYTES + 67);
    read_back(&tape);
    assert_spelled(&items, "[rsspse[rsspse");
    assert_loss(1, 0);
    assert_int_equal(loss.bytes, 67);
    tape_cut(tape.path, SEGMENT_BYTES - 1);
    read_back(&tape);
    assert_spelled(&items, "[rsspse!");
    assert_loss(1, 0);
    tape_free(&tape);
}

/* Splitmix64, as everywhere. */
static uint64_t draw(uint64_t *seed)
{
    uint64_t number = *seed += UINT64_C(0x9e3779b97f4a7c15);
    number = (number ^ (number >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    number = (number ^ (number >> 27)) * UINT64_C(0x94d049bb133111eb);
    return number ^ (number >> 31);
}

/* Somewhere in segment INDEX, where something stands more often than not. */
static uint64_t place_in(size_t index, uint64_t *seed)
{
    return index * SEGMENT_BYTES + draw(seed) % (draw(seed) % 8 == 0 ? SEGMENT_BYTES - 4096 : 1600);
}

static void damage(const struct tape *tape, size_t index, uint64_t *seed)
{
    static const uint8_t zeros[4096];
    uint64_t at = place_in(index, seed);
    uint8_t bytes[16];

    switch (draw(seed) % 4) {
    case 0:
        tape_patch(tape->path, at & ~UINT64_C(4095), zeros, sizeof(zeros));
        break;
    case 1:
        for (size_t i = 0; i < sizeof(bytes); i++)
            bytes[i] = (uint8_t)draw(seed);
        tape_patch(tape->path, at, bytes, 1 + draw(seed) % sizeof(bytes));
        break;
    default:
        tape_peek(tape->path, at, bytes, 1);
        bytes[0] ^= (uint8_t)(1U << draw(seed) % 8);
        tape_patch(tape->path, at, bytes, 1);
    }
}

static void segments_that_were_not_touched_are_whole(void **state)
{
    static uint8_t kept[TAPE_BYTES];
    struct tape tape;
    uint64_t seed = 5;

    fill_shelf(&tape, *state, "tape");
    tape_peek(tape.path, 0, kept, sizeof(kept));
    for (int round = 0; round < 200; round++) {
        size_t hit = draw(&seed) % SHELF_SEGMENTS;
        for (uint64_t blows = 1 + draw(&seed) % 3; blows > 0; blows--)
            damage(&tape, hit, &seed);
        if (draw(&seed) % 3 == 0)
            swap_segments(&tape, draw(&seed) % SHELF_SEGMENTS, draw(&seed) % SHELF_SEGMENTS);
        if (draw(&seed) % 4 == 0)
            shift(&tape, place_in(hit, &seed), 1 + draw(&seed) % 9000, draw(&seed) % 2);
        read_back(&tape);
        unsigned whole = 0;
        for (unsigned number = 1; number <= SHELF_SEGMENTS; number++)
            whole += is_whole(number);
        assert_true(whole >= SHELF_SEGMENTS - 2); /* one for the bytes, one for the shift after a swap */
        tape_cut(tape.path, 0);
        tape_patch(tape.path, 0, kept, sizeof(kept));
    }
    tape_free(&tape);
}

/* -- files that are none -- */

static int open_bad(const char *path, const char *word)
{
    struct recording *recording;
    struct problem problem = {0};
    int error = recording_open(&recording, path, &problem);

    if (!strstr(problem.text, word) || !strstr(problem.text, path))
        fail_msg("'%s' does not say '%s'", problem.text, word);
    return error;
}

static void what_is_no_recording_is_refused(void **state)
{
    const struct folder *folder = *state;
    char path[128];
    static const char zeros[SEGMENT_BYTES];

    (void)snprintf(path, sizeof(path), "%s/file", folder->path);
    assert_int_equal(open_bad(path, "No such file"), -ENOENT);
    folder_put(folder, "file", "");
    assert_int_equal(open_bad(path, "no recording"), -EBADMSG);
    folder_put(folder, "file", "r  b   swpd   free\n");
    assert_int_equal(open_bad(path, "no recording"), -EBADMSG);
    folder_put_bytes(folder, "file", segment_magic, sizeof(segment_magic));
    assert_int_equal(open_bad(path, "no recording"), -EBADMSG);
    folder_put_bytes(folder, "file", zeros, sizeof(zeros));
    assert_int_equal(open_bad(path, "no recording"), -EBADMSG);
    assert_int_equal(open_bad(folder->path, "no regular file"), -EBADMSG);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(open_bad(path, "no regular file"), -EBADMSG);
}

static void set_version(const struct tape *tape, size_t index, uint8_t version)
{
    tape_patch(tape->path, index * SEGMENT_BYTES + 8, &version, 1);
}

static void a_later_version_is_told(void **state)
{
    struct tape tape;

    fill_shelf(&tape, *state, "tape");
    for (size_t i = 0; i < SHELF_SEGMENTS; i++)
        tape_set_version(tape.path, i, 2);
    assert_int_equal(open_bad(tape.path, "later version"), -EPROTONOSUPPORT);
    tape_free(&tape);
}

static void a_damaged_version_costs_its_segment(void **state)
{
    struct tape tape;

    fill_shelf(&tape, *state, "tape");
    set_version(&tape, 1, 3);
    read_back(&tape);
    assert_spelled(&items, "[rsspse![rsspse[rsspse");
    assert_loss(1, 1); /* a place whose segment nobody knows, and one that is missing */
    tape_free(&tape);
}

/* -- beside the writer -- */

static void assert_next(struct recording *recording, int kind, uint64_t number)
{
    assert_int_equal(recording_next(recording), kind);
    assert_int_equal(tape_identify(kind, recording_decoder(recording), 0).number, number);
}

static void what_is_written_is_read_as_it_comes(void **state)
{
    struct tape tape;

    tape_init(&tape, *state, "tape");
    tape_open(&tape, TAPE_BYTES);
    tape_put_run(&tape, 0);
    struct recording *recording = tape_play(tape.path);
    assert_next(recording, RECORDED_SEGMENT, 0);
    assert_next(recording, RECORDED_RUN, 0);
    assert_int_equal(recording_next(recording), RECORDED_END);
    assert_int_equal(recording_next(recording), RECORDED_END);
    /* Segments, and the ring, come round. */
    uint64_t segments = 0;
    for (uint64_t number = 1; number < 9000; number++) {
        tape_put(&tape, number, true);
        int kind = recording_next(recording);
        if (kind == RECORDED_SEGMENT) {
            segments++;
            kind = recording_next(recording);
        }
        assert_int_equal(kind, RECORDED_SAMPLE);
        assert_int_equal(tape_identify(kind, recording_decoder(recording), 0).number, number);
        assert_next(recording, RECORDED_PROCESSES, number);
        if (number % 64 == 0)
            assert_int_equal(recording_next(recording), RECORDED_END);
    }
    assert_in_range(segments, 4, 8);
    assert_int_equal(recording_loss(recording)->places, 0);
    assert_int_equal(recording_loss(recording)->segments, 0);
    recording_close(recording);
    tape_free(&tape);
}

static void what_was_overwritten_before_it_was_read_is_a_loss(void **state)
{
    struct tape tape;

    tape_init(&tape, *state, "tape");
    tape_open(&tape, TAPE_BYTES);
    for (uint64_t number = 1; number <= 5000; number++)
        tape_put(&tape, number, true);
    struct recording *recording = tape_play(tape.path);
    assert_next(recording, RECORDED_SEGMENT, 0);
    assert_next(recording, RECORDED_SAMPLE, 1);
    for (uint64_t number = 5001; number <= 12000; number++)
        tape_put(&tape, number, true);
    tape_read(recording, &items);
    assert_in_range(tape_count_kind(&items, RECORDED_LOSS), 1, 3);
    assert_int_equal(recording_loss(recording)->segments, 3);
    assert_int_equal(tape_count(&items, RECORDED_SAMPLE, 12000), 1);
    assert_int_equal(tape_count(&items, RECORDED_SAMPLE, 2), 1); /* had been read into memory */
    assert_int_equal(tape_count(&items, RECORDED_SAMPLE, 5001), 0);
    recording_close(recording);
    tape_free(&tape);
}

/* It stood in the middle of a segment that is another one by now. */
static void a_ring_that_has_come_round_is_no_damage(void **state)
{
    struct tape tape;

    tape_init(&tape, *state, "tape");
    tape_open(&tape, TAPE_BYTES);
    tape_put_samples(&tape, 1, 2);
    struct recording *recording = tape_play(tape.path);
    assert_next(recording, RECORDED_SEGMENT, 0);
    assert_next(recording, RECORDED_SAMPLE, 1);
    assert_next(recording, RECORDED_SAMPLE, 2);
    assert_int_equal(recording_next(recording), RECORDED_END);
    for (uint64_t number = 3; number <= 9000; number++)
        tape_put(&tape, number, true);
    tape_read(recording, &items);
    assert_int_equal(tape_count(&items, RECORDED_SAMPLE, 9000), 1);
    assert_int_equal(recording_loss(recording)->places, 0);
    assert_in_range(recording_loss(recording)->segments, 1, 4);
    recording_close(recording);
    tape_free(&tape);
}

/* Two frames, the second of which stands alone, come before the NTH read. */
static unsigned nth;

static void put_two_before_nth_read(unsigned calls_so_far)
{
    if (calls_so_far != nth)
        return;
    meanwhile = NULL;
    tape_put(other, 3, false);
    tape_put_alert(other, 4);
}

/* All that comes until the recording has ended several times. */
static void read_patiently(struct recording *recording)
{
    items.count = 0;
    for (int ends = 0; ends < 4;) {
        int kind = recording_next(recording);
        if (kind == RECORDED_END)
            ends++;
        else
            items.at[items.count++] = tape_identify(kind, recording_decoder(recording), 0);
    }
}

static void begin_pair(struct tape *tape, const struct folder *folder, const char *name)
{
    tape_init(tape, folder, name);
    tape_open(tape, TAPE_BYTES);
    tape_put_samples(tape, 1, 2);
    other = tape;
    calls = 0;
}

static void nothing_is_passed_over_that_came_meanwhile(void **state)
{
    char name[16];

    for (nth = 1; nth <= 12; nth++) {
        struct tape tape;
        (void)snprintf(name, sizeof(name), "tape%u", nth);
        begin_pair(&tape, *state, name);
        struct recording *recording = tape_play(tape.path);
        calls = 0;
        meanwhile = put_two_before_nth_read;
        read_patiently(recording);
        meanwhile = NULL;
        assert_spelled(&items, "[ssse");
        assert_int_equal(recording_loss(recording)->places, 0);
        recording_close(recording);
        tape_free(&tape);
    }
}

/* A read that goes on while the writer does has what was written later, but not what was written before. */
static void nothing_is_passed_over_that_was_read_torn(void **state)
{
    char name[16];

    for (unsigned read = 1; read <= 10; read++) {
        struct tape tape;
        (void)snprintf(name, sizeof(name), "tape%u", read);
        begin_pair(&tape, *state, name);
        struct recording *recording = tape_play(tape.path);
        assert_next(recording, RECORDED_SEGMENT, 0);
        assert_next(recording, RECORDED_SAMPLE, 1);
        assert_next(recording, RECORDED_SAMPLE, 2);
        torn_at = (off_t)recording_decoder(recording)->at;
        calls = 0;
        torn_call = read;
        tape_put(&tape, 3, false);
        tape_put_alert(&tape, 4);
        read_patiently(recording);
        torn_call = 0;
        assert_spelled(&items, "se");
        assert_int_equal(recording_loss(recording)->places, 0);
        recording_close(recording);
        tape_free(&tape);
    }
}

/* The writer comes round to the oldest segment while the file is opened. */
static void overwrite_the_oldest(unsigned calls_so_far)
{
    if (calls_so_far != SHELF_SEGMENTS + 1)
        return;
    meanwhile = NULL;
    tape_set_boot(other, 9);
    tape_open(other, 0);
    tape_put_run(other, 90);
    tape_close(other);
}

static void a_segment_that_goes_while_it_is_opened_has_nothing(void **state)
{
    static const uint8_t zeros[SEGMENT_TRAILER_BYTES];
    struct tape tape;

    fill_shelf(&tape, *state, "tape");
    tape_patch(tape.path, SEGMENT_FRAMES_END, zeros, sizeof(zeros)); /* it has to be read through */
    other = &tape;
    calls = 0;
    meanwhile = overwrite_the_oldest;
    struct recording *recording = tape_play(tape.path);
    meanwhile = NULL;
    const struct segment_info *oldest = recording_segment(recording, 0);
    assert_int_equal(oldest->header.sequence, 1);
    assert_int_equal(oldest->content.samples + oldest->content.runs + oldest->content.events, 0);
    assert_int_equal(oldest->content.wall_least_ns, oldest->header.wall_ns);
    assert_int_equal(oldest->content.wall_most_ns, oldest->header.wall_ns);
    tape_read(recording, &items);
    assert_spelled(&items, "[rsspse[rsspse[rsspse[r");
    assert_int_equal(recording_loss(recording)->segments, 0);
    recording_close(recording);
    tape_free(&tape);
}

static void fail_from_now_on(unsigned calls_so_far)
{
    if (calls_so_far == nth)
        fail_with = EIO;
}

static void a_file_that_cannot_be_read_is_an_error(void **state)
{
    struct tape tape;
    struct recording *recording;
    unsigned errors_reading = 0;

    fill_shelf(&tape, *state, "tape");
    meanwhile = fail_from_now_on;
    for (nth = 1; nth < 200; nth++) {
        struct problem problem = {0};
        calls = 0;
        fail_with = 0;
        int error = recording_open(&recording, tape.path, &problem);
        if (error < 0) {
            assert_int_equal(error, -EIO);
            assert_non_null(strstr(problem.text, "Input/output error"));
            continue;
        }
        int kind = RECORDED_LOSS;
        while (kind > RECORDED_END)
            kind = recording_next(recording);
        recording_close(recording);
        if (calls < nth)
            break;
        errors_reading += kind == -EIO;
        assert_true(kind == -EIO || kind == RECORDED_END); /* that only a newer segment was looked for */
    }
    assert_in_range(nth, 10, 100);
    assert_in_range(errors_reading, 4, 20);
    meanwhile = NULL;
    fail_with = 0;
    tape_free(&tape);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(segments_are_read_one_after_the_other),
        unit_test_in_folder(segments_say_what_is_in_them),
        unit_test_in_folder(a_segment_can_be_sought),
        unit_test_in_folder(the_file_is_known_by_any_name),
        unit_test_in_folder(swapped_segments_are_read_in_their_order),
        unit_test_in_folder(a_doubled_segment_is_read_once),
        unit_test_in_folder(a_segment_without_its_header_is_missing),
        unit_test_in_folder(a_segment_without_its_header_is_a_damaged_place),
        unit_test_in_folder(what_is_damaged_is_counted),
        unit_test_in_folder(what_was_lost_is_counted_from_where_it_was_sought),
        unit_test_in_folder(foreign_segments_are_counted_and_left_out),
        unit_test_in_folder(segments_are_found_where_bytes_came_or_went),
        unit_test_in_folder(headers_within_a_segment_end_it),
        unit_test_in_folder(a_hole_is_not_looked_through),
        unit_test_in_folder(what_stands_before_a_cut_is_left),
        unit_test_in_folder(segments_that_were_not_touched_are_whole),
        unit_test_in_folder(what_is_no_recording_is_refused),
        unit_test_in_folder(a_later_version_is_told),
        unit_test_in_folder(a_damaged_version_costs_its_segment),
        unit_test_in_folder(what_is_written_is_read_as_it_comes),
        unit_test_in_folder(what_was_overwritten_before_it_was_read_is_a_loss),
        unit_test_in_folder(a_ring_that_has_come_round_is_no_damage),
        unit_test_in_folder(nothing_is_passed_over_that_came_meanwhile),
        unit_test_in_folder(nothing_is_passed_over_that_was_read_torn),
        unit_test_in_folder(a_segment_that_goes_while_it_is_opened_has_nothing),
        unit_test_in_folder(a_file_that_cannot_be_read_is_an_error),
    };
    return cmocka_run_group_tests_name("recording", tests, NULL, NULL);
}
