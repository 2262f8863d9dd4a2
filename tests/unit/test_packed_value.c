#include "blackbox/packed_value.h"
#include "support.h"

static void a_value_is_a_byte_and_its_number(void **state)
{
    static const uint8_t expected[] = {0, 1, 0, 1, 0xac, 0x02};
    uint8_t bytes[32];
    struct packer packer = packer_over(bytes, sizeof(bytes));
    (void)state;

    pack_value(&packer, (struct value){300, false});
    pack_value(&packer, (struct value){0, true});
    pack_value(&packer, (struct value){300, true});
    assert_int_equal(packer.length, sizeof(expected));
    assert_memory_equal(bytes, expected, sizeof(expected));
}

static void what_is_packed_comes_out(void **state)
{
    uint8_t bytes[32];
    struct packer packer = packer_over(bytes, sizeof(bytes));
    (void)state;

    pack_value(&packer, (struct value){UINT64_MAX, true});
    pack_value(&packer, (struct value){7, false});
    pack_value(&packer, (struct value){0, true});
    struct unpacker unpacker = unpacker_over(bytes, packer.length);
    assert_value(unpack_value(&unpacker), UINT64_MAX);
    struct value absent = unpack_value(&unpacker);
    assert_false(absent.present);
    assert_int_equal(absent.number, 0);
    assert_value(unpack_value(&unpacker), 0);
    assert_false(unpacker.bad);
    assert_ptr_equal(unpacker.at, unpacker.end);
}

static void one_that_ends_early_is_bad(void **state)
{
    static const uint8_t cut[] = {1, 0x80};
    struct unpacker unpacker = unpacker_over(cut, sizeof(cut));
    (void)state;

    (void)unpack_value(&unpacker);
    assert_true(unpacker.bad);
    unpacker = unpacker_over(cut, 0);
    assert_false(unpack_value(&unpacker).present);
    assert_true(unpacker.bad);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_value_is_a_byte_and_its_number),
        cmocka_unit_test(what_is_packed_comes_out),
        cmocka_unit_test(one_that_ends_early_is_bad),
    };
    return cmocka_run_group_tests_name("packed_value", tests, NULL, NULL);
}
