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

void signals_fail_writes(void)
{
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN);
}

void signals_give_back(void)
{
    (void)signal(SIGPIPE, SIG_DFL);
    (void)signal(SIGXFSZ, SIG_DFL);
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
