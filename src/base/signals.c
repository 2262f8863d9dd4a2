#include "base/signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum {
    SIGNAL_NUMBERS = 65
}; /* 1 to 64 on every architecture but MIPS, which has more of the real-time ones */

static volatile sig_atomic_t wake_fd = -1;
static volatile sig_atomic_t came[SIGNAL_NUMBERS];

static void note(int signal)
{
    static const uint64_t one = 1;
    int saved = errno;

    came[signal] = 1;
    if (write(wake_fd, &one, sizeof(one)) < 0) {
        /* the loop is about to look as it is */
    }
    errno = saved;
}

static void tell(void *context)
{
    const struct signals *signals = context;
    uint64_t times;

    if (read(signals->source.fd, &times, sizeof(times)) < 0)
        return;
    for (int signal = 1; signal < SIGNAL_NUMBERS; signal++) {
        if (!came[signal])
            continue;
        came[signal] = 0;
        signals->caught(signals->context, signal);
    }
}

/* Of a failing write: as they were when the program began. */
static const int write_signals[] = {SIGPIPE, SIGXFSZ};
enum { WRITE_SIGNALS = sizeof(write_signals) / sizeof(*write_signals) };
static void (*given[WRITE_SIGNALS])(int);
static bool failing;

void signals_fail_writes(void)
{
    for (size_t i = 0; i < WRITE_SIGNALS; i++) {
        void (*before)(int) = signal(write_signals[i], SIG_IGN);
        if (!failing)
            given[i] = before;
    }
    failing = true;
}

void signals_give_back(void)
{
    for (size_t i = 0; failing && i < WRITE_SIGNALS; i++)
        (void)signal(write_signals[i], given[i]);
}

static int catch_one(int signal)
{
    struct sigaction action = {.sa_handler = note};
    struct sigaction before;

    if (sigaction(signal, NULL, &before) < 0)
        return -errno;
    if (before.sa_handler == SIG_IGN && signal != SIGCHLD)
        return 0;
    return sigaction(signal, &action, NULL) < 0 ? -errno : 0;
}

int signals_catch(struct signals *signals, struct loop *loop, const int *list, unsigned count,
                  void (*caught)(void *context, int signal), void *context)
{
    int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    *signals = (struct signals){loop, {fd, tell, signals}, caught, context};
    for (int number = 1; number < SIGNAL_NUMBERS; number++)
        came[number] = 0; /* what came when nobody listened is nobody's */
    wake_fd = fd;
    signals_fail_writes();
    int error = loop_add(loop, &signals->source, EPOLLIN);
    for (unsigned i = 0; error == 0 && i < count; i++)
        error = catch_one(list[i]);
    return error;
}

void signals_close(struct signals *signals)
{
    if (!signals->loop)
        return;
    loop_remove(signals->loop, &signals->source);
    wake_fd = -1;
    close(signals->source.fd);
    *signals = (struct signals){0};
}

bool signals_want_end(void)
{
    return came[SIGINT] || came[SIGTERM] || came[SIGHUP];
}
