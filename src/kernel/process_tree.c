#include "kernel/process_tree.h"

#include "kernel/entries.h"
#include "kernel/process.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>

enum {
    PATH_BYTES = 64,
    FOLDER_BYTES = 4096,
    DEPTH_MAX = 4096, /* pids that change under our feet could lead in a circle */
};

struct listing {
    pid_t *pids;
    size_t room;
    size_t count;
};

static void add(struct listing *listing, pid_t pid)
{
    if (listing->count < listing->room)
        listing->pids[listing->count++] = pid;
}

/* "4242 4243 ": read in pieces of any size. */
static void add_children(struct listing *listing, int fd)
{
    char bytes[FOLDER_BYTES];
    ssize_t length;
    pid_t pid = 0;

    while ((length = read(fd, bytes, sizeof(bytes))) > 0) {
        for (ssize_t i = 0; i < length; i++) {
            if (isdigit((unsigned char)bytes[i]))
                pid = pid * 10 + (bytes[i] - '0');
            else if (pid > 0)
                add(listing, pid);
            if (!isdigit((unsigned char)bytes[i]))
                pid = 0;
        }
    }
}

static int add_children_of_thread(struct listing *listing, int task_fd, const char *thread)
{
    char path[PATH_BYTES];

    (void)snprintf(path, sizeof(path), "%.20s/children", thread);
    int fd = openat(task_fd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    add_children(listing, fd);
    close(fd);
    return 0;
}

/* Any of its threads may have forked. */
static int add_children_of(struct listing *listing, pid_t parent)
{
    _Alignas(uint64_t) char memory[FOLDER_BYTES];
    char path[PATH_BYTES];
    struct entry entry;
    int error = -ENOENT;

    (void)snprintf(path, sizeof(path), "/proc/%d/task", (int)parent);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    struct entries threads = entries_of(fd, memory, sizeof(memory));
    while (entries_next(&threads, &entry) > 0) {
        if (isdigit((unsigned char)entry.name[0]) && add_children_of_thread(listing, fd, entry.name) == 0)
            error = 0;
    }
    close(fd);
    return error;
}

static void add_children_by_parent(struct listing *listing, struct process_list *list, pid_t parent)
{
    struct process_listed listed;
    struct process_stat stat;

    if (process_list_rewind(list) < 0)
        return;
    while (listing->count < listing->room && process_list_next(list, &listed) > 0) {
        if (process_read_stat(list->fd, listed.pid, &stat) == 0 && stat.parent == (uint64_t)parent)
            add(listing, (pid_t)listed.pid);
    }
}

/* A look at all processes for each of the tree: what it costs is what such a kernel is. */
ssize_t process_tree_list_by_parents(pid_t root, pid_t *pids, size_t room)
{
    static struct process_list list; /* 32 KiB */
    struct listing listing = {.room = room};
    int error = process_list_open(&list, "/proc");

    if (error < 0)
        return error;
    listing.pids = pids;
    add_children_by_parent(&listing, &list, root);
    for (size_t i = 0; i < listing.count; i++)
        add_children_by_parent(&listing, &list, pids[i]);
    process_list_close(&list);
    return (ssize_t)listing.count;
}

static bool is_there(pid_t pid)
{
    return pid > 0 && (kill(pid, 0) == 0 || errno == EPERM);
}

ssize_t process_tree_list(pid_t root, pid_t *pids, size_t room)
{
    struct listing listing = {.room = room};

    listing.pids = pids;
    int error = add_children_of(&listing, root);

    if (error == -ENOENT && is_there(root))
        return process_tree_list_by_parents(root, pids, room);
    if (error < 0)
        return error;
    for (size_t i = 0; i < listing.count; i++)
        (void)add_children_of(&listing, listing.pids[i]); /* one that has ended has none */
    return (ssize_t)listing.count;
}

bool process_tree_has(pid_t root, pid_t pid)
{
    int proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct process_stat stat = {.parent = (uint64_t)pid};

    for (int i = 0; i < DEPTH_MAX && stat.parent > 1 && stat.parent != (uint64_t)root; i++) {
        if (process_read_stat(proc_fd, stat.parent, &stat) < 0)
            break;
    }
    if (proc_fd >= 0)
        close(proc_fd);
    return stat.parent == (uint64_t)root && pid != root;
}
