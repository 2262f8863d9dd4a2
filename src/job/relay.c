#include "job/relay.h"

#include "kernel/process_tree.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

void relay_block(sigset_t *before)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    sigset_t blocked;

    sigfillset(&blocked);
    for (size_t i = 0; i < sizeof(faults) / sizeof(*faults); i++)
        sigdelset(&blocked, faults[i]);
    sigprocmask(SIG_SETMASK, &blocked, before);
}

/* kill(2), sigqueue(3) and the like; the terminal's, and a timer's, are the kernel's own. */
static bool is_of_process(const struct signalfd_siginfo *info)
{
    return info->ssi_code <= 0;
}

/* The kernel tells of a terminal that has gone to the leader of its session alone, and continues it. */
static bool is_hangup(const struct signalfd_siginfo *info)
{
    return !is_of_process(info) && (info->ssi_signo == SIGHUP || info->ssi_signo == SIGCONT) &&
           getsid(0) == getpid();
}

/* One that is ignored (nohup) asks nothing of faultline either. */
static bool asks_for_end(uint32_t signal)
{
    struct sigaction action = {0};

    if (signal != SIGINT && signal != SIGTERM && signal != SIGHUP && signal != SIGQUIT)
        return false;
    sigaction((int)signal, NULL, &action);
    return action.sa_handler != SIG_IGN;
}

/* `kill 0` within the job means all of the group, and has reached the command. The keeper continues faultline
 * when the command has gone on. */
static bool is_from_within(const struct relay *relay, const struct signalfd_siginfo *info)
{
    return (pid_t)info->ssi_pid == relay->keeper->pid ||
           process_tree_has(relay->keeper->pid, (pid_t)info->ssi_pid);
}

/* What a failed write of faultline's own brings (SIGPIPE, SIGXFSZ), which is blocked here and not ignored. */
static bool is_own(const struct signalfd_siginfo *info)
{
    return is_of_process(info) && (pid_t)info->ssi_pid == getpid();
}

static void pass_on(struct relay *relay, const struct signalfd_siginfo *info)
{
    if (is_of_process(info))
        relay->passed = (struct relay_passed){(int)info->ssi_signo, (pid_t)info->ssi_pid, info->ssi_uid};
    keeper_signal(relay->keeper, (int)info->ssi_signo);
}

static void take(struct relay *relay, const struct signalfd_siginfo *info)
{
    relay->interrupted |= info->ssi_signo == SIGINT && !is_of_process(info);
    if (info->ssi_signo == SIGCHLD)
        relay->child_ended(relay->context);
    else if (relay->over && asks_for_end(info->ssi_signo))
        keeper_finish(relay->keeper);
    else if (is_hangup(info) || (is_of_process(info) && !is_own(info) && !is_from_within(relay, info)))
        pass_on(relay, info);
}

static void on_signal(void *context)
{
    struct relay *relay = context;
    struct signalfd_siginfo info;

    while (read(relay->source.fd, &info, sizeof(info)) == sizeof(info))
        take(relay, &info);
}

int relay_open(struct relay *relay, struct loop *loop, struct keeper *keeper)
{
    sigset_t blocked;

    sigprocmask(SIG_SETMASK, NULL, &blocked);
    int fd = signalfd(-1, &blocked, SFD_CLOEXEC | SFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    relay->source = (struct loop_source){fd, on_signal, relay};
    relay->keeper = keeper;
    int error = loop_add(loop, &relay->source, EPOLLIN);
    if (error < 0)
        relay_close(relay);
    return error;
}

bool relay_wants_end(struct relay *relay)
{
    struct signalfd_siginfo info;
    bool wants = false;

    while (read(relay->source.fd, &info, sizeof(info)) == sizeof(info))
        wants |= asks_for_end(info.ssi_signo);
    return wants;
}

void relay_close(struct relay *relay)
{
    if (relay->source.fd > 0)
        close(relay->source.fd);
    relay->source.fd = 0;
}
