#include "base/crc32c.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

enum { BUFFER_BYTES = 300 };

/* The definition, a bit at a time. */
static uint32_t bit_by_bit(const uint8_t *bytes, size_t length)
{
    uint32_t crc = UINT32_MAX;

    for (size_t i = 0; i < length; i++) {
        crc ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1; /* 0x1edc6f41, reflected */
    }
    return ~crc;
}

/* A processor that has the instruction never takes the table, and one that has not never the instruction. */
static uint32_t by_both(uint32_t crc, const void *bytes, size_t length)
{
    uint32_t result = crc32c(crc, bytes, length);

    assert_int_equal(crc32c_by_table(crc, bytes, length), result);
    return result;
}

static void fill_by_lot(uint8_t *bytes, size_t length)
{
    static uint64_t lot = 20261123;

    for (size_t i = 0; i < length; i++) {
        lot = lot * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        bytes[i] = (uint8_t)(lot >> 56);
    }
}

static void known_words(void **state)
{
    (void)state;
    assert_int_equal(by_both(0, "", 0), 0);
    assert_int_equal(by_both(0, "a", 1), 0xc1d04330);
    assert_int_equal(by_both(0, "123456789", 9), 0xe3069283);
    assert_int_equal(by_both(0, "The quick brown fox jumps over the lazy dog", 43), 0x22620404);
}

/* RFC 3720, B.4, which shows the bytes in the order in which they are sent. */
static void the_examples_of_iscsi(void **state)
{
    static const uint8_t read_command[48] = {0x01, 0xc0, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                             0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00, 0x00,
                                             0x00, 0x00, 0x04, 0x00, 0x00, 0x00, 0x00, 0x14, 0x00, 0x00,
                                             0x00, 0x18, 0x28, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00,
                                             0x02, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00, 0x00};
    uint8_t bytes[32];
    (void)state;

    memset(bytes, 0, sizeof(bytes));
    assert_int_equal(by_both(0, bytes, sizeof(bytes)), 0x8a9136aa);
    memset(bytes, 0xff, sizeof(bytes));
    assert_int_equal(by_both(0, bytes, sizeof(bytes)), 0x62a8ab43);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)i;
    assert_int_equal(by_both(0, bytes, sizeof(bytes)), 0x46dd794e);
    for (size_t i = 0; i < sizeof(bytes); i++)
        bytes[i] = (uint8_t)(31 - i);
    assert_int_equal(by_both(0, bytes, sizeof(bytes)), 0x113fdb5c);
    assert_int_equal(by_both(0, read_command, sizeof(read_command)), 0xd9963a56);
}

static void every_byte_at_every_place_of_a_word_counts_as_defined(void **state)
{
    (void)state;
    for (unsigned byte = 0; byte < 256; byte++) {
        for (size_t place = 0; place < 16; place++) {
            uint8_t bytes[16] = {0};
            bytes[place] = (uint8_t)byte;
            assert_int_equal(by_both(0, bytes, sizeof(bytes)), bit_by_bit(bytes, sizeof(bytes)));
        }
    }
}

/* A length that is read too far, or a start that is taken for aligned, is seen by the sanitizers: each piece
 * has memory of its own. */
static void every_length_from_every_start(void **state)
{
    uint8_t bytes[BUFFER_BYTES];
    (void)state;

    fill_by_lot(bytes, sizeof(bytes));
    for (size_t start = 0; start < 16; start++) {
        for (size_t length = 0; start + length <= 80; length++) {
            uint8_t *piece = malloc(start + length + 1);
            assert_non_null(piece);
            memcpy(piece, bytes, start + length);
            uint32_t crc = by_both(0, piece + start, length);
            free(piece);
            assert_int_equal(crc, bit_by_bit(bytes + start, length));
        }
    }
}

static void a_buffer_in_two_pieces_gives_the_same(void **state)
{
    uint8_t bytes[BUFFER_BYTES];
    (void)state;

    for (int round = 0; round < 4; round++) {
        fill_by_lot(bytes, sizeof(bytes));
        uint32_t whole = bit_by_bit(bytes, sizeof(bytes));
        for (size_t cut = 0; cut <= sizeof(bytes); cut++) {
            uint32_t first = by_both(0, bytes, cut);
            assert_int_equal(by_both(first, bytes + cut, sizeof(bytes) - cut), whole);
        }
    }
}

static void a_buffer_byte_by_byte_gives_the_same(void **state)
{
    uint8_t bytes[BUFFER_BYTES];
    uint32_t crc = 0;
    (void)state;

    fill_by_lot(bytes, sizeof(bytes));
    for (size_t i = 0; i < sizeof(bytes); i++)
        crc = by_both(crc, bytes + i, 1);
    assert_int_equal(crc, bit_by_bit(bytes, sizeof(bytes)));
}

static void another_beginning_gives_another_end(void **state)
{
    uint8_t bytes[64];
    (void)state;

    fill_by_lot(bytes, sizeof(bytes));
    uint32_t of_zero = by_both(0, bytes, sizeof(bytes));
    for (unsigned bit = 0; bit < 32; bit++)
        assert_int_not_equal(by_both(UINT32_C(1) << bit, bytes, sizeof(bytes)), of_zero);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_words),
        cmocka_unit_test(the_examples_of_iscsi),
        cmocka_unit_test(every_byte_at_every_place_of_a_word_counts_as_defined),
        cmocka_unit_test(every_length_from_every_start),
        cmocka_unit_test(a_buffer_in_two_pieces_gives_the_same),
        cmocka_unit_test(a_buffer_byte_by_byte_gives_the_same),
        cmocka_unit_test(another_beginning_gives_another_end),
    };
    return cmocka_run_group_tests_name("crc32c", tests, NULL, NULL);
}
