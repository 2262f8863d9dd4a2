#include "base/ticker.h"

#include "base/clock.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>

static struct timespec timespec_of(uint64_t ns)
{
    return (struct timespec){.tv_sec = (time_t)(ns / NS_PER_SECOND), .tv_nsec = (long)(ns % NS_PER_SECOND)};
}

/* A periodic timer goes on only once its expirations are read (fs/timerfd.c). */
static void read_ticks(void *context)
{
    struct ticker *ticker = context;
    uint64_t ticks;

    if (read(ticker->source.fd, &ticks, sizeof(ticks)) == sizeof(ticks))
        ticker->ready(ticker->context);
}

int ticker_open(struct ticker *ticker, struct loop *loop, void (*ready)(void *context), void *context)
{
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0)
        return -errno;

    *ticker = (struct ticker){{fd, read_ticks, ticker}, ready, context};
    int error = loop_add(loop, &ticker->source, EPOLLIN);
    if (error < 0) {
        close(fd);
        *ticker = (struct ticker){0};
    }
    return error;
}

int ticker_beat(struct ticker *ticker, uint64_t start_ns, uint64_t period_ns)
{
    struct itimerspec beat = {.it_value = timespec_of(start_ns + period_ns),
                              .it_interval = timespec_of(period_ns)};

    return timerfd_settime(ticker->source.fd, TFD_TIMER_ABSTIME, &beat, NULL) < 0 ? -errno : 0;
}

void ticker_pause(struct ticker *ticker)
{
    static const struct itimerspec never;

    timerfd_settime(ticker->source.fd, 0, &never, NULL);
}

int ticker_start(struct ticker *ticker, struct loop *loop, uint64_t start_ns, uint64_t period_ns,
                 void (*ready)(void *context), void *context)
{
    int error = ticker_open(ticker, loop, ready, context);

    if (error == 0)
        error = ticker_beat(ticker, start_ns, period_ns);
    if (error < 0)
        ticker_stop(ticker, loop);
    return error;
}

void ticker_stop(struct ticker *ticker, struct loop *loop)
{
    if (!ticker->ready)
        return;
    loop_remove(loop, &ticker->source);
    close(ticker->source.fd);
    *ticker = (struct ticker){0};
}
