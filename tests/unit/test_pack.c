#include "base/pack.h"
#include "support.h"

#include <string.h>

struct written {
    uint8_t bytes[64];
    struct packer packer;
};

static struct packer *begin(struct written *written)
{
    memset(written->bytes, 0xee, sizeof(written->bytes));
    written->packer = packer_over(written->bytes, sizeof(written->bytes));
    return &written->packer;
}

/* What was written is BYTES, and nothing of it was dropped. */
#define assert_written(written, ...)                                                                         \
    do {                                                                                                     \
        const uint8_t expected[] = {__VA_ARGS__};                                                            \
        assert_false((written).packer.overflow);                                                             \
        assert_int_equal((written).packer.length, sizeof(expected));                                         \
        assert_memory_equal((written).bytes, expected, sizeof(expected));                                    \
    } while (0)

#define assert_packs_unsigned(number, ...)                                                                   \
    do {                                                                                                     \
        struct written written;                                                                              \
        pack_unsigned(begin(&written), number);                                                              \
        assert_written(written, __VA_ARGS__);                                                                \
        struct unpacker back = unpacker_over(written.bytes, written.packer.length);                          \
        assert_true(unpack_unsigned(&back) == (number));                                                     \
        assert_true(!back.bad && back.at == back.end);                                                       \
    } while (0)

#define assert_packs_signed(number, ...)                                                                     \
    do {                                                                                                     \
        struct written written;                                                                              \
        pack_signed(begin(&written), number);                                                                \
        assert_written(written, __VA_ARGS__);                                                                \
        struct unpacker back = unpacker_over(written.bytes, written.packer.length);                          \
        assert_true(unpack_signed(&back) == (number));                                                       \
        assert_true(!back.bad && back.at == back.end);                                                       \
    } while (0)

static void whole_numbers_seven_bits_a_byte(void **state)
{
    (void)state;
    assert_packs_unsigned(UINT64_C(0), 0);
    assert_packs_unsigned(UINT64_C(1), 1);
    assert_packs_unsigned(UINT64_C(127), 0x7f);
    assert_packs_unsigned(UINT64_C(128), 0x80, 0x01);
    assert_packs_unsigned(UINT64_C(300), 0xac, 0x02);
    assert_packs_unsigned(UINT64_C(16383), 0xff, 0x7f);
    assert_packs_unsigned(UINT64_C(16384), 0x80, 0x80, 0x01);
    assert_packs_unsigned(UINT64_C(1) << 63, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01);
    assert_packs_unsigned(UINT64_MAX, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
}

static void small_signed_numbers_are_short_on_both_sides_of_zero(void **state)
{
    (void)state;
    assert_packs_signed(INT64_C(0), 0);
    assert_packs_signed(INT64_C(-1), 1);
    assert_packs_signed(INT64_C(1), 2);
    assert_packs_signed(INT64_C(-64), 0x7f);
    assert_packs_signed(INT64_C(64), 0x80, 0x01);
    assert_packs_signed(INT64_MAX, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
    assert_packs_signed(INT64_MIN, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
}

static void the_longest_number_is_as_long_as_told(void **state)
{
    struct written written;
    (void)state;

    pack_unsigned(begin(&written), UINT64_MAX);
    assert_int_equal(written.packer.length, PACKED_NUMBER_MAX);
}

static void fixed_numbers_and_doubles_have_the_lowest_byte_first(void **state)
{
    struct written written;
    (void)state;

    struct packer *packer = begin(&written);
    pack_fixed32(packer, 0x12345678);
    pack_fixed64(packer, UINT64_C(0x0102030405060708));
    pack_double(packer, -2.5); /* 0xc004000000000000 */
    assert_written(written, 0x78, 0x56, 0x34, 0x12, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0, 0, 0, 0, 0, 0x04, 0xc0);
    struct unpacker back = unpacker_over(written.bytes, packer->length);
    assert_int_equal(unpack_fixed32(&back), 0x12345678);
    assert_true(unpack_fixed64(&back) == UINT64_C(0x0102030405060708));
    assert_true(unpack_double(&back) == -2.5);
    assert_true(!back.bad && back.at == back.end);
}

static void doubles_that_are_no_numbers_come_back_as_such(void **state)
{
    struct written written;
    (void)state;

    struct packer *packer = begin(&written);
    pack_double(packer, NAN);
    pack_double(packer, -INFINITY);
    pack_double(packer, -0.0);
    struct unpacker back = unpacker_over(written.bytes, packer->length);
    assert_true(isnan(unpack_double(&back)));
    assert_true(unpack_double(&back) == -(double)INFINITY);
    assert_true(signbit(unpack_double(&back)));
    assert_false(back.bad);
}

static void strings_and_bytes(void **state)
{
    struct written written;
    char string[8], bytes[2];
    (void)state;

    struct packer *packer = begin(&written);
    pack_string(packer, "ab\xff");
    pack_string(packer, "");
    pack_byte(packer, 0x80);
    pack_bytes(packer, "\0x", 2);
    pack_bytes(packer, NULL, 0);
    assert_written(written, 3, 'a', 'b', 0xff, 0, 0x80, 0, 'x');
    struct unpacker back = unpacker_over(written.bytes, packer->length);
    unpack_string(&back, string, sizeof(string));
    assert_string_equal(string, "ab\xff");
    unpack_string(&back, string, sizeof(string));
    assert_string_equal(string, "");
    assert_int_equal(unpack_byte(&back), 0x80);
    unpack_bytes(&back, bytes, sizeof(bytes));
    assert_memory_equal(bytes, "\0x", 2);
    assert_true(!back.bad && back.at == back.end);
}

static void what_does_not_fit_is_dropped_and_noted(void **state)
{
    uint8_t bytes[4] = {0, 0, 0, 0xee};
    struct packer packer = packer_over(bytes, 3);
    (void)state;

    pack_byte(&packer, 1);
    pack_bytes(&packer, "abc", 3);
    assert_true(packer.overflow);
    assert_int_equal(packer.length, 1);
    pack_unsigned(&packer, UINT64_MAX);
    pack_fixed64(&packer, UINT64_MAX);
    assert_int_equal(packer.length, 3);
    assert_true(packer.overflow);
    assert_int_equal(bytes[3], 0xee);
}

static void what_just_fits_is_no_overflow(void **state)
{
    uint8_t bytes[PACKED_NUMBER_MAX];
    struct packer packer = packer_over(bytes, sizeof(bytes));
    (void)state;

    pack_unsigned(&packer, UINT64_MAX);
    pack_bytes(&packer, "", 0);
    assert_false(packer.overflow);
    pack_byte(&packer, 0);
    assert_true(packer.overflow);
    assert_int_equal(packer.length, sizeof(bytes));
}

#define assert_no_number(...)                                                                                \
    do {                                                                                                     \
        const uint8_t bytes[] = {__VA_ARGS__};                                                               \
        struct unpacker unpacker = unpacker_over(bytes, sizeof(bytes));                                      \
        assert_true(unpack_unsigned(&unpacker) == 0);                                                        \
        assert_true(unpacker.bad);                                                                           \
        assert_true(unpacker.at <= unpacker.end);                                                            \
    } while (0)

static void numbers_beyond_64_bits_are_none(void **state)
{
    (void)state;
    assert_no_number(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x02); /* bit 64 */
    assert_no_number(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f);
    assert_no_number(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00); /* an eleventh byte */
    assert_no_number(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x81, 0x00);
}

static void a_number_that_is_longer_than_it_needs_to_be_is_still_one(void **state)
{
    static const uint8_t two[] = {0x82, 0x80, 0x00};
    static const uint8_t zero[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00};
    struct unpacker unpacker = unpacker_over(two, sizeof(two));
    (void)state;

    assert_true(unpack_unsigned(&unpacker) == 2);
    assert_true(!unpacker.bad && unpacker.at == unpacker.end);
    unpacker = unpacker_over(zero, sizeof(zero));
    assert_true(unpack_unsigned(&unpacker) == 0);
    assert_true(!unpacker.bad && unpacker.at == unpacker.end);
}

static void a_number_that_breaks_off_is_none(void **state)
{
    struct unpacker empty = unpacker_over("", 0);
    (void)state;

    assert_no_number(0x80);
    assert_no_number(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff);
    assert_int_equal(unpack_signed(&empty), 0);
    assert_true(empty.bad);
}

static void a_read_beyond_the_end_gives_zero(void **state)
{
    char bytes[] = {'x', 'x', 'x', 'x'};
    struct unpacker unpacker = unpacker_over("\1\2\3", 3);
    (void)state;

    unpack_bytes(&unpacker, bytes, sizeof(bytes));
    assert_true(unpacker.bad);
    assert_memory_equal(bytes, "\0\0\0\0", sizeof(bytes));
    unpacker = unpacker_over("", 0);
    assert_int_equal(unpack_byte(&unpacker), 0);
    assert_true(unpacker.bad);
    unpacker = unpacker_over("\1\2\3", 3);
    assert_int_equal(unpack_fixed32(&unpacker), 0);
    assert_true(unpacker.bad);
    unpacker = unpacker_over("\1\2\3\4\5\6\7", 7);
    assert_true(unpack_double(&unpacker) == 0);
    assert_true(unpacker.bad);
}

static void bad_stays_bad(void **state)
{
    struct unpacker unpacker = unpacker_over("\5\1a", 3);
    char string[4];
    (void)state;

    unpack_string(&unpacker, string, sizeof(string));
    assert_true(unpacker.bad);
    unpack_string(&unpacker, string, sizeof(string)); /* a whole one */
    assert_true(unpacker.bad);
}

/* Unpacks a string of SIZE bytes of room, which is handed out full of x. */
static bool string_is_bad(const char *bytes, size_t length, char *string, size_t size)
{
    struct unpacker unpacker = unpacker_over(bytes, length);

    memset(string, 'x', size);
    unpack_string(&unpacker, string, size);
    return unpacker.bad;
}

static void a_string_fits_with_its_end_or_is_bad(void **state)
{
    char string[5];
    (void)state;

    assert_false(string_is_bad("\4abcd", 5, string, sizeof(string)));
    assert_string_equal(string, "abcd");
    assert_true(string_is_bad("\5abcde", 6, string, sizeof(string)));
    assert_string_equal(string, "");
    assert_true(string_is_bad("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                              "a",
                              11, string, sizeof(string))); /* 2^64 - 1 bytes */
    assert_string_equal(string, "");
    assert_false(string_is_bad("\0", 1, string, 1));
    assert_true(string_is_bad("\1a", 2, string, 1));
    assert_int_equal(string[0], '\0');
}

static void a_string_that_breaks_off_is_bad_and_empty(void **state)
{
    char string[8];
    (void)state;

    assert_true(string_is_bad("\4abc", 4, string, sizeof(string)));
    assert_string_equal(string, "");
    assert_true(string_is_bad("", 0, string, sizeof(string)));
    assert_string_equal(string, "");
    assert_true(string_is_bad("\x84", 1, string, sizeof(string)));
    assert_string_equal(string, "");
}

static void a_string_with_a_zero_byte_within_is_bad(void **state)
{
    char string[8];
    (void)state;

    assert_true(string_is_bad("\3a\0b", 4, string, sizeof(string)));
    assert_true(string_is_bad("\2a\0", 3, string, sizeof(string)));
    assert_true(string_is_bad("\1\0", 2, string, sizeof(string)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_numbers_seven_bits_a_byte),
        cmocka_unit_test(small_signed_numbers_are_short_on_both_sides_of_zero),
        cmocka_unit_test(the_longest_number_is_as_long_as_told),
        cmocka_unit_test(fixed_numbers_and_doubles_have_the_lowest_byte_first),
        cmocka_unit_test(doubles_that_are_no_numbers_come_back_as_such),
        cmocka_unit_test(strings_and_bytes),
        cmocka_unit_test(what_does_not_fit_is_dropped_and_noted),
        cmocka_unit_test(what_just_fits_is_no_overflow),
        cmocka_unit_test(numbers_beyond_64_bits_are_none),
        cmocka_unit_test(a_number_that_is_longer_than_it_needs_to_be_is_still_one),
        cmocka_unit_test(a_number_that_breaks_off_is_none),
        cmocka_unit_test(a_read_beyond_the_end_gives_zero),
        cmocka_unit_test(bad_stays_bad),
        cmocka_unit_test(a_string_fits_with_its_end_or_is_bad),
        cmocka_unit_test(a_string_that_breaks_off_is_bad_and_empty),
        cmocka_unit_test(a_string_with_a_zero_byte_within_is_bad),
    };
    return cmocka_run_group_tests_name("pack", tests, NULL, NULL);
}
