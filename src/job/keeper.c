#include "job/keeper.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/protect.h"
#include "base/signals.h"
#include "kernel/proc_file.h"
#include "kernel/process.h"
#include "kernel/process_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { READ_END, WRITE_END };

struct pipes {
    int gate[2]; /* the command waits for a byte */
    int exec[2];
    int notes[2]; /* a pair of sockets, faultline's first */
};

enum { TREE_MAX = 4096, KILL_TURNS = 1000, KILL_PAUSE_MS = 10 };

/* What faultline asks for. */
struct request {
    int signal; /* for the command; 0: end all */
};

/* -- in the process that becomes the command -- */

/* Through a pipe that execve() closes: what the process has used up, and then, where that fails, the errno.
 */
static void tell_of_exec(int exec_fd, const void *bytes, size_t length)
{
    if (write(exec_fd, bytes, length) < 0)
        _exit(EXIT_FAILURE); /* faultline has gone */
}

static _Noreturn void become_command(const struct keeper_settings *settings, pid_t parent,
                                     const struct pipes *pipes)
{
    struct rusage before;
    char go;

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* where the keeper itself is killed */
    close(pipes->gate[WRITE_END]);
    if (getppid() != parent || read(pipes->gate[READ_END], &go, 1) != 1)
        _exit(EXIT_FAILURE);
    signals_give_back();
    protect_give_back();
    getrusage(RUSAGE_SELF, &before);
    tell_of_exec(pipes->exec[WRITE_END], &before, sizeof(before));
    sigprocmask(SIG_SETMASK, settings->mask, NULL);
    execvp(settings->command[0], settings->command);
    int error = errno;
    tell_of_exec(pipes->exec[WRITE_END], &error, sizeof(error));
    _exit(EXIT_FAILURE);
}

/* -- the keeper -- */

struct keeping {
    const struct keeper_settings *settings;
    int fd;
    int child_fd; /* SIGCHLD */
    pid_t faultline;
    pid_t command;
    bool stopped;   /* the command is, and faultline with it */
    bool ended;     /* the command has */
    bool orphaned;  /* faultline has gone */
    bool finishing; /* what is left is being ended */
    bool killed;
    bool empty; /* nothing is left */
    uint64_t kill_ns;
    unsigned ended_by_us;
};

static void tell(struct keeping *keeping, const struct keeper_note *note)
{
    if (send(keeping->fd, note, sizeof(*note), MSG_NOSIGNAL) < 0)
        keeping->orphaned = true;
}

static void read_comm(pid_t pid, char *comm, size_t size)
{
    char path[64];

    (void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
    if (proc_file_read_small(AT_FDCWD, path, comm, size) < 0)
        comm[0] = '\0';
    comm[strcspn(comm, "\n")] = '\0';
}

/* By the keeper's own hand, one after the other: faultline, told of both, could stop itself when the command
 * has gone on already, and nobody would continue it. */
static void stop_faultline(struct keeping *keeping, bool stopped)
{
    keeping->stopped = stopped;
    if (getppid() == keeping->faultline)
        kill(keeping->faultline, stopped ? SIGSTOP : SIGCONT);
}

/* It is a zombie, whose name can be read, until it is waited for. */
static void take_end(struct keeping *keeping, pid_t pid)
{
    bool is_command = pid == keeping->command;
    struct keeper_note note = {.kind = is_command ? KEEPER_ENDED : KEEPER_ORPHAN, .pid = pid};

    read_comm(pid, note.comm, sizeof(note.comm));
    if (wait4(pid, &note.status, __WALL, &note.usage) != pid)
        return;
    if (is_command)
        keeping->ended = true;
    if (is_command && keeping->stopped)
        stop_faultline(keeping, false);
    if (is_command || (WIFSIGNALED(note.status) && !keeping->finishing))
        tell(keeping, &note);
}

static bool take_change(struct keeping *keeping)
{
    siginfo_t info = {0};

    if (waitid(P_ALL, 0, &info, WEXITED | WSTOPPED | WCONTINUED | WNOHANG | WNOWAIT | __WALL) < 0) {
        keeping->empty = errno == ECHILD;
        return false;
    }
    if (info.si_pid == 0)
        return false;
    if (info.si_code == CLD_EXITED || info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED) {
        take_end(keeping, info.si_pid);
        return true;
    }
    pid_t pid = info.si_pid;
    info = (siginfo_t){0}; /* it may have gone on, or ended, since */
    if (waitid(P_PID, (id_t)pid, &info, WSTOPPED | WCONTINUED | WNOHANG | __WALL) < 0)
        return false;
    if (info.si_pid == keeping->command)
        stop_faultline(keeping, info.si_code == CLD_STOPPED);
    return true;
}

static void take_changes(struct keeping *keeping)
{
    struct signalfd_siginfo info;

    while (read(keeping->child_fd, &info, sizeof(info)) > 0) {
    }
    while (take_change(keeping)) {
    }
}

/* -- the end of what is left -- */

static size_t signal_all(pid_t root, pid_t except, int signal)
{
    pid_t pids[TREE_MAX];
    ssize_t count = process_tree_list(root, pids, TREE_MAX);
    size_t reached = 0;

    for (ssize_t i = 0; i < count; i++) {
        if (pids[i] != except && kill(pids[i], signal) == 0)
            reached++;
    }
    return reached;
}

/* Those that are dead and not waited for yet would be reached as well. */
static void reap_all(void)
{
    while (waitpid(-1, NULL, WNOHANG | __WALL) > 0) {
    }
}

bool keeper_kill_below(pid_t root, pid_t except)
{
    const struct timespec pause = {0, KILL_PAUSE_MS * 1000000L};

    for (int turn = 0; turn < KILL_TURNS; turn++) {
        signal_all(root, except, SIGSTOP);
        if (signal_all(root, except, SIGKILL) == 0)
            return true;
        (void)nanosleep(&pause, NULL);
        if (root == getpid())
            reap_all();
    }
    return false;
}

static void kill_all(struct keeping *keeping)
{
    keeping->killed = true;
    if (keeping->settings->cgroup)
        (void)cgroup_job_kill(keeping->settings->cgroup);
    (void)keeper_kill_below(getpid(), 0);
}

static void finish(struct keeping *keeping)
{
    if (keeping->finishing)
        return;
    keeping->finishing = true;
    keeping->kill_ns = clock_monotonic_ns() + KEEPER_GRACE_SECONDS * NS_PER_SECOND;
    keeping->ended_by_us = (unsigned)signal_all(getpid(), 0, SIGTERM);
    signal_all(getpid(), 0, SIGCONT);
}

/* -- its loop -- */

static void take_request(struct keeping *keeping)
{
    struct request request;
    ssize_t length = recv(keeping->fd, &request, sizeof(request), MSG_DONTWAIT);

    if (length == 0 || (length < 0 && errno != EAGAIN && errno != EINTR))
        keeping->orphaned = true;
    if (length != sizeof(request))
        return;
    if (request.signal == 0)
        finish(keeping);
    else if (!keeping->ended)
        kill(keeping->command, request.signal);
}

static int patience_ms(const struct keeping *keeping)
{
    uint64_t now = clock_monotonic_ns();

    if (!keeping->finishing)
        return -1;
    return keeping->kill_ns > now ? (int)((keeping->kill_ns - now) / 1000000 + 1) : 0;
}

static void step(struct keeping *keeping)
{
    struct pollfd fds[] = {{keeping->child_fd, POLLIN, 0}, {keeping->fd, POLLIN, 0}};

    (void)poll(fds, 2, patience_ms(keeping));
    take_changes(keeping);
    if (fds[1].revents)
        take_request(keeping);
    if (keeping->ended && !keeping->settings->waits)
        finish(keeping);
    if (keeping->finishing && patience_ms(keeping) == 0)
        kill_all(keeping);
}

static void tell_done(struct keeping *keeping)
{
    struct keeper_note note = {.kind = KEEPER_DONE, .ended_by_us = keeping->ended_by_us};
    pid_t pids[TREE_MAX];
    ssize_t left = keeping->empty ? 0 : process_tree_list(getpid(), pids, TREE_MAX);

    note.left = left > 0 ? (unsigned)left : 0;
    getrusage(RUSAGE_CHILDREN, &note.usage);
    tell(keeping, &note);
}

static void await_faultline(struct keeping *keeping)
{
    struct pollfd faultline = {keeping->fd, POLLIN, 0};

    while (!keeping->orphaned) {
        (void)poll(&faultline, 1, -1);
        take_request(keeping);
    }
}

/* On a busy machine the last process may be longer in going than one try waits. */
static void remove_cgroup(struct cgroup_job *cgroup)
{
    enum { TRIES = 5 };

    for (int i = 0; i < TRIES && cgroup_job_remove(cgroup) == -EBUSY; i++)
        (void)cgroup_job_kill(cgroup);
}

static _Noreturn void keep(struct keeping *keeping)
{
    while (!keeping->empty && !keeping->killed && !keeping->orphaned)
        step(keeping);
    take_changes(keeping);
    if (!keeping->orphaned)
        tell_done(keeping);
    await_faultline(keeping); /* which reads what the job's cgroup says, or has been killed */
    if (!keeping->empty)
        kill_all(keeping);
    if (keeping->settings->cgroup)
        remove_cgroup(keeping->settings->cgroup);
    _exit(EXIT_SUCCESS);
}

/* -- its beginning -- */

/* Who is above the process group of PID, in its session: a shell that sees it stop, and continues it. */
static bool has_shell(pid_t pid)
{
    struct process_stat stat = {.parent = (uint64_t)pid};
    int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    pid_t group = getpgid(pid);
    int error = 0;

    while (error == 0 && stat.parent > 0 && getpgid((pid_t)stat.parent) == group)
        error = process_read_stat(proc_fd, stat.parent, &stat);
    if (proc_fd >= 0)
        close(proc_fd);
    return error < 0 || (stat.parent > 0 && getsid((pid_t)stat.parent) == getsid(pid));
}

/*
 * Neither the terminal nor a signal to the group reaches the keeper. As the command's parent in another group
 * of its session it would stand for a shell to the kernel, which then stops the command at Ctrl-Z; where
 * there is none (a terminal that was opened for faultline alone) nobody would ever continue it.
 */
static void leave_group(pid_t faultline)
{
    if (has_shell(faultline))
        setpgid(0, 0);
    else
        setsid();
}

static int open_child_fd(void)
{
    sigset_t child;

    sigemptyset(&child);
    sigaddset(&child, SIGCHLD);
    return signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
}

static _Noreturn void become_keeper(const struct keeper_settings *settings, const struct pipes *pipes)
{
    struct keeping keeping = {.settings = settings, .fd = pipes->notes[WRITE_END], .faultline = getppid()};
    void (*children)(int) = signal(SIGCHLD, SIG_DFL); /* where it is ignored nobody can be waited for */
    pid_t keeper = getpid();

    prctl(PR_SET_NAME, "run-keeper"); /* `killall faultline` leaves it the time to clean up */
    close(pipes->notes[READ_END]);
    keeping.child_fd = open_child_fd();
    if (keeping.child_fd < 0 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
        _exit(EXIT_FAILURE);
    keeping.command = fork();
    if (keeping.command == 0) {
        (void)signal(SIGCHLD, children);
        become_command(settings, keeper, pipes);
    }
    if (keeping.command < 0)
        _exit(EXIT_FAILURE);
    close(pipes->gate[READ_END]);
    close(pipes->gate[WRITE_END]);
    close(pipes->exec[READ_END]);
    close(pipes->exec[WRITE_END]);
    leave_group(keeping.faultline);
    file_let_go_of_inherited(-1);
    tell(&keeping, &(struct keeper_note){.kind = KEEPER_STARTED, .pid = keeping.command});
    keep(&keeping);
}

/* -- in faultline -- */

static void close_pair(int pair[2])
{
    for (int i = 0; i < 2; i++) {
        if (pair[i] >= 0)
            close(pair[i]);
    }
}

static int open_pipes(struct pipes *pipes)
{
    *pipes = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
    if (pipe2(pipes->gate, O_CLOEXEC) == 0 && pipe2(pipes->exec, O_CLOEXEC) == 0 &&
        socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pipes->notes) == 0)
        return 0;
    int error = -errno;
    close_pair(pipes->gate);
    close_pair(pipes->exec);
    return error;
}

static void take_own_ends(struct keeper *keeper, const struct pipes *pipes)
{
    close(pipes->gate[READ_END]);
    close(pipes->exec[WRITE_END]);
    close(pipes->notes[WRITE_END]);
    keeper->gate_fd = pipes->gate[WRITE_END];
    keeper->exec_fd = pipes->exec[READ_END];
    keeper->fd = pipes->notes[READ_END];
}

int keeper_start(struct keeper *keeper, const struct keeper_settings *settings)
{
    struct pipes pipes;
    struct keeper_note note;

    *keeper = (struct keeper)KEEPER_CLOSED;
    int error = open_pipes(&pipes);
    if (error < 0)
        return error;
    keeper->pid = fork();
    error = keeper->pid < 0 ? -errno : 0;
    if (keeper->pid == 0)
        become_keeper(settings, &pipes);
    take_own_ends(keeper, &pipes);
    if (error == 0 &&
        (recv(keeper->fd, &note, sizeof(note), 0) != sizeof(note) || note.kind != KEEPER_STARTED))
        error = -EAGAIN; /* as fork(2) has it where there is no room for a process more */
    if (error == 0)
        keeper->command = note.pid;
    else
        keeper_close(keeper);
    return error;
}

int keeper_release(struct keeper *keeper, struct rusage *before)
{
    int error = 0;

    *before = (struct rusage){0};
    if (write(keeper->gate_fd, "", 1) != 1 ||
        read(keeper->exec_fd, before, sizeof(*before)) != sizeof(*before) ||
        read(keeper->exec_fd, &error, sizeof(error)) != sizeof(error))
        return 0; /* it runs, or was killed meanwhile, which its end tells */
    return -error;
}

int keeper_read(struct keeper *keeper, struct keeper_note *note)
{
    ssize_t length = recv(keeper->fd, note, sizeof(*note), MSG_DONTWAIT);

    if (length < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    return length == sizeof(*note) ? 1 : -EPIPE;
}

static void ask(const struct keeper *keeper, int signal)
{
    const struct request request = {signal};

    if (send(keeper->fd, &request, sizeof(request), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) {
        /* it has gone, which is told when it is read from */
    }
}

void keeper_signal(struct keeper *keeper, int signal)
{
    ask(keeper, signal);
}

void keeper_finish(struct keeper *keeper)
{
    ask(keeper, 0);
}

void keeper_close(struct keeper *keeper)
{
    int fds[] = {keeper->fd, keeper->gate_fd, keeper->exec_fd};

    for (size_t i = 0; i < sizeof(fds) / sizeof(*fds); i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    if (keeper->pid > 0)
        (void)waitpid(keeper->pid, NULL, 0);
    *keeper = (struct keeper)KEEPER_CLOSED;
}
