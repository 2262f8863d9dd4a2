#include "watch/oom_counter.h"

#include "kernel/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

static int open_source(struct oom_counter *counter, enum source_id id, int folder_fd)
{
    counter->source = source_new(id);
    if (!counter->source)
        return -ENOMEM;
    counter->oom_kill = source_want(counter->source, "oom_kill");
    if (counter->oom_kill < 0)
        return counter->oom_kill;
    counter->values = calloc(source_value_count(counter->source), sizeof(*counter->values));
    return counter->values ? source_open(counter->source, folder_fd) : -ENOMEM;
}

int oom_counter_open(struct oom_counter *counter, const char *proc_path)
{
    int folder_fd = open(proc_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int error = open_source(counter, SOURCE_VMSTAT, folder_fd);

    if (folder_fd >= 0)
        close(folder_fd);
    return error == -ENOMEM ? error : 0;
}

/* v2 tells when memory.events changes (kernfs, within 10 ms); v1's memory.oom_control does not. Where there
 * are too many inotify instances, it is looked at, as v1's. */
static void open_inotify(struct oom_counter *counter, const char *folder)
{
    char path[PATH_MAX];

    if (snprintf(path, sizeof(path), "%s/memory.events", folder) >= (int)sizeof(path))
        return;
    counter->change_fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (counter->change_fd >= 0 && inotify_add_watch(counter->change_fd, path, IN_MODIFY) < 0) {
        close(counter->change_fd);
        counter->change_fd = -1;
    }
}

/* 0: there is no such folder. */
static ino_t number_of(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 ? status.st_ino : 0;
}

bool oom_counter_is_of(const struct oom_counter *counter, const char *path)
{
    return counter->folder == number_of(path);
}

/* Takes FOLDER_FD over where it returns 0. */
static int open_group(struct oom_counter *counter, int folder_fd, const char *path)
{
    counter->folder = number_of(path);
    int version = cgroup_version(folder_fd);
    if (version < 0)
        return version;
    if (version == CGROUP_V1) {
        counter->folder_fd = folder_fd;
        return 0;
    }
    int error = open_source(counter, SOURCE_MEMORY_EVENTS, folder_fd);
    if (error < 0)
        return error;
    open_inotify(counter, path);
    close(folder_fd);
    return 0;
}

int oom_counter_open_cgroup(struct oom_counter *counter, const char *path, struct problem *problem)
{
    int folder_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (folder_fd < 0)
        return problem_set(problem, errno, "%s: %s: --cgroup takes the folder of a cgroup", path,
                           strerror(errno));

    int error = open_group(counter, folder_fd, path);
    if (error == 0)
        return 0;
    close(folder_fd);
    return problem_set(problem, -error,
                       "%s: no memory.events and no memory.oom_control that may be read: --cgroup takes the "
                       "folder of a cgroup with the memory controller, not the root of cgroup v2",
                       path);
}

void oom_counter_close(struct oom_counter *counter)
{
    if (counter->change_fd >= 0)
        close(counter->change_fd);
    if (counter->folder_fd >= 0)
        close(counter->folder_fd);
    source_free(counter->source);
    free(counter->values);
    *counter = (struct oom_counter)OOM_COUNTER_CLOSED;
}

struct value oom_counter_read(struct oom_counter *counter)
{
    struct value now = {0, false};

    if (counter->folder_fd >= 0)
        now.present = cgroup_v1_kills(counter->folder_fd, &now.number) == 0;
    else if (counter->source && source_read(counter->source, counter->values) == 0)
        now = counter->values[counter->oom_kill];
    return now;
}

void oom_counter_hush(const struct oom_counter *counter)
{
    char changes[512];

    while (read(counter->change_fd, changes, sizeof(changes)) > 0) {
    }
}
