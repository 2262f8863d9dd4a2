#include "base/clock.h"
#include "commands/repeat.h"
#include "support.h"

#include <errno.h>
#include <signal.h>

struct stage {
    unsigned turns;
    unsigned fails_at; /* 0: never */
    unsigned stops_at;
    unsigned resized;
};

static int turn(void *context)
{
    struct stage *stage = context;

    stage->turns++;
    if (stage->turns == 2)
        raise(SIGWINCH);
    if (stage->turns == stage->stops_at)
        raise(SIGTERM);
    return stage->turns == stage->fails_at ? -EPIPE : 0;
}

static void resized(void *context)
{
    ((struct stage *)context)->resized++;
}

static int run(struct stage *stage, uint64_t count)
{
    struct repeat repeat = {.turn = turn, .resized = resized, .context = stage};
    struct beat beat = {.delay_seconds = 0.05, .count = count};

    return repeat_run(&repeat, &beat);
}

static void turns_are_counted(void **state)
{
    struct stage once = {0};
    struct stage thrice = {0};
    (void)state;

    assert_int_equal(run(&once, 1), 0);
    assert_int_equal(once.turns, 1);
    uint64_t before = clock_monotonic_ns();
    assert_int_equal(run(&thrice, 3), 0);
    assert_int_equal(thrice.turns, 3);
    assert_true(clock_monotonic_ns() - before >= 2 * (NS_PER_SECOND / 20)); /* the first comes at once */
    assert_int_equal(thrice.resized, 1);
}

static void a_turn_that_fails_is_the_last(void **state)
{
    struct stage first = {.fails_at = 1};
    struct stage second = {.fails_at = 2};
    (void)state;

    assert_int_equal(run(&first, 0), -EPIPE);
    assert_int_equal(first.turns, 1);
    assert_int_equal(run(&second, 5), -EPIPE);
    assert_int_equal(second.turns, 2);
}

static void a_signal_ends_it_in_order(void **state)
{
    struct stage stage = {.stops_at = 2};
    (void)state;

    assert_int_equal(run(&stage, 0), 0);
    assert_int_equal(stage.turns, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_are_counted),
        cmocka_unit_test(a_turn_that_fails_is_the_last),
        cmocka_unit_test(a_signal_ends_it_in_order),
    };
    return cmocka_run_group_tests_name("repeat", tests, NULL, NULL);
}
