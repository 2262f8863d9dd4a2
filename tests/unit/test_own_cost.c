#include "base/clock.h"
#include "server/own_cost.h"
#include "support.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

static void it_is_what_this_program_uses(void **state)
{
    struct own_cost cost;
    double before = (double)clock_wall_ns() / 1e9;
    (void)state;

    own_cost_open(&cost);
    struct own_cost_figures first = own_cost_read(&cost);
    assert_true(first.start_seconds >= before - 0.001);
    assert_true(first.start_seconds <= (double)clock_wall_ns() / 1e9 + 0.001);
    assert_true(first.resident_bytes.present);
    assert_true(fcntl(cost.statm_fd, F_GETFD) & FD_CLOEXEC);
    own_cost_close(&cost);
}

static void what_is_touched_is_resident_and_costs_time(void **state)
{
    enum { BYTES = 64 << 20 };
    struct own_cost cost;
    (void)state;

    own_cost_open(&cost);
    struct own_cost_figures before = own_cost_read(&cost);
    char *memory = malloc(BYTES);
    assert_non_null(memory);
    for (size_t at = 0; at < BYTES; at += 512)
        ((volatile char *)memory)[at] = 1;
    struct own_cost_figures after = own_cost_read(&cost);
    free(memory);
    assert_true(after.resident_bytes.number > before.resident_bytes.number + BYTES / 2);
    assert_true(after.cpu_seconds > before.cpu_seconds);
    assert_near(after.start_seconds, before.start_seconds);
    own_cost_close(&cost);
}

static void what_cannot_be_read_is_absent(void **state)
{
    struct own_cost cost;
    (void)state;

    own_cost_open(&cost);
    own_cost_close(&cost);
    own_cost_close(&cost);
    assert_false(own_cost_read(&cost).resident_bytes.present);
    assert_true(own_cost_read(&cost).cpu_seconds > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_is_what_this_program_uses),
        cmocka_unit_test(what_is_touched_is_resident_and_costs_time),
        cmocka_unit_test(what_cannot_be_read_is_absent),
    };
    return cmocka_run_group_tests_name("own_cost", tests, NULL, NULL);
}
