#include "kernel/perf_cpus.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { CPUS_MAX = 8192 }; /* the most that a kernel can be built for (NR_CPUS) */

static int open_event(const struct perf_event_attr *attributes, int cpu)
{
    struct perf_event_attr copy = *attributes; /* the kernel may write into it */
    long fd = syscall(SYS_perf_event_open, &copy, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC);

    return fd < 0 ? -errno : (int)fd;
}

static int keep_fd(struct perf_cpus *cpus, int fd)
{
    int *fds = realloc(cpus->fds, (cpus->count + 1) * sizeof(*fds));

    if (!fds) {
        close(fd);
        return -ENOMEM;
    }
    cpus->fds = fds;
    cpus->fds[cpus->count++] = fd;
    return 0;
}

/* The kernel itself says which CPUs there are: ENODEV for one that is offline, EINVAL behind the last. */
static int open_all(struct perf_cpus *cpus, const struct perf_event_attr *attributes)
{
    for (int cpu = 0; cpu < CPUS_MAX; cpu++) {
        int fd = open_event(attributes, cpu);
        if (fd == -ENODEV)
            continue;
        if (fd == -EINVAL && cpus->count > 0)
            break;
        int error = fd < 0 ? fd : keep_fd(cpus, fd);
        if (error < 0)
            return error;
    }
    return cpus->count > 0 ? 0 : -ENODEV;
}

int perf_cpus_open(struct perf_cpus *cpus, const struct perf_event_attr *attributes)
{
    *cpus = (struct perf_cpus){0};
    int error = open_all(cpus, attributes);
    if (error < 0)
        perf_cpus_close(cpus);
    return error;
}

void perf_cpus_close(struct perf_cpus *cpus)
{
    for (size_t i = 0; i < cpus->count; i++)
        close(cpus->fds[i]);
    free(cpus->fds);
    *cpus = (struct perf_cpus){0};
}

static int attach_all(const struct perf_cpus *cpus, int program_fd)
{
    for (size_t i = 0; i < cpus->count; i++) {
        if (ioctl(cpus->fds[i], PERF_EVENT_IOC_SET_BPF, program_fd) < 0 ||
            ioctl(cpus->fds[i], PERF_EVENT_IOC_ENABLE, 0) < 0)
            return -errno;
    }
    return 0;
}

int perf_cpus_run(struct perf_cpus *cpus, unsigned config, int program_fd)
{
    const struct perf_event_attr attributes = {
        .type = PERF_TYPE_SOFTWARE,
        .size = sizeof(attributes),
        .config = config,
        .sample_period = 1,
        .disabled = 1, /* not before the program is there */
    };
    int error = perf_cpus_open(cpus, &attributes);

    if (error == 0)
        error = attach_all(cpus, program_fd);
    if (error < 0)
        perf_cpus_close(cpus);
    return error;
}
