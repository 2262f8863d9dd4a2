#include "watch/hook.h"

#include "base/problem.h"
#include "base/protect.h"
#include "base/signals.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    COMMAND_SHOWN_MAX = 80,
    STATUS_NOT_STARTED = 127, /* as of a shell */
};

static void complain(const struct hook *hook, const char *why)
{
    struct problem problem = {0};
    problem_set(&problem, 0, "--on-event '%.*s%s': %s", COMMAND_SHOWN_MAX, hook->command,
                strlen(hook->command) > COMMAND_SHOWN_MAX ? "..." : "", why);
    problem_print(&problem);
}

static void set_timeout(struct hook *hook, time_t seconds)
{
    struct itimerspec limit = {.it_value.tv_sec = seconds}; /* 0 disarms */
    if (timerfd_settime(hook->timeout.fd, 0, &limit, NULL) < 0)
        complain(hook, "no timer: it is not killed when it takes too long");
}

static void drop_waiting(struct hook *hook)
{
    hook->dropped += hook->waiting;
    hook->waiting = 0;
}

static void kill_running(void *context)
{
    struct hook *hook = context;

    set_timeout(hook, 0);
    if (hook->finishing)
        drop_waiting(hook);
    if (hook->running > 0) {
        hook->timed_out = true;
        complain(hook, "took longer than 10 s and was killed");
        kill(-hook->running, SIGKILL);
    }
}

int hook_open(struct hook *hook, struct loop *loop, const char *command, void (*idle)(void *context),
              void *context)
{
    *hook =
        (struct hook){.command = command, .loop = loop, .timeout.fd = -1, .idle = idle, .context = context};
    if (!command)
        return 0;
    hook->queue = calloc(HOOK_QUEUE_MAX, HOOK_LINE_MAX);
    if (!hook->queue)
        return -ENOMEM;
    int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (fd < 0)
        return -errno;
    hook->timeout = (struct loop_source){fd, kill_running, hook};
    return loop_add(loop, &hook->timeout, EPOLLIN);
}

void hook_close(struct hook *hook)
{
    if (!hook->command)
        return;
    if (hook->running > 0)
        kill(-hook->running, SIGKILL);
    if (hook->timeout.fd >= 0) {
        loop_remove(hook->loop, &hook->timeout);
        close(hook->timeout.fd);
    }
    free(hook->queue);
}

/* In the child. What is changed for faultline is not for what it starts. */
static _Noreturn void become_command(const struct hook *hook, int input)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signals_give_back();
    protect_give_back();
    setpgid(0, 0);
    if (dup2(input, STDIN_FILENO) >= 0 && dup2(STDERR_FILENO, STDOUT_FILENO) >= 0)
        execl("/bin/sh", "sh", "-c", hook->command, (char *)NULL);
    complain(hook, strerror(errno));
    _exit(STATUS_NOT_STARTED);
}

/* Not posix_spawn(), which waits until /bin/sh has been read from the disk: when a machine thrashes, that
 * takes as long as the events are about. Returns 0 or a negative errno. */
static int start(struct hook *hook, int input)
{
    pid_t child = fork();

    if (child < 0)
        return -errno;
    if (child == 0)
        become_command(hook, input);
    setpgid(child, child); /* here as well: whoever comes first */
    hook->running = child;
    return 0;
}

/* The line is in the pipe before the command starts, and nobody waits for anybody. */
static int run(struct hook *hook, const char *line, size_t length)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) < 0)
        return -errno;
    bool fits = fcntl(ends[1], F_SETFL, O_NONBLOCK) == 0 && write(ends[1], line, length) == (ssize_t)length;
    close(ends[1]);
    int error = fits ? start(hook, ends[0]) : -EMSGSIZE;
    close(ends[0]);
    return error;
}

static void run_next(struct hook *hook)
{
    while (hook->running == 0 && hook->waiting > 0) {
        size_t slot = hook->first;
        hook->first = (slot + 1) % HOOK_QUEUE_MAX;
        hook->waiting--;
        int error = run(hook, hook->queue + slot * HOOK_LINE_MAX, hook->lengths[slot]);
        if (error < 0)
            complain(hook, strerror(-error));
        else if (!hook->finishing)
            set_timeout(hook, HOOK_TIMEOUT_SECONDS);
    }
}

void hook_send(struct hook *hook, const struct text *line)
{
    if (!hook->command)
        return;
    if (hook->waiting == HOOK_QUEUE_MAX || line->length > HOOK_LINE_MAX) {
        if (hook->dropped++ == 0)
            complain(hook, "slower than the events: those that find 32 others waiting are dropped");
        return;
    }
    size_t slot = (hook->first + hook->waiting++) % HOOK_QUEUE_MAX;
    memcpy(hook->queue + slot * HOOK_LINE_MAX, line->bytes, line->length);
    hook->lengths[slot] = line->length;
    run_next(hook);
}

static void say_dropped(struct hook *hook)
{
    char why[80];
    struct text text = text_over(why, sizeof(why));

    text_format(&text, "%" PRIu64 " events were dropped", hook->dropped);
    complain(hook, why);
    hook->dropped = 0;
}

static void check_status(struct hook *hook, int status)
{
    char why[80];
    struct text text = text_over(why, sizeof(why));

    if ((WIFEXITED(status) && WEXITSTATUS(status) == 0) || hook->told_status || hook->timed_out)
        return;
    if (WIFEXITED(status))
        text_format(&text, "ended with status %d (said once)", WEXITSTATUS(status));
    else
        text_format(&text, "was killed by signal %d (said once)", WTERMSIG(status));
    complain(hook, why);
    hook->told_status = true;
}

void hook_reap(struct hook *hook)
{
    int status = 0;

    if (hook->running == 0)
        return;
    pid_t ended = waitpid(hook->running, &status, WNOHANG);
    if (ended == 0)
        return;
    hook->running =
        0; /* also when somebody else has waited for it (ECHILD): its pid may be another's by now */
    check_status(hook, status);
    hook->timed_out = false;
    if (!hook->finishing)
        set_timeout(hook, 0);
    run_next(hook);
    if (hook->running > 0)
        return;
    if (hook->dropped > 0)
        say_dropped(hook);
    hook->idle(hook->context);
}

void hook_finish(struct hook *hook)
{
    if (!hook_busy(hook) || hook->finishing)
        return;
    hook->finishing = true;
    set_timeout(hook, HOOK_TIMEOUT_SECONDS);
}

bool hook_busy(const struct hook *hook)
{
    return hook->running > 0 || hook->waiting > 0;
}
