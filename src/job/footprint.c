#include "job/footprint.h"

#include "base/clock.h"
#include "base/memory.h"
#include "kernel/process_tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

static const uint64_t first_pause_ns = NS_PER_SECOND / 200;
static const uint64_t usual_pause_ns = NS_PER_SECOND / 4;
static const uint64_t limited_pause_ns =
    NS_PER_SECOND / 20;       /* where an allocation may fail: how full was it? */
enum { PAUSES_A_LOOK = 100 }; /* of the time, a hundredth at most is for looking */

int footprint_init(struct footprint *footprint)
{
    *footprint = (struct footprint){
        .pause_ns = first_pause_ns,
        .next_ns = clock_monotonic_ns() + first_pause_ns,
        .proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC),
    };
    if (footprint->proc_fd < 0)
        return -errno;
    footprint->pids = memory_new(FOOTPRINT_PROCESSES_MAX * sizeof(*footprint->pids));
    if (!footprint->pids)
        close(footprint->proc_fd);
    return footprint->pids ? 0 : -ENOMEM;
}

void footprint_free(struct footprint *footprint)
{
    if (!footprint->pids)
        return;
    close(footprint->proc_fd);
    free(footprint->pids);
    *footprint = (struct footprint){0};
}

static struct footprint_process process_of(const struct process_stat *stat, uint64_t page_bytes)
{
    struct footprint_process process = {.pid = (pid_t)stat->pid, .rss_bytes = stat->rss_pages * page_bytes};

    memcpy(process.comm, stat->comm, sizeof(process.comm));
    return process;
}

static void look_at_space(struct footprint_space *space, const struct process_stat *stat, uint64_t page_bytes)
{
    struct rlimit limit;

    if (prlimit((pid_t)stat->pid, RLIMIT_AS, NULL, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY ||
        limit.rlim_cur == 0)
        return;
    double share = (double)stat->address_space_bytes / (double)limit.rlim_cur;
    if (space->process.pid != 0 && share <= (double)space->used_bytes / (double)space->limit_bytes)
        return;
    *space =
        (struct footprint_space){process_of(stat, page_bytes), stat->address_space_bytes, limit.rlim_cur};
}

static void look_at_process(struct footprint *footprint, pid_t pid, uint64_t page_bytes)
{
    struct process_stat stat;

    if (process_read_stat(footprint->proc_fd, (uint64_t)pid, &stat) < 0)
        return;
    footprint->rss_bytes += stat.rss_pages * page_bytes;
    if (stat.rss_pages * page_bytes > footprint->largest.rss_bytes)
        footprint->largest = process_of(&stat, page_bytes);
    look_at_space(&footprint->space, &stat, page_bytes);
}

static void look_at_shared_memory(struct footprint *footprint)
{
    struct file_system now;

    if (file_system_look(&now, "/dev/shm") < 0)
        return;
    if (footprint->shared_memory.size_bytes == 0 || now.free_bytes < footprint->shared_memory.free_bytes)
        footprint->shared_memory = now;
}

static size_t list(struct footprint *footprint, const struct cgroup_job *cgroup, pid_t keeper)
{
    size_t count = 0;

    if (cgroup && cgroup_job_processes(cgroup, footprint->pids, FOOTPRINT_PROCESSES_MAX, &count) == 0)
        return count < FOOTPRINT_PROCESSES_MAX ? count : FOOTPRINT_PROCESSES_MAX;
    ssize_t listed = process_tree_list(keeper, footprint->pids, FOOTPRINT_PROCESSES_MAX);
    return listed > 0 ? (size_t)listed : 0;
}

static void plan_next(struct footprint *footprint, uint64_t began_ns)
{
    uint64_t now_ns = clock_monotonic_ns();
    uint64_t took_ns = now_ns - began_ns;

    footprint->next_ns = now_ns + footprint->pause_ns;
    if (took_ns * PAUSES_A_LOOK > footprint->pause_ns)
        footprint->next_ns = now_ns + took_ns * PAUSES_A_LOOK;
    uint64_t most_ns = footprint->space.process.pid > 0 ? limited_pause_ns : usual_pause_ns;
    footprint->pause_ns = 2 * footprint->pause_ns < most_ns ? 2 * footprint->pause_ns : most_ns;
}

void footprint_look(struct footprint *footprint, const struct cgroup_job *cgroup, pid_t keeper)
{
    uint64_t page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    uint64_t began_ns = clock_monotonic_ns();

    footprint->rss_bytes = 0;
    footprint->processes = list(footprint, cgroup, keeper);
    footprint->cut |= footprint->processes == FOOTPRINT_PROCESSES_MAX;
    for (size_t i = 0; i < footprint->processes; i++)
        look_at_process(footprint, footprint->pids[i], page_bytes);
    if (footprint->rss_bytes > footprint->peak_bytes)
        footprint->peak_bytes = footprint->rss_bytes;
    if (footprint->processes > footprint->most_processes)
        footprint->most_processes = footprint->processes;
    look_at_shared_memory(footprint);
    footprint->looks++;
    plan_next(footprint, began_ns);
}

bool footprint_has(const struct footprint *footprint, pid_t pid)
{
    for (size_t i = 0; i < footprint->processes; i++) {
        if (footprint->pids[i] == pid)
            return true;
    }
    return false;
}
