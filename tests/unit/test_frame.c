#include "base/crc32c.h"
#include "blackbox/frame.h"
#include "support.h"

#include <string.h>

enum { ROOM = 2 * (FRAME_CONTENT_MAX + FRAME_EXTRA_MAX) };

struct frames {
    struct packer packer;
    struct frame_roots roots;
    uint8_t bytes[ROOM];
};

static void begin(struct frames *frames, uint32_t header_crc)
{
    frames->packer = packer_over(frames->bytes, sizeof(frames->bytes));
    frames->roots = frame_roots_of(header_crc);
}

/* Puts one behind the others; returns where it begins. */
static size_t put(struct frames *frames, enum frame_type type, const char *content)
{
    size_t at = frames->packer.length;
    struct packer packer = packer_over((void *)content, strlen(content));

    packer.length = packer.capacity;
    uint32_t crc = frame_put(&frames->packer, &frames->roots, type, &packer);
    frame_roots_follow(&frames->roots, type, crc);
    return at;
}

/* Takes the one at AT if it can be proved by ROOTS, which follow it. */
static bool take(const struct frames *frames, size_t at, struct frame_roots *roots, enum frame_type type,
                 const char *content)
{
    struct frame frame;

    if (!frame_take(frames->bytes + at, frames->bytes + frames->packer.length, roots, &frame))
        return false;
    assert_int_equal(frame.type, type);
    assert_int_equal(frame.length, strlen(content));
    assert_memory_equal(frame.content, content, frame.length);
    assert_ptr_equal(frame.content + frame.length + 4, frames->bytes + at + frame.bytes);
    frame_roots_follow(roots, frame.type, frame.crc);
    return true;
}

static void a_frame_is_length_type_content_and_checksum(void **state)
{
    static struct frames frames;
    (void)state;

    begin(&frames, 0x12345678);
    put(&frames, FRAME_EVENT, "abc");
    assert_int_equal(frames.packer.length, 1 + 1 + 3 + 4);
    assert_memory_equal(frames.bytes,
                        "\x03\x05"
                        "abc",
                        5);
    uint32_t crc = crc32c(0x12345678, frames.bytes, 5);
    for (unsigned i = 0; i < 4; i++)
        assert_int_equal(frames.bytes[5 + i], (uint8_t)(crc >> (8 * i)));
}

static void frames_prove_one_after_the_other(void **state)
{
    static struct frames frames;
    static const struct {
        enum frame_type type;
        const char *content;
    } all[] = {{FRAME_SCHEMA, "columns"}, {FRAME_RUN, "run"},      {FRAME_FULL, "full"},
               {FRAME_PROCESSES, ""},     {FRAME_EVENT, "event"},  {FRAME_CHANGES, "one"},
               {FRAME_CHANGES, "one"},    {FRAME_PROCESSES, "p"},  {FRAME_FULL, "full"},
               {FRAME_STOP, ""},          {FRAME_CHANGES, "three"}};
    size_t at[COUNT_OF(all)];
    (void)state;

    begin(&frames, 77);
    for (size_t i = 0; i < COUNT_OF(all); i++)
        at[i] = put(&frames, all[i].type, all[i].content);
    struct frame_roots roots = frame_roots_of(77);
    for (size_t i = 0; i < COUNT_OF(all); i++)
        assert_true(take(&frames, at[i], &roots, all[i].type, all[i].content));
}

static void each_flipped_bit_is_noticed(void **state)
{
    static struct frames frames;
    (void)state;

    begin(&frames, 1);
    put(&frames, FRAME_RUN, "content");
    for (size_t bit = 0; bit < 8 * frames.packer.length; bit++) {
        struct frame_roots roots = frame_roots_of(1);
        frames.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
        assert_false(take(&frames, 0, &roots, FRAME_RUN, "content"));
        frames.bytes[bit / 8] ^= (uint8_t)(1U << bit % 8);
    }
}

static void a_frame_that_is_cut_is_none(void **state)
{
    static struct frames frames;
    (void)state;

    begin(&frames, 1);
    put(&frames, FRAME_RUN, "content");
    size_t whole = frames.packer.length;
    for (frames.packer.length = 0; frames.packer.length < whole; frames.packer.length++) {
        struct frame_roots roots = frame_roots_of(1);
        assert_false(take(&frames, 0, &roots, FRAME_RUN, "content"));
    }
}

/* By checksum all right. */
static bool takes_sealed(const uint8_t *form, size_t length)
{
    static uint8_t bytes[ROOM];
    const struct frame_roots roots = {
        .header = 5, .schema = 5, .chain = 5, .has_schema = true, .has_chain = true};
    struct packer packer = packer_over(bytes, sizeof(bytes));
    struct frame frame;

    pack_bytes(&packer, form, length);
    pack_fixed32(&packer, crc32c(5, bytes, length));
    return frame_take(bytes, bytes + packer.length, &roots, &frame);
}

static void types_go_to_127(void **state)
{
    (void)state;
    for (unsigned type = 0; type < 256; type++) {
        const uint8_t form[] = {2, (uint8_t)type, 'a', 'b'};
        assert_int_equal(takes_sealed(form, sizeof(form)), type >= FRAME_SCHEMA && type <= 127);
    }
}

static void a_type_that_is_not_known_stands_alone_and_is_not_looked_for(void **state)
{
    static uint8_t bytes[ROOM];
    struct frame_roots roots = frame_roots_of(5);
    struct packer packer = packer_over(bytes, sizeof(bytes));
    struct packer content = packer_over("later", 5);
    struct frame frame;
    (void)state;

    content.length = 5;
    pack_byte(&packer, 0);
    frame_put(&packer, &roots, (enum frame_type)9, &content);
    size_t end = packer.length;
    assert_true(frame_take(bytes + 1, bytes + end, &roots, &frame));
    assert_int_equal(frame.type, 9);
    frame_roots_follow(&roots, frame.type, frame.crc);
    assert_false(roots.has_chain);
    assert_null(frame_find(bytes, bytes + end, &roots));
    frame_put(&packer, &roots, FRAME_RUN, &content);
    assert_ptr_equal(frame_find(bytes, bytes + packer.length, &roots), bytes + end);
}

static void a_length_that_is_none_is_refused(void **state)
{
    static const uint8_t endless[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 5};
    static const uint8_t beyond_64_bits[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 2, 5};
    static const uint8_t largest[] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 5};
    (void)state;

    assert_false(takes_sealed(endless, sizeof(endless)));
    assert_false(takes_sealed(beyond_64_bits, sizeof(beyond_64_bits)));
    assert_false(takes_sealed(largest, sizeof(largest)));
}

static void content_has_64_kib_at_most(void **state)
{
    static uint8_t content[FRAME_CONTENT_MAX + 1];
    static uint8_t form[ROOM];
    struct packer packer = packer_over(form, sizeof(form));
    (void)state;

    pack_unsigned(&packer, FRAME_CONTENT_MAX);
    pack_byte(&packer, FRAME_EVENT);
    pack_bytes(&packer, content, FRAME_CONTENT_MAX);
    assert_true(takes_sealed(form, packer.length));
    packer.length = 0;
    pack_unsigned(&packer, FRAME_CONTENT_MAX + 1);
    pack_byte(&packer, FRAME_EVENT);
    pack_bytes(&packer, content, FRAME_CONTENT_MAX + 1);
    assert_false(takes_sealed(form, packer.length));
}

static void what_does_not_fit_is_told(void **state)
{
    static uint8_t content[FRAME_CONTENT_MAX + 1];
    static struct frames frames;
    struct packer packer = packer_over(content, sizeof(content));
    (void)state;

    packer.length = FRAME_CONTENT_MAX;
    begin(&frames, 1);
    frame_put(&frames.packer, &frames.roots, FRAME_EVENT, &packer);
    assert_false(frames.packer.overflow);
    assert_int_equal(frames.packer.length, FRAME_CONTENT_MAX + FRAME_EXTRA_MAX);
    packer.length = FRAME_CONTENT_MAX + 1;
    begin(&frames, 1);
    frame_put(&frames.packer, &frames.roots, FRAME_EVENT, &packer);
    assert_true(frames.packer.overflow);
    packer.length = 10;
    packer.overflow = true;
    begin(&frames, 1);
    frame_put(&frames.packer, &frames.roots, FRAME_EVENT, &packer);
    assert_true(frames.packer.overflow);
    packer.overflow = false;
    begin(&frames, 1);
    frames.packer.capacity = 15;
    frame_put(&frames.packer, &frames.roots, FRAME_EVENT, &packer);
    assert_true(frames.packer.overflow);
}

static void nothing_proves_without_what_it_builds_on(void **state)
{
    static struct frames frames;
    (void)state;

    begin(&frames, 9);
    size_t schema = put(&frames, FRAME_SCHEMA, "s");
    size_t full = put(&frames, FRAME_FULL, "f");
    size_t changes = put(&frames, FRAME_CHANGES, "c");
    size_t processes = put(&frames, FRAME_PROCESSES, "p");
    struct frame_roots none = frame_roots_of(9);
    assert_false(take(&frames, full, &none, FRAME_FULL, "f"));
    assert_false(take(&frames, changes, &none, FRAME_CHANGES, "c"));
    assert_false(take(&frames, processes, &none, FRAME_PROCESSES, "p"));
    assert_true(take(&frames, schema, &none, FRAME_SCHEMA, "s"));
    assert_false(take(&frames, changes, &none, FRAME_CHANGES, "c"));
}

static void changes_behind_a_loss_never_prove(void **state)
{
    static struct frames frames;
    (void)state;

    begin(&frames, 9);
    size_t schema = put(&frames, FRAME_SCHEMA, "s");
    size_t full = put(&frames, FRAME_FULL, "f");
    put(&frames, FRAME_CHANGES, "lost");
    size_t second = put(&frames, FRAME_CHANGES, "2");
    size_t processes = put(&frames, FRAME_PROCESSES, "p");
    size_t third = put(&frames, FRAME_CHANGES, "3");
    size_t event = put(&frames, FRAME_EVENT, "e");
    size_t next_full = put(&frames, FRAME_FULL, "f");
    struct frame_roots roots = frame_roots_of(9);
    assert_true(take(&frames, schema, &roots, FRAME_SCHEMA, "s"));
    assert_true(take(&frames, full, &roots, FRAME_FULL, "f"));
    assert_false(take(&frames, second, &roots, FRAME_CHANGES, "2"));
    assert_false(take(&frames, processes, &roots, FRAME_PROCESSES, "p"));
    assert_false(take(&frames, third, &roots, FRAME_CHANGES, "3"));
    assert_true(take(&frames, event, &roots, FRAME_EVENT, "e"));
    assert_true(take(&frames, next_full, &roots, FRAME_FULL, "f"));
}

/* The same frames, of the segment that stood there before. */
static void frames_of_an_old_lap_never_prove(void **state)
{
    static struct frames old, new;
    static const enum frame_type types[] = {FRAME_RUN,       FRAME_FULL,  FRAME_CHANGES,
                                            FRAME_PROCESSES, FRAME_EVENT, FRAME_STOP};
    size_t at[COUNT_OF(types)];
    (void)state;

    begin(&old, 100);
    begin(&new, 101);
    put(&old, FRAME_SCHEMA, "s");
    size_t schema = put(&new, FRAME_SCHEMA, "s");
    for (size_t i = 0; i < COUNT_OF(types); i++)
        at[i] = put(&old, types[i], "same");
    struct frame_roots roots = frame_roots_of(101);
    assert_true(take(&new, schema, &roots, FRAME_SCHEMA, "s"));
    for (size_t i = 0; i < COUNT_OF(types); i++)
        assert_false(take(&old, at[i], &roots, types[i], "same"));
    put(&new, FRAME_FULL, "f");
    for (size_t i = 0; i < COUNT_OF(types); i++)
        assert_false(take(&old, at[i], &new.roots, types[i], "same"));
}

static void a_schema_ends_the_chain(void **state)
{
    struct frame_roots roots = frame_roots_of(1);
    (void)state;

    frame_roots_follow(&roots, FRAME_SCHEMA, 2);
    frame_roots_follow(&roots, FRAME_FULL, 3);
    assert_true(roots.has_chain);
    assert_int_equal(roots.chain, 3);
    frame_roots_follow(&roots, FRAME_EVENT, 4);
    frame_roots_follow(&roots, FRAME_RUN, 5);
    frame_roots_follow(&roots, FRAME_STOP, 6);
    assert_int_equal(roots.chain, 3);
    frame_roots_follow(&roots, FRAME_PROCESSES, 7);
    assert_int_equal(roots.chain, 7);
    frame_roots_follow(&roots, FRAME_SCHEMA, 8);
    assert_false(roots.has_chain);
    assert_int_equal(roots.schema, 8);
    assert_int_equal(roots.header, 1);
}

static void the_next_frame_is_found_wherever_it_stands(void **state)
{
    static struct frames frames;
    static const char rubbish[] = "\x05\x05\x02\x06 any\x80\xff\x01\x01\x02";
    (void)state;

    begin(&frames, 3);
    size_t first = put(&frames, FRAME_EVENT, "first");
    pack_bytes(&frames.packer, rubbish, sizeof(rubbish) - 1);
    size_t second = put(&frames, FRAME_STOP, "second");
    const uint8_t *end = frames.bytes + frames.packer.length;
    struct frame_roots roots = frame_roots_of(3);
    assert_ptr_equal(frame_find(frames.bytes + first, end, &roots), frames.bytes + second);
    assert_null(frame_find(frames.bytes + second, end, &roots));
    assert_null(frame_find(frames.bytes + first, end - 1, &roots));
    roots.header = 4;
    assert_null(frame_find(frames.bytes + first, end, &roots));
}

static void changes_are_found_behind_a_damaged_event(void **state)
{
    static struct frames frames;
    (void)state;

    begin(&frames, 3);
    put(&frames, FRAME_SCHEMA, "s");
    put(&frames, FRAME_FULL, "f");
    struct frame_roots before = frames.roots;
    size_t event = put(&frames, FRAME_EVENT, "e");
    size_t changes = put(&frames, FRAME_CHANGES, "c");
    size_t next = put(&frames, FRAME_CHANGES, "d");
    const uint8_t *end = frames.bytes + frames.packer.length;
    frames.bytes[event + 2] ^= 1;
    assert_ptr_equal(frame_find(frames.bytes + event, end, &before), frames.bytes + changes);
    frames.bytes[changes + 2] ^= 1;
    assert_null(frame_find(frames.bytes + event, end, &before));
    (void)next;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_frame_is_length_type_content_and_checksum),
        cmocka_unit_test(frames_prove_one_after_the_other),
        cmocka_unit_test(each_flipped_bit_is_noticed),
        cmocka_unit_test(a_frame_that_is_cut_is_none),
        cmocka_unit_test(types_go_to_127),
        cmocka_unit_test(a_type_that_is_not_known_stands_alone_and_is_not_looked_for),
        cmocka_unit_test(a_length_that_is_none_is_refused),
        cmocka_unit_test(content_has_64_kib_at_most),
        cmocka_unit_test(what_does_not_fit_is_told),
        cmocka_unit_test(nothing_proves_without_what_it_builds_on),
        cmocka_unit_test(changes_behind_a_loss_never_prove),
        cmocka_unit_test(frames_of_an_old_lap_never_prove),
        cmocka_unit_test(a_schema_ends_the_chain),
        cmocka_unit_test(the_next_frame_is_found_wherever_it_stands),
        cmocka_unit_test(changes_are_found_behind_a_damaged_event),
    };
    return cmocka_run_group_tests_name("frame", tests, NULL, NULL);
}
