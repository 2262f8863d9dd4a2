#include "commands/repeat.h"

#include "base/clock.h"

#include <signal.h>

static void take_turn(void *context)
{
    struct repeat *repeat = context;
    uint64_t now_ns = clock_monotonic_ns();

    if (now_ns - repeat->taken_ns < repeat->period_ns / 2)
        return;
    repeat->taken_ns = now_ns;
    repeat->error = repeat->turn(repeat->context);
    if (repeat->error != 0 || (repeat->left > 0 && --repeat->left == 0))
        loop_stop(&repeat->loop);
}

static void on_signal(void *context, int signal)
{
    struct repeat *repeat = context;

    if (signal != SIGWINCH)
        loop_stop(&repeat->loop);
    else if (repeat->resized)
        repeat->resized(repeat->context);
}

static int take_first_turn(struct repeat *repeat)
{
    repeat->taken_ns = clock_monotonic_ns();
    repeat->error = repeat->turn(repeat->context);
    return repeat->error;
}

/* Signals are caught before the first turn, which may have begun what has to be ended in order. */
static int open_loop(struct repeat *repeat)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGWINCH};

    int error = loop_open(&repeat->loop);
    if (error == 0)
        error = signals_catch(&repeat->signals, &repeat->loop, signals, sizeof(signals) / sizeof(*signals),
                              on_signal, repeat);
    if (error == 0 && repeat->begin)
        error = repeat->begin(repeat->context, &repeat->loop);
    return error;
}

static int run(struct repeat *repeat)
{
    int error = open_loop(repeat);

    if (error < 0)
        return error;
    error = take_first_turn(repeat);
    if (error == 0)
        error = ticker_start(&repeat->ticker, &repeat->loop, repeat->taken_ns, repeat->period_ns, take_turn,
                             repeat);
    if (error == 0)
        error = loop_run(&repeat->loop);
    return error;
}

int repeat_run(struct repeat *repeat, const struct beat *beat)
{
    if (beat->count == 1)
        return take_first_turn(repeat);
    repeat->period_ns = (uint64_t)(beat->delay_seconds * (double)NS_PER_SECOND + 0.5);
    repeat->left = beat->count > 0 ? beat->count - 1 : 0;
    int error = run(repeat);
    ticker_stop(&repeat->ticker, &repeat->loop);
    signals_close(&repeat->signals);
    loop_close(&repeat->loop);
    return error != 0 ? error : repeat->error;
}
