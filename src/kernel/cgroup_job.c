#include "kernel/cgroup_job.h"

#include "base/clock.h"
#include "kernel/cgroup.h"
#include "kernel/cgroup_tree.h"
#include "kernel/entries.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const uint64_t move_back_ns = 2 * NS_PER_SECOND;

struct cgroup_job cgroup_job_none(void)
{
    const struct cgroup_job_folder none = {-1, -1, false};
    return (struct cgroup_job){.memory = none, .stalls = none, .keeper = none};
}

/* Ones that the kernel does not count swap for have no such file, or one that it refuses. */
static int limit_with_swap(int folder_fd, const char *word)
{
    int error = cgroup_write(folder_fd, "memory.memsw.limit_in_bytes", word);
    return error == -ENOENT || error == -EOPNOTSUPP ? 0 : error;
}

/* The limit with swap is never below that without it, on the way up and on the way down. */
static int limit_v1(int folder_fd, const char *word)
{
    int error = cgroup_write(folder_fd, "memory.limit_in_bytes", word);

    if (error != -EINVAL)
        return error < 0 ? error : limit_with_swap(folder_fd, word);
    error = limit_with_swap(folder_fd, word);
    return error < 0 ? error : cgroup_write(folder_fd, "memory.limit_in_bytes", word);
}

int cgroup_job_limit(struct cgroup_job *job, uint64_t bytes)
{
    char word[24];

    (void)snprintf(word, sizeof(word), "%" PRIu64, bytes);
    return job->version == CGROUP_V1 ? limit_v1(job->memory.fd, word)
                                     : cgroup_write(job->memory.fd, "memory.max", word);
}

int cgroup_job_place(const struct cgroup_job *job, pid_t pid)
{
    bool has_stalls = job->stalls.fd >= 0;

    if (pid <= 0)
        return -EINVAL;
    int error = has_stalls ? cgroup_move(job->stalls.fd, pid) : 0;
    if (error < 0)
        return error;
    error = cgroup_move(job->memory.fd, pid);
    if (error < 0 && has_stalls)
        cgroup_move(job->stalls.above_fd, pid);
    return error;
}

int cgroup_job_read(const struct cgroup_job *job, struct cgroup_account *account)
{
    int stall_fd = job->version == CGROUP_V2 ? job->memory.fd : job->stalls.fd;
    return cgroup_account_read(job->memory.fd, job->version, stall_fd, account);
}

int cgroup_job_processes(const struct cgroup_job *job, pid_t *pids, size_t room, size_t *count)
{
    return cgroup_tree_processes(job->memory.fd, pids, room, count);
}

/* Of v1 the group of v2, which has the same processes, may have them killed at once. */
int cgroup_job_kill(const struct cgroup_job *job)
{
    if (job->stalls.fd >= 0)
        cgroup_write(job->stalls.fd, "cgroup.kill", "1");
    return cgroup_tree_kill(job->memory.fd);
}

static int remove_folder(struct cgroup_job_folder *folder, const char *name)
{
    int error = folder->made ? cgroup_tree_remove(folder->above_fd, name) : 0;

    if (error == 0)
        folder->made = false;
    return error;
}

/* Whether there is a group below: of another run, or of somebody who needs the controller by now. The job's
 * own one has been removed. */
static bool has_groups(int folder_fd)
{
    _Alignas(uint64_t) char memory[4096];
    struct entry entry;
    bool found = false;
    int fd = openat(folder_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC); /* read from its beginning */
    struct entries entries = entries_of(fd, memory, sizeof(memory));

    while (fd >= 0 && !found && entries_next(&entries, &entry) > 0)
        found = entry.type == DT_DIR && entry.name[0] != '.';
    if (fd >= 0)
        close(fd);
    return found;
}

/* Below the root it stays handed down where others may use it by now. */
static int take_back_controller(struct cgroup_job *job)
{
    bool shared = !job->keeper.made;

    if (!job->handed_down || (shared && has_groups(job->memory.above_fd)))
        return 0;
    int error = cgroup_write(job->memory.above_fd, "cgroup.subtree_control", "-memory");
    if (error == -EBUSY && shared)
        return 0;
    if (error == 0)
        job->handed_down = false;
    return error;
}

/* Returns how many there were, or a negative errno. One that ends meanwhile is none. */
static int move_some_back(const struct cgroup_job_folder *keeper)
{
    pid_t pids[64];
    size_t room = sizeof(pids) / sizeof(*pids);
    size_t count = 0;
    int error = cgroup_processes(keeper->fd, pids, room, &count);

    for (size_t i = 0; error == 0 && i < count && i < room; i++) {
        error = pids[i] == 0 ? -EPERM : cgroup_move(keeper->above_fd, pids[i]); /* 0 would be the caller */
        if (error == -ESRCH)
            error = 0;
    }
    return error < 0 ? error : count > 0;
}

static int move_back(const struct cgroup_job_folder *keeper)
{
    uint64_t deadline_ns = clock_monotonic_ns() + move_back_ns;
    int some;

    while ((some = move_some_back(keeper)) > 0 && clock_monotonic_ns() < deadline_ns)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return some > 0 ? -EBUSY : some;
}

static int remove_keeper(struct cgroup_job *job)
{
    char name[CGROUP_JOB_NAME_MAX + sizeof(CGROUP_JOB_KEEPER)];

    (void)snprintf(name, sizeof(name), "%s%s", job->name, CGROUP_JOB_KEEPER);
    int error = job->keeper.made && job->keeper.fd >= 0 ? move_back(&job->keeper) : 0;
    return error < 0 ? error : remove_folder(&job->keeper, name);
}

static int first_of(int error, int other)
{
    return error < 0 ? error : other;
}

int cgroup_job_remove(struct cgroup_job *job)
{
    int error = remove_folder(&job->memory, job->name);

    error = first_of(error, remove_folder(&job->stalls, job->name));
    if (!job->memory.made)
        error = first_of(error, take_back_controller(job));
    if (!job->memory.made)
        error = first_of(error, remove_keeper(job));
    if (error == 0)
        cgroup_job_close(job);
    return error;
}

static void close_folder(const struct cgroup_job_folder *folder)
{
    if (folder->fd >= 0)
        close(folder->fd);
    if (folder->above_fd >= 0)
        close(folder->above_fd);
}

void cgroup_job_close(struct cgroup_job *job)
{
    close_folder(&job->memory);
    close_folder(&job->stalls);
    close_folder(&job->keeper);
    *job = cgroup_job_none();
}
