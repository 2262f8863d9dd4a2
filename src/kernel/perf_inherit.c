#include "kernel/perf_inherit.h"

#include "kernel/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FAILED_FOR_WANT_OF_MEMORY "ret == -12" /* -ENOMEM, on every machine */

static const struct {
    enum perf_inherit_event event;
    unsigned config;
    bool in_the_kernel; /* alone does it happen */
} software[] = {
    {PERF_INHERIT_MINOR_FAULTS, PERF_COUNT_SW_PAGE_FAULTS_MIN, false},
    {PERF_INHERIT_MAJOR_FAULTS, PERF_COUNT_SW_PAGE_FAULTS_MAJ, false},
    {PERF_INHERIT_CONTEXT_SWITCHES, PERF_COUNT_SW_CONTEXT_SWITCHES, true},
    {PERF_INHERIT_CPU_TIME, PERF_COUNT_SW_TASK_CLOCK, false}, /* goes on in both modes, whoever asks */
};

static const struct {
    enum perf_inherit_event event;
    const char *id; /* below tracefs */
} failures[] = {
    {PERF_INHERIT_FAILED_MMAPS, "events/syscalls/sys_exit_mmap/id"},
    {PERF_INHERIT_FAILED_MREMAPS, "events/syscalls/sys_exit_mremap/id"},
};

enum {
    SOFTWARE_EVENTS = sizeof(software) / sizeof(*software),
    FAILURE_EVENTS = sizeof(failures) / sizeof(*failures)
};

static int open_event(uint32_t type, uint64_t config, bool user_mode_only, pid_t pid)
{
    struct perf_event_attr attributes = {
        .type = type,
        .size = sizeof(attributes),
        .config = config,
        .disabled = 1,
        .enable_on_exec = 1,
        .inherit = 1,
        .exclude_kernel = user_mode_only,
    };
    long fd = syscall(SYS_perf_event_open, &attributes, pid, -1, -1, PERF_FLAG_FD_CLOEXEC);

    return fd < 0 ? -errno : (int)fd;
}

static void close_event(struct perf_inherit *events, enum perf_inherit_event event)
{
    if (events->fds[event] >= 0)
        close(events->fds[event]);
    events->fds[event] = -1;
}

void perf_inherit_close(struct perf_inherit *events)
{
    for (unsigned i = 0; i < PERF_INHERIT_EVENTS; i++)
        close_event(events, i);
}

static void open_none(struct perf_inherit *events)
{
    for (unsigned i = 0; i < PERF_INHERIT_EVENTS; i++)
        events->fds[i] = -1;
}

static int open_software(struct perf_inherit *events, pid_t pid)
{
    for (unsigned i = 0; i < SOFTWARE_EVENTS; i++) {
        if (software[i].in_the_kernel && events->user_mode_only)
            continue;
        int fd = open_event(PERF_TYPE_SOFTWARE, software[i].config, events->user_mode_only, pid);
        if (fd < 0)
            return fd;
        events->fds[software[i].event] = fd;
    }
    return 0;
}

int perf_inherit_open(struct perf_inherit *events, pid_t pid)
{
    events->user_mode_only = false;
    open_none(events);
    int error = open_software(events, pid);
    if (error == -EACCES) {
        perf_inherit_close(events);
        events->user_mode_only = true;
        error = open_software(events, pid);
    }
    if (error < 0)
        perf_inherit_close(events);
    return error;
}

static int read_id(int tracefs_fd, const char *path, struct value *id)
{
    char text[32];
    ssize_t length = proc_file_read_small(tracefs_fd, path, text, sizeof(text));

    if (length < 0)
        return (int)length;
    scan_unsigned(text, text + length, id);
    return id->present ? 0 : -EINVAL;
}

static int open_failure(struct perf_inherit *events, unsigned which, pid_t pid, int tracefs_fd)
{
    struct value id = {.present = false};
    int error = read_id(tracefs_fd, failures[which].id, &id);

    if (error < 0)
        return error;
    int fd = open_event(PERF_TYPE_TRACEPOINT, id.number, events->user_mode_only, pid);
    if (fd < 0)
        return fd;
    events->fds[failures[which].event] = fd;
    return ioctl(fd, PERF_EVENT_IOC_SET_FILTER, FAILED_FOR_WANT_OF_MEMORY) < 0 ? -errno : 0;
}

static int open_failures(struct perf_inherit *events, pid_t pid, int tracefs_fd)
{
    int error = 0;

    for (unsigned i = 0; i < FAILURE_EVENTS && error == 0; i++)
        error = open_failure(events, i, pid, tracefs_fd);
    for (unsigned i = 0; i < FAILURE_EVENTS && error < 0; i++)
        close_event(events, failures[i].event);
    return error;
}

int perf_inherit_open_failed_allocations(struct perf_inherit *events, pid_t pid, const char *tracefs)
{
    int tracefs_fd = open(tracefs, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (tracefs_fd < 0)
        return -errno;
    int error = open_failures(events, pid, tracefs_fd);
    close(tracefs_fd);
    return error;
}

static struct value count_of(const struct perf_inherit *events, enum perf_inherit_event event)
{
    struct value value = {0};

    value.present = events->fds[event] >= 0 && read(events->fds[event], &value.number,
                                                    sizeof(value.number)) == (ssize_t)sizeof(value.number);
    return value;
}

static struct value sum_of(struct value a, struct value b)
{
    if (!a.present || !b.present)
        return (struct value){0};
    return (struct value){a.number + b.number, true};
}

void perf_inherit_read(const struct perf_inherit *events, struct perf_inherit_counts *counts)
{
    *counts = (struct perf_inherit_counts){
        .minor_faults = count_of(events, PERF_INHERIT_MINOR_FAULTS),
        .major_faults = count_of(events, PERF_INHERIT_MAJOR_FAULTS),
        .context_switches = count_of(events, PERF_INHERIT_CONTEXT_SWITCHES),
        .cpu_ns = count_of(events, PERF_INHERIT_CPU_TIME),
        .failed_allocations = sum_of(count_of(events, PERF_INHERIT_FAILED_MMAPS),
                                     count_of(events, PERF_INHERIT_FAILED_MREMAPS)),
    };
}
