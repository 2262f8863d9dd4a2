#include "blackbox/decoder.h"
#include "tapes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* As recording_next() would call it. */
static int kind_of(int decoded)
{
    static const int kinds[] = {
        [DECODED_SCHEMA] = RECORDED_SEGMENT,
        [DECODED_SAMPLE] = RECORDED_SAMPLE,
        [DECODED_PROCESSES] = RECORDED_PROCESSES,
        [DECODED_EVENT] = RECORDED_EVENT,
        [DECODED_RUN] = RECORDED_RUN,
        [DECODED_STOP] = RECORDED_STOP,
    };
    return kinds[decoded];
}

/* A frame of a segment, as it was before any damage. */
struct whole {
    size_t at;
    size_t end;
    struct tape_item item;
    bool chained; /* CHANGES, PROCESSES: lost where the one before it in the chain is */
    bool full;
};

enum { WHOLES_MAX = 200 };

struct tidy {
    uint8_t bytes[SEGMENT_BYTES];
    size_t used;
    struct whole frames[WHOLES_MAX];
    size_t count;
};

/* Three runs, so that there is more than one full sample. */
static void record(const struct folder *folder, struct tidy *tidy, bool closed)
{
    struct tape tape;

    tape_init(&tape, folder, "tape");
    for (uint64_t run = 0; run < 3; run++) {
        uint64_t first = run * 10;
        tape_open(&tape, TAPE_BYTES);
        tape_put_run(&tape, first);
        tape_put(&tape, first + 1, false);
        tape_put(&tape, first + 2, true);
        tape_put_alert(&tape, first + 2);
        tape_put(&tape, first + 3, false);
        tape_put(&tape, first + 4, true);
        tape_put_kill(&tape, first + 4);
        tape_put(&tape, first + 5, true);
        if (run == 1)
            tape_put_stop(&tape, first + 5);
        if (run < 2)
            tape_close(&tape);
    }
    if (closed)
        assert_int_equal(writer_finish(tape.writer), 0);
    tape_peek(tape.path, 0, tidy->bytes, sizeof(tidy->bytes));
    tape_free(&tape);
}

static void look_at_frames(struct tidy *tidy)
{
    struct decoder *decoder = decoder_new();
    int decoded;

    assert_int_equal(decoder_begin(decoder, tidy->bytes, SEGMENT_BYTES), 0);
    for (tidy->count = 0; tidy->count < WHOLES_MAX; tidy->count++) {
        size_t at = decoder->at;
        decoded = decoder_next(decoder);
        if (decoded <= DECODED_END)
            break;
        uint8_t type = tidy->bytes[at] < 0x80 ? tidy->bytes[at + 1] : tidy->bytes[at + 2];
        tidy->frames[tidy->count] = (struct whole){
            .at = at,
            .end = decoder->at,
            .item = tape_identify(kind_of(decoded), decoder, 0),
            .chained = type == FRAME_CHANGES || type == FRAME_PROCESSES,
            .full = type == FRAME_FULL,
        };
    }
    tidy->used = decoder->at;
    decoder_free(decoder);
}

static struct tidy *tidy_new(const struct folder *folder, bool closed)
{
    struct tidy *tidy = calloc(1, sizeof(*tidy));

    assert_non_null(tidy);
    record(folder, tidy, closed);
    look_at_frames(tidy);
    assert_int_equal(tidy->count, 1 + 3 * 11 + 1 /* the stop */);
    return tidy;
}

static void a_segment_tells_what_was_put(void **state)
{
    struct tidy *tidy = tidy_new(*state, false);
    struct decoder *decoder = decoder_new();
    struct tape_items items = {0};
    int decoded;

    assert_int_equal(decoder_begin(decoder, tidy->bytes, SEGMENT_BYTES), 0);
    assert_false(decoder->has_trailer);
    assert_int_equal(decoder->header.sequence, 1);
    while ((decoded = decoder_next(decoder)) > DECODED_END)
        items.at[items.count++] = tape_identify(kind_of(decoded), decoder, 0);
    assert_int_equal(decoded, DECODED_STUCK);
    assert_spelled(&items, "[rsspesspesprsspesspesp.rsspesspesp");
    assert_int_equal(decoder_skip(decoder), 0);
    decoder_free(decoder);
    free(tidy);
}

static void what_was_found_is_counted(void **state)
{
    struct tidy *tidy = tidy_new(*state, true);
    struct decoder *decoder = decoder_new();

    assert_int_equal(decoder_begin(decoder, tidy->bytes, SEGMENT_BYTES), 0);
    assert_int_equal(decoder_read_through(decoder), 0);
    assert_int_equal(decoder->found.samples, 15);
    assert_int_equal(decoder->found.events, 6);
    assert_int_equal(decoder->found.oom_kills, 3);
    assert_int_equal(decoder->found.runs, 3);
    assert_int_equal(decoder->found.used_bytes, tidy->used);
    assert_int_equal(decoder->found.last_monotonic_ns / TAPE_SECOND, 25);
    assert_in_range(decoder->found.wall_least_ns, TAPE_WALL_NS, TAPE_WALL_NS + 1000);
    assert_in_range(decoder->found.wall_most_ns, TAPE_WALL_NS + 25 * TAPE_SECOND,
                    TAPE_WALL_NS + 25 * TAPE_SECOND + 1000);
    assert_true(decoder->has_trailer);
    assert_memory_equal(&decoder->trailer, &decoder->found, sizeof(decoder->found));
    assert_int_equal(decoder_next(decoder), DECODED_END);
    decoder_free(decoder);
    free(tidy);
}

/* The bytes that are not what they were. */
struct damage {
    size_t from;
    size_t to;
};

static bool is_hit(const struct whole *frame, const struct damage *damage)
{
    return frame->at < damage->to && frame->end > damage->from;
}

/* What has to be left: by the rules of the format, told once more. */
static void expect(const struct tidy *tidy, const struct damage *damage, struct tape_items *items)
{
    bool schema = false;
    bool chain = false;

    items->count = 0;
    for (size_t i = 0; i < tidy->count; i++) {
        const struct whole *frame = &tidy->frames[i];
        bool is_schema = frame->item.kind == RECORDED_SEGMENT;
        bool in_chain = frame->full || frame->chained;
        bool left = !is_hit(frame, damage) && (!in_chain || schema) && (!frame->chained || chain);
        if (is_schema)
            schema = left;
        if (in_chain)
            chain = left;
        if (left)
            items->at[items->count++] = frame->item;
    }
}

static void decode_all(struct decoder *decoder, const uint8_t *bytes, size_t length, struct tape_items *items)
{
    int decoded = DECODED_STUCK;

    items->count = 0;
    if (decoder_begin(decoder, bytes, length) < 0)
        return;
    do {
        while ((decoded = decoder_next(decoder)) > DECODED_END)
            items->at[items->count++] = tape_identify(kind_of(decoded), decoder, 0);
    } while (decoded == DECODED_STUCK && decoder_skip(decoder) > 0);
}

static void assert_same_items(const struct tape_items *items, const struct tape_items *expected, size_t at)
{
    if (items->count != expected->count)
        fail_msg("damage at %zu: %zu frames, not %zu", at, items->count, expected->count);
    for (size_t i = 0; i < expected->count; i++) {
        assert_int_equal(items->at[i].kind, expected->at[i].kind);
        assert_int_equal(items->at[i].number, expected->at[i].number);
    }
}

/* Damages the bytes one after the other, WIDTH at a time. */
static void damage_each(const struct folder *folder, size_t width,
                        void (*spoil)(uint8_t *bytes, size_t width))
{
    struct tidy *tidy = tidy_new(folder, false);
    struct decoder *decoder = decoder_new();
    static struct tape_items items, expected;
    uint8_t kept[64];

    for (size_t at = SEGMENT_HEADER_BYTES; at < tidy->used; at++) {
        memcpy(kept, tidy->bytes + at, width);
        spoil(tidy->bytes + at, width);
        size_t from = at;
        size_t to = at + width;
        while (from < to && tidy->bytes[from] == kept[from - at])
            from++;
        while (to > from && tidy->bytes[to - 1] == kept[to - 1 - at])
            to--;
        expect(tidy, &(struct damage){from, to}, &expected);
        decode_all(decoder, tidy->bytes, tidy->used, &items);
        assert_same_items(&items, &expected, at);
        memcpy(tidy->bytes + at, kept, width);
    }
    decoder_free(decoder);
    free(tidy);
}

static void flip(uint8_t *bytes, size_t width)
{
    for (size_t i = 0; i < width; i++)
        bytes[i] ^= (uint8_t)(1U << (size_t)bytes % 8);
}

static void zero(uint8_t *bytes, size_t width)
{
    memset(bytes, 0, width);
}

static void a_flipped_bit_costs_what_depends_on_it(void **state)
{
    damage_each(*state, 1, flip);
}

static void a_few_zeros_cost_what_depends_on_them(void **state)
{
    damage_each(*state, 40, zero);
}

static void what_stands_before_a_cut_is_left(void **state)
{
    struct tidy *tidy = tidy_new(*state, false);
    struct decoder *decoder = decoder_new();
    static struct tape_items items, expected;

    for (size_t length = SEGMENT_HEADER_BYTES; length <= tidy->used; length++) {
        uint8_t *exact = malloc(length);
        memcpy(exact, tidy->bytes, length);
        expect(tidy, &(struct damage){length, SIZE_MAX}, &expected);
        decode_all(decoder, exact, length, &items);
        assert_same_items(&items, &expected, length);
        free(exact);
    }
    decoder_free(decoder);
    free(tidy);
}

static void a_damaged_header_is_no_segment(void **state)
{
    struct tidy *tidy = tidy_new(*state, false);
    struct decoder *decoder = decoder_new();

    for (size_t at = 0; at < SEGMENT_HEADER_BYTES; at++) {
        tidy->bytes[at] ^= 1;
        assert_true(decoder_begin(decoder, tidy->bytes, SEGMENT_BYTES) < 0);
        tidy->bytes[at] ^= 1;
        assert_int_equal(decoder_begin(decoder, tidy->bytes, at), -ENOENT);
    }
    assert_int_equal(decoder_begin(decoder, tidy->bytes, SEGMENT_HEADER_BYTES), 0);
    assert_int_equal(decoder_next(decoder), DECODED_STUCK);
    assert_int_equal(decoder_skip(decoder), 0);
    decoder_free(decoder);
    free(tidy);
}

/* The reader comes from another segment, whose schema and sample it still has. */
static void nothing_is_left_of_the_segment_before(void **state)
{
    struct tidy *tidy = tidy_new(*state, false);
    struct decoder *decoder = decoder_new();
    static struct tape_items items, expected;

    decode_all(decoder, tidy->bytes, tidy->used, &items);
    size_t schema = tidy->frames[0].at;
    tidy->bytes[schema + 10] ^= 1;
    expect(tidy, &(struct damage){schema + 10, schema + 11}, &expected);
    decode_all(decoder, tidy->bytes, tidy->used, &items);
    assert_same_items(&items, &expected, schema);
    assert_int_equal(tape_count_kind(&items, RECORDED_SAMPLE), 0);
    assert_int_equal(tape_count_kind(&items, RECORDED_EVENT), 6);
    assert_int_equal(decoder->found.samples, 0);
    decoder_free(decoder);
    free(tidy);
}

/* Frames of sealed content that no writer puts: whatever the checksum says. */
struct crafted {
    uint8_t bytes[SEGMENT_BYTES];
    struct packer packer;
    struct frame_roots roots;
};

static void craft(struct crafted *crafted)
{
    struct segment_header header = {.sequence = 1};

    crafted->packer = packer_over(crafted->bytes, sizeof(crafted->bytes));
    segment_put_header(crafted->bytes, &header);
    crafted->packer.length = SEGMENT_HEADER_BYTES;
    crafted->roots = frame_roots_of(header.crc);
}

static void craft_frame(struct crafted *crafted, enum frame_type type, const void *bytes, size_t length)
{
    struct packer content = packer_over((void *)bytes, length);

    content.length = length;
    frame_roots_follow(&crafted->roots, type, frame_put(&crafted->packer, &crafted->roots, type, &content));
}

static void craft_schema(struct crafted *crafted, size_t columns)
{
    static uint8_t bytes[FRAME_CONTENT_MAX];
    struct packer packer = packer_over(bytes, sizeof(bytes));
    struct schema schema = {.host = "box", .kernel = "6.18.0", .page_bytes = 4096};

    for (size_t i = 0; i < columns; i++)
        assert_int_equal(schema_add(&schema, "vmstat", i % 2 ? "b" : "a"), 0);
    schema_put(&packer, &schema);
    craft_frame(crafted, FRAME_SCHEMA, bytes, packer.length);
    schema_free(&schema);
}

static void a_sample_that_no_writer_puts_is_built_upon_by_none(void **state)
{
    static const uint8_t bad[] = {0, 0, 1 << 3 | 6};
    static const uint8_t good[] = {0, 0};
    static const uint8_t full[] = {5, 6, 1, 77};
    static struct crafted crafted;
    struct decoder *decoder = decoder_new();
    (void)state;

    craft(&crafted);
    craft_schema(&crafted, 1);
    craft_frame(&crafted, FRAME_FULL, full, sizeof(full));
    struct frame_roots behind_full = crafted.roots;
    craft_frame(&crafted, FRAME_CHANGES, bad, sizeof(bad));
    craft_frame(&crafted, FRAME_CHANGES, good, sizeof(good));
    crafted.roots = behind_full; /* as if the bad one were not there */
    craft_frame(&crafted, FRAME_CHANGES, good, sizeof(good));
    craft_frame(&crafted, FRAME_FULL, full, sizeof(full));
    assert_int_equal(decoder_begin(decoder, crafted.bytes, crafted.packer.length), 0);
    assert_int_equal(decoder_next(decoder), DECODED_SCHEMA);
    assert_int_equal(decoder_next(decoder), DECODED_SAMPLE);
    assert_value(decoder->sample.values[0], 77);
    assert_int_equal(decoder_next(decoder), DECODED_STUCK);
    assert_int_equal(decoder_next(decoder), DECODED_STUCK);
    assert_true(decoder_can_skip(decoder));
    assert_true(decoder_skip(decoder) > sizeof(bad) + sizeof(good));
    assert_int_equal(decoder_next(decoder), DECODED_SAMPLE);
    assert_int_equal(decoder_next(decoder), DECODED_STUCK);
    assert_false(decoder_can_skip(decoder));
    assert_int_equal(decoder->found.samples, 2);
    decoder_free(decoder);
}

static void a_schema_that_no_writer_puts_is_none(void **state)
{
    static const uint8_t full[] = {5, 6, 1, 77};
    static struct crafted crafted;
    struct decoder *decoder = decoder_new();
    (void)state;

    craft(&crafted);
    craft_frame(&crafted, FRAME_SCHEMA, "rubbish", 7);
    craft_frame(&crafted, FRAME_FULL, full, sizeof(full));
    assert_int_equal(decoder_begin(decoder, crafted.bytes, crafted.packer.length), 0);
    assert_int_equal(decoder_next(decoder), DECODED_STUCK);
    assert_int_equal(decoder_skip(decoder), 0);
    decoder_free(decoder);
}

/* Its columns are as many, or more, or fewer. */
static void a_schema_begins_anew(void **state)
{
    static const uint8_t full_1[] = {5, 6, 1, 77};
    static const uint8_t full_3[] = {5, 6, 4, 78};
    static const uint8_t same[] = {0, 0};
    static struct crafted crafted;
    struct decoder *decoder = decoder_new();
    (void)state;

    craft(&crafted);
    craft_schema(&crafted, 1);
    craft_frame(&crafted, FRAME_FULL, full_1, sizeof(full_1));
    craft_schema(&crafted, 3);
    craft_frame(&crafted, FRAME_CHANGES, same, sizeof(same)); /* has nothing to go on from */
    craft_frame(&crafted, FRAME_FULL, full_3, sizeof(full_3));
    assert_int_equal(decoder_begin(decoder, crafted.bytes, crafted.packer.length), 0);
    assert_int_equal(decoder_next(decoder), DECODED_SCHEMA);
    assert_int_equal(decoder_next(decoder), DECODED_SAMPLE);
    assert_int_equal(decoder_next(decoder), DECODED_SCHEMA);
    assert_int_equal(decoder->schema.count, 3);
    assert_int_equal(decoder_next(decoder), DECODED_STUCK);
    assert_true(decoder_skip(decoder) > 0);
    assert_int_equal(decoder_next(decoder), DECODED_SAMPLE);
    assert_false(decoder->sample.values[0].present);
    assert_false(decoder->sample.values[1].present);
    assert_value(decoder->sample.values[2], 78);
    decoder_free(decoder);
}

/* A trailer that says less than there is, or cuts a frame, hides the rest. */
static void frames_end_where_the_trailer_says(void **state)
{
    struct tidy *tidy = tidy_new(*state, true);
    struct decoder *decoder = decoder_new();
    static struct tape_items items;
    struct segment_trailer trailer;

    assert_int_equal(decoder_begin(decoder, tidy->bytes, SEGMENT_BYTES), 0);
    trailer = decoder->trailer;
    trailer.used_bytes = (uint32_t)tidy->frames[4].at;
    segment_put_trailer(tidy->bytes + SEGMENT_FRAMES_END, &decoder->header, &trailer);
    decode_all(decoder, tidy->bytes, SEGMENT_BYTES, &items);
    assert_int_equal(items.count, 4);
    trailer.used_bytes--;
    segment_put_trailer(tidy->bytes + SEGMENT_FRAMES_END, &decoder->header, &trailer);
    decode_all(decoder, tidy->bytes, SEGMENT_BYTES, &items);
    assert_int_equal(items.count, 3);
    decoder_free(decoder);
    free(tidy);
}

static void a_trailer_may_come_later(void **state)
{
    struct tidy *tidy = tidy_new(*state, true);
    struct decoder *decoder = decoder_new();
    uint8_t trailer[SEGMENT_TRAILER_BYTES];

    memcpy(trailer, tidy->bytes + SEGMENT_FRAMES_END, sizeof(trailer));
    memset(tidy->bytes + SEGMENT_FRAMES_END, 0, sizeof(trailer));
    assert_int_equal(decoder_begin(decoder, tidy->bytes, SEGMENT_BYTES), 0);
    assert_int_equal(decoder_read_through(decoder), 0);
    assert_int_equal(decoder_next(decoder), DECODED_STUCK);
    memcpy(tidy->bytes + SEGMENT_FRAMES_END, trailer, sizeof(trailer));
    decoder_look_for_trailer(decoder);
    assert_int_equal(decoder_next(decoder), DECODED_END);
    decoder->length--;
    decoder_look_for_trailer(decoder);
    assert_false(decoder->has_trailer);
    decoder_free(decoder);
    free(tidy);
}

static void nothing_may_be_freed(void **state)
{
    (void)state;
    decoder_free(NULL);
}

static void a_frame_of_a_later_version_is_passed_over(void **state)
{
    static uint8_t bytes[SEGMENT_BYTES];
    struct segment_header header = {.sequence = 1};
    struct packer packer = packer_over(bytes, SEGMENT_FRAMES_END);
    struct packer content = packer_over("later", 5);
    const struct run run = {1, 2, 3, "9.9"};
    char memory[64];
    struct packer of_run = packer_over(memory, sizeof(memory));
    struct decoder *decoder = decoder_new();
    (void)state;

    assert_non_null(decoder);
    segment_put_header(bytes, &header);
    packer.length = SEGMENT_HEADER_BYTES;
    const struct frame_roots roots = frame_roots_of(header.crc);
    content.length = 5;
    run_frame_put(&of_run, &run);
    frame_put(&packer, &roots, (enum frame_type)100, &content);
    frame_put(&packer, &roots, FRAME_RUN, &of_run);
    assert_int_equal(decoder_begin(decoder, bytes, sizeof(bytes)), 0);
    assert_int_equal(decoder_next(decoder), DECODED_OTHER);
    assert_int_equal(decoder_next(decoder), DECODED_RUN);
    assert_string_equal(decoder->run.version, "9.9");
    assert_int_equal(decoder->at, packer.length);
    assert_int_equal(decoder_next(decoder), DECODED_STUCK);
    decoder_free(decoder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(a_segment_tells_what_was_put),
        unit_test_in_folder(what_was_found_is_counted),
        unit_test_in_folder(a_flipped_bit_costs_what_depends_on_it),
        unit_test_in_folder(a_few_zeros_cost_what_depends_on_them),
        unit_test_in_folder(what_stands_before_a_cut_is_left),
        unit_test_in_folder(a_damaged_header_is_no_segment),
        unit_test_in_folder(nothing_is_left_of_the_segment_before),
        cmocka_unit_test(a_sample_that_no_writer_puts_is_built_upon_by_none),
        cmocka_unit_test(a_schema_that_no_writer_puts_is_none),
        cmocka_unit_test(a_schema_begins_anew),
        unit_test_in_folder(frames_end_where_the_trailer_says),
        unit_test_in_folder(a_trailer_may_come_later),
        cmocka_unit_test(nothing_may_be_freed),
        cmocka_unit_test(a_frame_of_a_later_version_is_passed_over),
    };
    return cmocka_run_group_tests_name("decoder", tests, NULL, NULL);
}
