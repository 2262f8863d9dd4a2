#include "kernel/cgroup_tree.h"

#include "base/clock.h"
#include "base/text.h"
#include "kernel/cgroup_walk.h"
#include "kernel/scan.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const uint64_t kill_ns = 10 * NS_PER_SECOND;
static const uint64_t remove_ns = 2 * NS_PER_SECOND;

int cgroup_write(int folder_fd, const char *file, const char *word)
{
    int fd = openat(folder_fd, file, O_WRONLY | O_CLOEXEC);

    if (fd < 0)
        return -errno;
    int error = write(fd, word, strlen(word)) < 0 ? -errno : 0;
    close(fd);
    return error;
}

int cgroup_move(int folder_fd, pid_t pid)
{
    char word[24];

    (void)snprintf(word, sizeof(word), "%d", (int)pid);
    return cgroup_write(folder_fd, "cgroup.procs", word);
}

/* What is done with each process; PID is 0 for one of another namespace. */
struct visitor {
    void (*visit)(void *context, pid_t pid);
    void *context;
};

/* Visits those of whole lines. Returns how many bytes these have. */
static size_t visit_lines(const char *bytes, size_t length, const struct visitor *visitor)
{
    const char *end = bytes + length;
    const char *line = bytes;
    const char *newline;

    for (; (newline = memchr(line, '\n', (size_t)(end - line))); line = newline + 1) {
        struct value number = {0, false};
        scan_unsigned(line, newline, &number);
        if (number.present && number.number <= INT_MAX)
            visitor->visit(visitor->context, (pid_t)number.number);
    }
    return (size_t)(line - bytes);
}

/* cgroup.procs may have any length. */
static int visit_file(int fd, const struct visitor *visitor)
{
    char bytes[4096];
    size_t kept = 0;
    ssize_t got;

    while ((got = read(fd, bytes + kept, sizeof(bytes) - kept)) != 0) {
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -errno;
        size_t length = kept + (size_t)got;
        size_t whole = visit_lines(bytes, length, visitor);
        kept = length - whole;
        if (kept == sizeof(bytes))
            return -EBADMSG;
        memmove(bytes, bytes + whole, kept);
    }
    return 0;
}

static int visit_group(int folder_fd, const struct visitor *visitor)
{
    int fd = openat(folder_fd, "cgroup.procs", O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return -errno;
    int error = visit_file(fd, visitor);
    close(fd);
    return error;
}

/* One that has been removed meanwhile has no processes; those of a threaded one are told by the group above
 * it that it is a part of. */
static bool has_none_of_its_own(int error)
{
    return error == -ENOENT || error == -ENODEV || error == -EOPNOTSUPP;
}

static int visit_tree(int folder_fd, const struct visitor *visitor)
{
    struct cgroup_walk walk;
    struct cgroup_found group;
    char folder[32];
    int error = 0;

    (void)snprintf(folder, sizeof(folder), "/proc/self/fd/%d", folder_fd);
    int more = cgroup_walk_begin(&walk, folder, &group);
    for (; more > 0 && error == 0; more = cgroup_walk_next(&walk, &group)) {
        error = group.fd < 0 ? group.fd : visit_group(group.fd, visitor);
        if (has_none_of_its_own(error))
            error = 0;
    }
    cgroup_walk_end(&walk);
    return error < 0 ? error : more;
}

/* Where they are put down, as far as there is room. */
struct pid_list {
    pid_t *pids;
    size_t room;
    size_t count;
};

static struct pid_list pid_list_over(pid_t *pids, size_t room)
{
    struct pid_list list = {0};

    list.pids = pids;
    list.room = room;
    return list;
}

static void put_down(void *context, pid_t pid)
{
    struct pid_list *list = context;

    if (list->count < list->room)
        list->pids[list->count] = pid;
    list->count++;
}

int cgroup_processes(int folder_fd, pid_t *pids, size_t room, size_t *count)
{
    struct pid_list list = pid_list_over(pids, room);
    int error = visit_group(folder_fd, &(struct visitor){put_down, &list});

    *count = error < 0 ? 0 : list.count;
    return error;
}

int cgroup_tree_processes(int folder_fd, pid_t *pids, size_t room, size_t *count)
{
    struct pid_list list = pid_list_over(pids, room);
    int error = visit_tree(folder_fd, &(struct visitor){put_down, &list});

    *count = error < 0 ? 0 : list.count;
    return error;
}

struct search {
    pid_t wanted;
    size_t found;
    size_t others;
};

static void look_at(void *context, pid_t pid)
{
    struct search *search = context;

    search->found += pid == search->wanted;
    search->others += pid != search->wanted;
}

int cgroup_holds(int folder_fd, pid_t pid, bool *holds, bool *alone)
{
    struct search search = {.wanted = pid};
    int error = visit_group(folder_fd, &(struct visitor){look_at, &search});

    *holds = error == 0 && search.found > 0;
    *alone = *holds && search.others == 0;
    return error;
}

/* Whom a signal was sent to, and what came of it. */
struct signalling {
    int signal;
    size_t count;
    int error; /* the first that tells something */
};

/* To 0, who is of another namespace, kill(2) would take for the caller's own. */
static void send_signal(void *context, pid_t pid)
{
    struct signalling *signalling = context;

    signalling->count++;
    if ((pid == 0 || kill(pid, signalling->signal) < 0) && signalling->error == 0)
        signalling->error = pid == 0 ? -EPERM : errno == ESRCH ? 0 : -errno;
}

static struct signalling signal_tree(int folder_fd, int signal)
{
    struct signalling signalling = {.signal = signal};
    int error = visit_tree(folder_fd, &(struct visitor){send_signal, &signalling});

    if (error < 0)
        signalling.error = error;
    return signalling;
}

static void pause_ms(long milliseconds)
{
    nanosleep(&(struct timespec){.tv_nsec = milliseconds * 1000000}, NULL);
}

/* A process with a signal that waits for it cannot fork: fork(2) begins anew behind it (kernel/fork.c,
 * copy_process()). So as many as before means that no new one came, as a rule. */
static void stop_tree(int folder_fd, uint64_t deadline_ns)
{
    size_t before = 0;

    for (;;) {
        size_t count = signal_tree(folder_fd, SIGSTOP).count;
        if (count == before || clock_monotonic_ns() > deadline_ns)
            return;
        before = count;
    }
}

static int kill_once(int folder_fd, uint64_t deadline_ns)
{
    if (cgroup_write(folder_fd, "cgroup.kill", "1") == 0)
        return 0;
    stop_tree(folder_fd, deadline_ns);
    return signal_tree(folder_fd, SIGKILL).error;
}

int cgroup_tree_kill(int folder_fd)
{
    uint64_t deadline_ns = clock_monotonic_ns() + kill_ns;

    for (;;) {
        size_t left = 0;
        int error = kill_once(folder_fd, deadline_ns);
        int unread = cgroup_tree_processes(folder_fd, NULL, 0, &left);
        if (unread < 0 || left == 0)
            return unread;
        if (clock_monotonic_ns() > deadline_ns)
            return error < 0 ? error : -ETIMEDOUT;
        pause_ms(2);
    }
}

static int remove_folder(int above_fd, const char *name)
{
    return unlinkat(above_fd, name, AT_REMOVEDIR) == 0 || errno == ENOENT ? 0 : -errno;
}

static void remove_tree(int above_fd, const char *name, unsigned depth);

static void remove_below(int folder_fd, unsigned depth)
{
    _Alignas(uint64_t) char memory[CGROUP_LIST_BYTES];
    struct entries entries = entries_of(folder_fd, memory, sizeof(memory));
    struct entry entry;

    while (entries_next(&entries, &entry) > 0) {
        if (entry.type == DT_DIR && strcmp(entry.name, ".") != 0 && strcmp(entry.name, "..") != 0)
            remove_tree(folder_fd, entry.name, depth);
    }
}

/* As far as that goes; DEPTH levels below it. */
static void remove_tree(int above_fd, const char *name, unsigned depth)
{
    if (remove_folder(above_fd, name) == 0 || depth == 0)
        return;
    int fd = openat(above_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0)
        return;
    remove_below(fd, depth - 1);
    close(fd);
    remove_folder(above_fd, name);
}

int cgroup_tree_remove(int above_fd, const char *name)
{
    uint64_t deadline_ns = clock_monotonic_ns() + remove_ns;

    for (;;) {
        remove_tree(above_fd, name, CGROUP_DEPTH_MAX);
        int error = remove_folder(above_fd, name);
        if (error != -EBUSY || clock_monotonic_ns() > deadline_ns)
            return error;
        pause_ms(2);
    }
}
