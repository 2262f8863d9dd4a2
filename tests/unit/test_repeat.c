#include "base/clock.h"
#include "commands/repeat.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <unistd.h>

struct stage {
    unsigned turns;
    unsigned fails_at; /* 0: never */
    unsigned stops_at;
    unsigned resized;

    /* of the hook */
    unsigned begun;
    unsigned turns_before_it;
    int begin_error;
    int pipe[2]; /* a source of the command's own */
    struct loop_source source;
    unsigned woken;
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
    (void)state;

    for (unsigned turn_number = 1; turn_number <= 2; turn_number++) {
        struct stage stage = {.stops_at = turn_number};
        assert_int_equal(run(&stage, 0), 0);
        assert_int_equal(stage.turns, turn_number);
    }
}

static void woken(void *context)
{
    struct stage *stage = context;
    char byte;

    assert_int_equal(read(stage->pipe[0], &byte, 1), 1);
    stage->woken++;
}

static int begin(void *context, struct loop *loop)
{
    struct stage *stage = context;

    stage->begun++;
    stage->turns_before_it = stage->turns;
    stage->source = (struct loop_source){.fd = stage->pipe[0], .ready = woken, .context = stage};
    return stage->begin_error < 0 ? stage->begin_error : loop_add(loop, &stage->source, EPOLLIN);
}

static int run_with_hook(struct stage *stage, uint64_t count)
{
    struct repeat repeat = {.turn = turn, .begin = begin, .context = stage};
    struct beat beat = {.delay_seconds = 0.05, .count = count};

    assert_int_equal(pipe2(stage->pipe, O_CLOEXEC), 0);
    assert_int_equal(write(stage->pipe[1], "a", 1), 1);
    int error = repeat_run(&repeat, &beat);
    close(stage->pipe[0]);
    close(stage->pipe[1]);
    return error;
}

static void a_source_of_the_commands_own_is_served_between_turns(void **state)
{
    struct stage stage = {0};
    (void)state;

    assert_int_equal(run_with_hook(&stage, 3), 0);
    assert_int_equal(stage.begun, 1);
    assert_int_equal(stage.turns_before_it, 0);
    assert_int_equal(stage.woken, 1);
    assert_int_equal(stage.turns, 3);
}

static void the_hook_comes_only_where_there_is_a_loop(void **state)
{
    struct stage once = {0};
    (void)state;

    assert_int_equal(run_with_hook(&once, 1), 0);
    assert_int_equal(once.begun, 0);
}

static void a_hook_that_fails_ends_it(void **state)
{
    struct stage stage = {.begin_error = -ENOSPC};
    struct stage again = {0};
    (void)state;

    assert_int_equal(run_with_hook(&stage, 0), -ENOSPC);
    assert_int_equal(stage.turns, 0);
    assert_int_equal(stage.woken, 0);
    assert_int_equal(run_with_hook(&again, 2), 0); /* and nothing is left of it */
    assert_int_equal(again.turns, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(turns_are_counted),
        cmocka_unit_test(a_turn_that_fails_is_the_last),
        cmocka_unit_test(a_signal_ends_it_in_order),
        cmocka_unit_test(a_source_of_the_commands_own_is_served_between_turns),
        cmocka_unit_test(the_hook_comes_only_where_there_is_a_loop),
        cmocka_unit_test(a_hook_that_fails_ends_it),
    };
    return cmocka_run_group_tests_name("repeat", tests, NULL, NULL);
}
