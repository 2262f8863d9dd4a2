#include "base/gzip.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void packs_and_unpacks(struct gzip_packer *packer, const char *bytes, size_t length)
{
    const char *packed;
    size_t packed_length;
    char *unpacked = malloc(length + 1);

    assert_non_null(unpacked);
    assert_int_equal(gzip_pack(packer, bytes, length, &packed, &packed_length), 0);
    assert_true(packed_length > 10);
    assert_memory_equal(packed, "\x1f\x8b\x08", 3);
    assert_int_equal(gzip_unpack(packed, packed_length, unpacked, length), 0);
    assert_memory_equal(unpacked, bytes, length);
    free(unpacked);
}

static void one_text_after_the_other(void **state)
{
    struct gzip_packer *packer = gzip_packer_new();
    char *large = malloc(300000);
    (void)state;

    assert_non_null(packer);
    assert_non_null(large);
    for (size_t i = 0; i < 300000; i++)
        large[i] = (char)(i * i >> 7);
    packs_and_unpacks(packer, "pgfault 1\n", 10);
    packs_and_unpacks(packer, large, 300000); /* it grows */
    packs_and_unpacks(packer, "x", 1);
    packs_and_unpacks(packer, "", 0);
    free(large);
    gzip_packer_free(packer);
}

static void what_repeats_becomes_short(void **state)
{
    struct gzip_packer *packer = gzip_packer_new();
    char text[10000];
    const char *packed;
    size_t length;
    (void)state;

    memset(text, 'a', sizeof(text));
    assert_int_equal(gzip_pack(packer, text, sizeof(text), &packed, &length), 0);
    assert_true(length < 200);
    gzip_packer_free(packer);
}

static void what_is_no_gzip_or_of_another_length(void **state)
{
    struct gzip_packer *packer = gzip_packer_new();
    char unpacked[32];
    char damaged[128];
    const char *packed;
    size_t length;
    (void)state;

    assert_int_equal(gzip_pack(packer, "0123456789", 10, &packed, &length), 0);
    assert_int_equal(gzip_unpack(packed, length, unpacked, 9), -EBADMSG);
    assert_int_equal(gzip_unpack(packed, length, unpacked, 11), -EBADMSG);
    assert_int_equal(gzip_unpack(packed, length - 1, unpacked, 10), -EBADMSG);
    assert_int_equal(gzip_unpack(packed, 0, unpacked, 10), -EBADMSG);
    assert_int_equal(gzip_unpack("0123456789012345678901234", 25, unpacked, 10), -EBADMSG);
    assert_true(length <= sizeof(damaged));
    memcpy(damaged, packed, length);
    damaged[length - 5] ^= 1; /* of the checksum */
    assert_int_equal(gzip_unpack(damaged, length, unpacked, 10), -EBADMSG);
    gzip_packer_free(packer);
}

static void it_is_there(void **state)
{
    (void)state;
    assert_true(gzip_is_possible());
    gzip_packer_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_there),
        cmocka_unit_test(one_text_after_the_other),
        cmocka_unit_test(what_repeats_becomes_short),
        cmocka_unit_test(what_is_no_gzip_or_of_another_length),
    };
    return cmocka_run_group_tests_name("gzip", tests, NULL, NULL);
}
