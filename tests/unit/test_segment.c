#include "base/pack.h"
#include "blackbox/segment.h"
#include "support.h"

#include <errno.h>
#include <string.h>

static struct segment_header header_of(uint64_t sequence)
{
    struct segment_header header = {
        .recording_id = UINT64_C(0x1122334455667788),
        .sequence = sequence,
        .monotonic_ns = UINT64_C(5000000001),
        .wall_ns = UINT64_C(1764000000123456789),
    };

    for (size_t i = 0; i < sizeof(header.boot_id); i++)
        header.boot_id[i] = (uint8_t)(0xf0 + i);
    return header;
}

static const struct segment_trailer full_trailer = {
    .used_bytes = SEGMENT_FRAMES_END,
    .samples = 1,
    .events = 2,
    .oom_kills = 3,
    .runs = UINT32_MAX,
    .last_monotonic_ns = 5,
    .last_wall_ns = 6,
    .wall_least_ns = 7,
    .wall_most_ns = UINT64_MAX,
};

static void a_header_has_its_place_for_each_byte(void **state)
{
    static const uint8_t expected[] = {
        0x89, 'F',  'L',  'R',  '\r', '\n', 0x1a, '\n', /* magic */
        1,    0,    0,    0,                            /* version */
        0,    0,    4,    0,                            /* 256 KiB */
        0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, /* recording */
        9,    0,    0,    0,    0,    0,    0,    0,    /* sequence */
        0xf0, 0xf1, 0xf2, 0xf3, 0xf4, 0xf5, 0xf6, 0xf7,
        0xf8, 0xf9, 0xfa, 0xfb, 0xfc, 0xfd, 0xfe, 0xff, /* boot */
    };
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    struct segment_header header = header_of(9);
    (void)state;

    segment_put_header(bytes, &header);
    assert_memory_equal(bytes, expected, sizeof(expected));
    assert_int_equal(bytes[48], 0x01); /* 5000000001 is 0x12a05f201 */
    assert_int_equal(bytes[52], 0x01);
    struct unpacker crc = unpacker_over(bytes + 64, 4);
    assert_int_equal(unpack_fixed32(&crc), header.crc);
}

static void a_header_comes_out_as_it_was_put(void **state)
{
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    struct segment_header header = header_of(UINT64_MAX);
    struct segment_header taken;
    (void)state;

    segment_put_header(bytes, &header);
    assert_int_equal(segment_take_header(bytes, &taken), 0);
    assert_int_equal(taken.recording_id, header.recording_id);
    assert_int_equal(taken.sequence, UINT64_MAX);
    assert_memory_equal(taken.boot_id, header.boot_id, sizeof(header.boot_id));
    assert_int_equal(taken.monotonic_ns, header.monotonic_ns);
    assert_int_equal(taken.wall_ns, header.wall_ns);
    assert_int_equal(taken.crc, header.crc);
}

static void each_flipped_bit_of_a_header_is_noticed(void **state)
{
    uint8_t bytes[SEGMENT_HEADER_BYTES];
    struct segment_header header = header_of(1);
    struct segment_header taken;
    (void)state;

    segment_put_header(bytes, &header);
    for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_int_equal(segment_take_header(bytes, &taken), bit / 8 < 8 ? -ENOENT : -EBADMSG);
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_int_equal(segment_take_header(bytes, &taken), 0);
}

static void a_trailer_comes_out_as_it_was_put(void **state)
{
    uint8_t bytes[SEGMENT_TRAILER_BYTES];
    struct segment_header header = header_of(1);
    struct segment_trailer taken;
    uint8_t header_bytes[SEGMENT_HEADER_BYTES];
    (void)state;

    segment_put_header(header_bytes, &header);
    segment_put_trailer(bytes, &header, &full_trailer);
    assert_memory_equal(bytes, "FLRe", 4);
    assert_true(segment_take_trailer(bytes, &header, &taken));
    assert_int_equal(taken.used_bytes, SEGMENT_FRAMES_END);
    assert_int_equal(taken.samples, 1);
    assert_int_equal(taken.events, 2);
    assert_int_equal(taken.oom_kills, 3);
    assert_int_equal(taken.runs, UINT32_MAX);
    assert_int_equal(taken.last_monotonic_ns, 5);
    assert_int_equal(taken.last_wall_ns, 6);
    assert_int_equal(taken.wall_least_ns, 7);
    assert_int_equal(taken.wall_most_ns, UINT64_MAX);
}

static void each_flipped_bit_of_a_trailer_is_noticed(void **state)
{
    uint8_t bytes[SEGMENT_TRAILER_BYTES];
    struct segment_header header = header_of(1);
    struct segment_trailer taken;
    (void)state;

    segment_put_trailer(bytes, &header, &full_trailer);
    for (size_t bit = 0; bit < 8 * sizeof(bytes); bit++) {
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(segment_take_trailer(bytes, &header, &taken));
        bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
    assert_true(segment_take_trailer(bytes, &header, &taken));
}

/* The lap before ended with one, too. */
static void the_trailer_of_another_segment_is_none(void **state)
{
    uint8_t bytes[SEGMENT_TRAILER_BYTES];
    uint8_t header_bytes[SEGMENT_HEADER_BYTES];
    struct segment_header before = header_of(1);
    struct segment_header header = header_of(5);
    struct segment_trailer taken;
    (void)state;

    segment_put_header(header_bytes, &before);
    segment_put_header(header_bytes, &header);
    segment_put_trailer(bytes, &before, &full_trailer);
    assert_true(segment_take_trailer(bytes, &before, &taken));
    assert_false(segment_take_trailer(bytes, &header, &taken));
}

static bool takes_used(uint32_t used_bytes)
{
    uint8_t bytes[SEGMENT_TRAILER_BYTES];
    const struct segment_header header = {.crc = 5};
    struct segment_trailer trailer = {.used_bytes = used_bytes};

    segment_put_trailer(bytes, &header, &trailer);
    return segment_take_trailer(bytes, &header, &trailer);
}

static void frames_end_between_header_and_trailer(void **state)
{
    (void)state;
    assert_true(takes_used(SEGMENT_HEADER_BYTES));
    assert_true(takes_used(SEGMENT_FRAMES_END));
    assert_false(takes_used(SEGMENT_HEADER_BYTES - 1));
    assert_false(takes_used(SEGMENT_FRAMES_END + 1));
    assert_false(takes_used(UINT32_MAX));
}

/* The wall clock may be set back. */
static void the_times_of_a_segment_are_the_least_and_the_most(void **state)
{
    struct segment_trailer trailer = segment_trailer_begin(100, 5000);
    (void)state;

    assert_int_equal(trailer.used_bytes, SEGMENT_HEADER_BYTES);
    assert_int_equal(trailer.samples + trailer.events + trailer.oom_kills + trailer.runs, 0);
    assert_int_equal(trailer.last_monotonic_ns, 100);
    assert_int_equal(trailer.last_wall_ns, 5000);
    segment_trailer_note(&trailer, 200, 6000);
    segment_trailer_note(&trailer, 300, 4000);
    segment_trailer_note(&trailer, 400, 4500);
    assert_int_equal(trailer.last_monotonic_ns, 400);
    assert_int_equal(trailer.last_wall_ns, 4500);
    assert_int_equal(trailer.wall_least_ns, 4000);
    assert_int_equal(trailer.wall_most_ns, 6000);
}

static void blank_is_what_is_all_zero(void **state)
{
    uint8_t bytes[100] = {0};
    (void)state;

    assert_true(segment_is_blank(bytes, sizeof(bytes)));
    assert_true(segment_is_blank(bytes, 0));
    bytes[99] = 1;
    assert_false(segment_is_blank(bytes, sizeof(bytes)));
    assert_true(segment_is_blank(bytes, 99));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_header_has_its_place_for_each_byte),
        cmocka_unit_test(a_header_comes_out_as_it_was_put),
        cmocka_unit_test(each_flipped_bit_of_a_header_is_noticed),
        cmocka_unit_test(a_trailer_comes_out_as_it_was_put),
        cmocka_unit_test(each_flipped_bit_of_a_trailer_is_noticed),
        cmocka_unit_test(the_trailer_of_another_segment_is_none),
        cmocka_unit_test(frames_end_between_header_and_trailer),
        cmocka_unit_test(the_times_of_a_segment_are_the_least_and_the_most),
        cmocka_unit_test(blank_is_what_is_all_zero),
    };
    return cmocka_run_group_tests_name("segment", tests, NULL, NULL);
}
