#include "blackbox/run_frame.h"
#include "support.h"

#include <string.h>

static void a_run_comes_out_as_it_was_put(void **state)
{
    static const struct run run = {UINT64_MAX, 5, 4194304, "1.2.3-rc1+git.0123456789abcdef0"};
    uint8_t bytes[128];
    struct packer packer = packer_over(bytes, sizeof(bytes));
    struct run taken;
    (void)state;

    run_frame_put(&packer, &run);
    struct unpacker unpacker = unpacker_over(bytes, packer.length);
    assert_true(run_frame_take(&unpacker, &taken));
    assert_int_equal(taken.monotonic_ns, UINT64_MAX);
    assert_int_equal(taken.wall_ns, 5);
    assert_int_equal(taken.pid, 4194304);
    assert_string_equal(taken.version, "1.2.3-rc1+git.0123456789abcdef0");
    for (size_t length = 0; length < packer.length; length++) {
        unpacker = unpacker_over(bytes, length);
        assert_false(run_frame_take(&unpacker, &taken));
    }
}

static void a_stop_comes_out_as_it_was_put(void **state)
{
    static const struct stop stop = {7, UINT64_MAX};
    uint8_t bytes[32];
    struct packer packer = packer_over(bytes, sizeof(bytes));
    struct stop taken;
    (void)state;

    stop_frame_put(&packer, &stop);
    struct unpacker unpacker = unpacker_over(bytes, packer.length);
    assert_true(stop_frame_take(&unpacker, &taken));
    assert_int_equal(taken.monotonic_ns, 7);
    assert_int_equal(taken.wall_ns, UINT64_MAX);
    unpacker = unpacker_over(bytes, packer.length - 1);
    assert_false(stop_frame_take(&unpacker, &taken));
}

/* A later version may put more behind. */
static void what_follows_is_left_alone(void **state)
{
    uint8_t bytes[64];
    struct packer packer = packer_over(bytes, sizeof(bytes));
    struct run run = {.monotonic_ns = 1, .wall_ns = 2, .pid = 3, .version = "1"};
    struct stop stop = {4, 5};
    (void)state;

    run_frame_put(&packer, &run);
    pack_string(&packer, "more");
    struct unpacker unpacker = unpacker_over(bytes, packer.length);
    assert_true(run_frame_take(&unpacker, &run));
    packer.length = 0;
    stop_frame_put(&packer, &stop);
    pack_string(&packer, "more");
    unpacker = unpacker_over(bytes, packer.length);
    assert_true(stop_frame_take(&unpacker, &stop));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_run_comes_out_as_it_was_put),
        cmocka_unit_test(a_stop_comes_out_as_it_was_put),
        cmocka_unit_test(what_follows_is_left_alone),
    };
    return cmocka_run_group_tests_name("run_frame", tests, NULL, NULL);
}
