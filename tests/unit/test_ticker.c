#include "base/clock.h"
#include "base/ticker.h"
#include "support.h"

#include <fcntl.h>
#include <unistd.h>

#define MS UINT64_C(1000000)

enum { BEATS_MAX = 64 };

/* Writes down when the beats came. */
struct beats {
    struct loop loop;
    struct ticker ticker;
    uint64_t start_ns;
    uint64_t came_ns[BEATS_MAX];
    unsigned count;
    unsigned stop_after;
    unsigned sleep_at; /* the beat that takes sleep_ms to serve; 0: each */
    unsigned sleep_ms;
};

static void beat(void *context)
{
    struct beats *beats = context;

    beats->came_ns[beats->count++] = clock_monotonic_ns();
    if (beats->sleep_at == 0 || beats->sleep_at == beats->count)
        usleep(beats->sleep_ms * 1000);
    if (beats->count == beats->stop_after)
        loop_stop(&beats->loop);
}

static void run(struct beats *beats, uint64_t period_ns)
{
    assert_int_equal(loop_open(&beats->loop), 0);
    beats->start_ns = clock_monotonic_ns();
    assert_int_equal(ticker_start(&beats->ticker, &beats->loop, beats->start_ns, period_ns, beat, beats), 0);
    assert_int_equal(loop_run(&beats->loop), 0);
    ticker_stop(&beats->ticker, &beats->loop);
    loop_close(&beats->loop);
}

/* How late the beats from FIRST on came, at best: what a busy machine does to a few of them does not count.
 */
static uint64_t least_lateness(const struct beats *beats, unsigned first, uint64_t period_ns)
{
    uint64_t least = UINT64_MAX;

    for (unsigned i = first; i < beats->count; i++) {
        uint64_t deadline = beats->start_ns + (i + 1) * period_ns;
        assert_true(beats->came_ns[i] >= deadline);
        if (beats->came_ns[i] - deadline < least)
            least = beats->came_ns[i] - deadline;
    }
    return least;
}

static void beats_do_not_drift_however_long_each_takes(void **state)
{
    enum { TRIES = 5 }; /* on a machine that has other things to do */
    uint64_t least = UINT64_MAX;
    (void)state;

    for (int i = 0; i < TRIES && least >= 5 * MS; i++) {
        struct beats beats = {.stop_after = 25, .sleep_ms = 5};
        run(&beats, 20 * MS);
        assert_int_equal(beats.count, 25);
        least = least_lateness(&beats, 15, 20 * MS);
    }
    assert_true(least < 5 * MS); /* with drift: 15 * 5 ms and more */
}

static void deadlines_that_pass_meanwhile_are_one_late_call(void **state)
{
    struct beats beats = {.stop_after = 3, .sleep_at = 1, .sleep_ms = 230};
    (void)state;

    run(&beats, 40 * MS);
    /* Served at 40 ms; then at 270 ms or later all of those up to 240 ms; then not before that of 280 ms. */
    assert_true(beats.came_ns[1] >= beats.start_ns + 270 * MS);
    assert_true(beats.came_ns[2] >= beats.start_ns + 280 * MS);
}

static void a_start_in_the_past_keeps_its_deadlines(void **state)
{
    struct beats beats = {.stop_after = 1, .sleep_at = BEATS_MAX};
    (void)state;

    assert_int_equal(loop_open(&beats.loop), 0);
    beats.start_ns = clock_monotonic_ns();
    ticker_start(&beats.ticker, &beats.loop, beats.start_ns - 900 * MS, 1000 * MS, beat, &beats);
    loop_run(&beats.loop);
    ticker_stop(&beats.ticker, &beats.loop);
    loop_close(&beats.loop);
    assert_true(beats.came_ns[0] >= beats.start_ns + 100 * MS);
    assert_true(beats.came_ns[0] < beats.start_ns + 900 * MS);
}

static void periods_above_a_second(void **state)
{
    struct beats beats = {.stop_after = 1, .sleep_at = BEATS_MAX};
    (void)state;

    run(&beats, 1050 * MS);
    assert_int_equal(beats.count, 1);
    assert_true(beats.came_ns[0] >= beats.start_ns + 1050 * MS);
    assert_true(beats.came_ns[0] < beats.start_ns + 1900 * MS);
}

static void a_stopped_ticker_is_silent(void **state)
{
    struct beats stopped = {.stop_after = BEATS_MAX};
    struct beats other = {.stop_after = 3, .sleep_at = BEATS_MAX};
    (void)state;

    assert_int_equal(loop_open(&other.loop), 0);
    uint64_t now = clock_monotonic_ns();
    ticker_start(&stopped.ticker, &other.loop, now, 5 * MS, beat, &stopped);
    ticker_start(&other.ticker, &other.loop, now, 20 * MS, beat, &other);
    int fd = stopped.ticker.source.fd;
    ticker_stop(&stopped.ticker, &other.loop);
    assert_int_equal(fcntl(fd, F_GETFD), -1); /* closed */
    loop_run(&other.loop);
    ticker_stop(&other.ticker, &other.loop);
    loop_close(&other.loop);
    assert_int_equal(stopped.count, 0);
    assert_int_equal(other.count, 3);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(beats_do_not_drift_however_long_each_takes),
        cmocka_unit_test(deadlines_that_pass_meanwhile_are_one_late_call),
        cmocka_unit_test(a_start_in_the_past_keeps_its_deadlines),
        cmocka_unit_test(periods_above_a_second),
        cmocka_unit_test(a_stopped_ticker_is_silent),
    };
    return cmocka_run_group_tests_name("ticker", tests, NULL, NULL);
}
