#include "kernel/mark_victim.h"

#include "kernel/mark_victim_format.h"
#include "kernel/perf_cpus.h"
#include "kernel/perf_ring.h"
#include "kernel/pid_namespace.h"
#include "kernel/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { RING_PAGES = 8 }; /* with 4 KiB: some 300 victims that nobody read of */

struct mark_victim {
    struct mark_victim_format format;
    bool shares_pids; /* with the kernel: /proc/PID is the process that the tracepoint means */
    struct perf_cpus cpus;
    struct perf_ring *rings; /* of as many; NULL until they are mapped */
};

/* Reads PATH below the directory TRACEFS_FD. On success, to be closed by the caller. */
static int read_trace_file(struct proc_file *file, int tracefs_fd, const char *path)
{
    int error = proc_file_open(file, tracefs_fd, path);
    if (error < 0)
        return error;
    error = proc_file_read(file);
    if (error < 0)
        proc_file_close(file);
    return error;
}

static int read_format(struct mark_victim_format *format, int tracefs_fd)
{
    struct proc_file file;
    int error = read_trace_file(&file, tracefs_fd, "events/oom/mark_victim/format");

    if (error < 0)
        return error;
    error = mark_victim_format_parse(format, file.bytes, file.length);
    proc_file_close(&file);
    return error;
}

static int read_id(struct value *id, int tracefs_fd)
{
    struct proc_file file;
    int error = read_trace_file(&file, tracefs_fd, "events/oom/mark_victim/id");

    if (error < 0)
        return error;
    scan_unsigned(file.bytes, file.bytes + file.length, id);
    proc_file_close(&file);
    return id->present ? 0 : -EINVAL;
}

static int read_tracefs(struct mark_victim *mark, struct value *id, const char *tracefs)
{
    int tracefs_fd = open(tracefs, O_PATH | O_DIRECTORY | O_CLOEXEC);

    if (tracefs_fd < 0)
        return -errno;
    int error = read_id(id, tracefs_fd);
    if (error == 0)
        error = read_format(&mark->format, tracefs_fd);
    close(tracefs_fd);
    return error;
}

static int open_events(struct mark_victim *mark, uint64_t id)
{
    const struct perf_event_attr attributes = {
        .type = PERF_TYPE_TRACEPOINT,
        .size = sizeof(attributes),
        .config = id,
        .sample_period = 1,
        .sample_type = PERF_SAMPLE_TIME | PERF_SAMPLE_RAW, /* what perf_ring.h reads */
        .wakeup_events = 1,
    };

    return perf_cpus_open(&mark->cpus, &attributes);
}

static void unmap_rings(struct mark_victim *mark)
{
    for (size_t i = 0; i < mark->cpus.count; i++)
        perf_ring_unmap(&mark->rings[i]);
}

static int map_rings_of(struct mark_victim *mark, size_t pages)
{
    for (size_t i = 0; i < mark->cpus.count; i++) {
        int error = perf_ring_map(&mark->rings[i], mark->cpus.fds[i], pages);
        if (error < 0) {
            unmap_rings(mark);
            return error;
        }
    }
    return 0;
}

/* A user may not have as much locked memory as wished for: a page for each CPU still takes tens of victims.
 * All get the same, not the first ones everything. */
static int map_rings(struct mark_victim *mark)
{
    int error = -EPERM;

    mark->rings = calloc(mark->cpus.count, sizeof(*mark->rings));
    if (!mark->rings)
        return -ENOMEM;
    for (size_t pages = RING_PAGES; pages > 0 && error == -EPERM; pages /= 2)
        error = map_rings_of(mark, pages);
    return error;
}

static int set_up(struct mark_victim *mark, const char *tracefs)
{
    struct value id = {.present = false};
    int error = read_tracefs(mark, &id, tracefs);

    if (error == 0)
        error = open_events(mark, id.number);
    if (error == 0)
        error = map_rings(mark);
    mark->shares_pids = pid_namespace_is_initial();
    return error;
}

int mark_victim_open(struct mark_victim **mark, const char *tracefs)
{
    *mark = calloc(1, sizeof(**mark));
    if (!*mark)
        return -ENOMEM;
    int error = set_up(*mark, tracefs);
    if (error < 0) {
        mark_victim_free(*mark);
        *mark = NULL;
    }
    return error;
}

void mark_victim_free(struct mark_victim *mark)
{
    if (!mark)
        return;
    if (mark->rings)
        unmap_rings(mark);
    perf_cpus_close(&mark->cpus);
    free(mark->rings);
    free(mark);
}

const int *mark_victim_fds(const struct mark_victim *mark, size_t *count)
{
    *count = mark->cpus.count;
    return mark->cpus.fds;
}

/* Takes the sample that was written first, whatever the CPU. */
static bool take_oldest(struct mark_victim *mark, struct perf_sample *oldest)
{
    struct perf_ring *from = NULL;
    struct perf_sample sample;

    for (size_t i = 0; i < mark->cpus.count; i++) {
        if (perf_ring_peek(&mark->rings[i], &sample) && (!from || sample.time < oldest->time)) {
            from = &mark->rings[i];
            *oldest = sample;
        }
    }
    if (from)
        perf_ring_drop(from, oldest);
    return from;
}

/* Nothing is set where the process is gone. */
static void read_comm(struct oom_kill *kill)
{
    char path[32];

    snprintf(path, sizeof(path), "/proc/%d/comm", (int)kill->pid.number);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t got = read(fd, kill->comm, sizeof(kill->comm) - 1);
    close(fd);
    if (got > 0 && kill->comm[got - 1] == '\n')
        kill->comm[got - 1] = '\0';
}

int mark_victim_read(struct mark_victim *mark, struct oom_kill *kill)
{
    struct perf_sample sample;

    while (take_oldest(mark, &sample)) {
        if (!mark_victim_decode(&mark->format, sample.raw, sample.length, kill))
            continue;
        if (mark->format.fields[MARK_VICTIM_COMM].size == 0 && mark->shares_pids)
            read_comm(kill);
        return 1;
    }
    return 0;
}

uint64_t mark_victim_lost(struct mark_victim *mark)
{
    uint64_t lost = 0;

    for (size_t i = 0; i < mark->cpus.count; i++) {
        lost += mark->rings[i].lost;
        mark->rings[i].lost = 0;
    }
    return lost;
}
