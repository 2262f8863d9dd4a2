#include "base/signals.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

static void read_signals(void *context)
{
    struct signals *signals = context;
    struct signalfd_siginfo info;

    while (read(signals->source.fd, &info, sizeof(info)) == sizeof(info))
        signals->caught(signals->context, (int)info.ssi_signo);
}

int signals_catch(struct signals *signals, struct loop *loop, const int *list, unsigned count,
                  void (*caught)(void *context, int signal), void *context)
{
    sigset_t set;

    sigemptyset(&set);
    for (unsigned i = 0; i < count; i++)
        sigaddset(&set, list[i]);
    if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
        return -errno;
    (void)signal(SIGPIPE, SIG_IGN);

    int fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    *signals = (struct signals){{fd, read_signals, signals}, caught, context};
    return loop_add(loop, &signals->source, EPOLLIN);
}
