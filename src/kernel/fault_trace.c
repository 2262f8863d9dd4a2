#include "kernel/fault_trace.h"

#include "kernel/bpf.h"
#include "kernel/bpf_call.h"
#include "kernel/bpf_ring.h"
#include "kernel/cgroup.h"
#include "kernel/perf_cpus.h"
#include "kernel/pid_namespace.h"

#include <bpf/fault_trace.skel.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BATCH = 256 };

struct fault_trace {
    struct fault_trace_bpf *program;
    struct bpf_ring ring;
    struct perf_cpus begins;
    struct perf_cpus major_ends;
    struct perf_cpus minor_ends;
    bool files_only;
    int waits;
    uint64_t strange; /* records */
    struct fault_names names;
    struct fault_key keys[BATCH];
    struct fault_sum sums[BATCH];
};

static uint32_t page_shift(void)
{
    return (uint32_t)__builtin_ctzl((unsigned long)sysconf(_SC_PAGESIZE));
}

static void apply(struct fault_trace_bpf *program, const struct fault_trace_settings *settings)
{
    program->rodata->own_pid = (uint32_t)getpid();
    program->rodata->page_shift = page_shift();
    program->rodata->wanted_pid = settings->pid;
    if (settings->comm)
        strncpy(program->rodata->wanted_comm, settings->comm, FAULT_COMM_BYTES - 1);
    program->rodata->wanted_cgroup = settings->cgroup.number;
    program->rodata->wanted_cgroup_is_v1 = settings->cgroup.version == CGROUP_V1;
    program->rodata->files_only = settings->files_only;
    program->rodata->with_events = settings->events;
    program->maps.sums.max_entries = settings->pairs;
}

static int load(struct fault_trace *trace, const struct fault_trace_settings *settings)
{
    int error = bpf_is_possible();

    if (error < 0)
        return error;
    if (!pid_namespace_is_initial())
        return -EXDEV;
    trace->program = fault_trace_bpf__open();
    if (!trace->program)
        return -ENOMEM;
    apply(trace->program, settings);
    error = fault_trace_bpf__load(trace->program);
    if (error < 0)
        return error;
    return bpf_ring_map(&trace->ring, trace->program->maps.records.map_fd, FAULT_RING_BYTES);
}

int fault_trace_open(struct fault_trace **trace, const struct fault_trace_settings *settings)
{
    *trace = calloc(1, sizeof(**trace));
    if (!*trace)
        return -ENOMEM;
    (*trace)->files_only = settings->files_only;
    (*trace)->waits = -ENOTSUP;
    int error = load(*trace, settings);
    if (error < 0) {
        fault_trace_free(*trace);
        *trace = NULL;
    }
    return error;
}

void fault_trace_free(struct fault_trace *trace)
{
    if (!trace)
        return;
    fault_trace_stop(trace);
    bpf_ring_unmap(&trace->ring);
    fault_trace_bpf__destroy(trace->program);
    free(trace);
}

static int watch_begins(struct fault_trace *trace)
{
    if (!trace->files_only)
        return perf_cpus_run(&trace->begins, PERF_COUNT_SW_PAGE_FAULTS,
                             trace->program->progs.begin_fault.prog_fd);
    if (fault_trace_bpf__begin_file_fault__attach(trace->program) >= 0)
        return 0;
    return errno == ENOENT ? -ENOTSUP : -errno;
}

int fault_trace_start(struct fault_trace *trace)
{
    int error = watch_begins(trace);

    if (error == 0)
        error = perf_cpus_run(&trace->major_ends, PERF_COUNT_SW_PAGE_FAULTS_MAJ,
                              trace->program->progs.end_major_fault.prog_fd);
    if (error == 0 && !trace->files_only)
        trace->waits = perf_cpus_run(&trace->minor_ends, PERF_COUNT_SW_PAGE_FAULTS_MIN,
                                     trace->program->progs.end_minor_fault.prog_fd);
    return error;
}

int fault_trace_waits(const struct fault_trace *trace)
{
    return trace->waits;
}

void fault_trace_stop(struct fault_trace *trace)
{
    perf_cpus_close(&trace->begins);
    perf_cpus_close(&trace->minor_ends);
    perf_cpus_close(&trace->major_ends);
    if (trace->program)
        fault_trace_bpf__detach(trace->program);
}

int fault_trace_fd(const struct fault_trace *trace)
{
    return trace->ring.fd;
}

static bool take_record(struct fault_trace *trace, const void *record, size_t length,
                        const struct fault_listener *listener)
{
    uint32_t kind = length < sizeof(kind) ? UINT32_MAX : *(const uint32_t *)record;

    if (kind == FAULT_RECORD_NAMES && fault_names_read(&trace->names, record, length) == 0)
        listener->names(listener->context, &trace->names);
    else if (kind == FAULT_RECORD_EVENT && length >= sizeof(struct fault_record_event))
        listener->event(listener->context, record);
    else
        return false;
    return true;
}

/* Those who put records in may be faster than this. */
bool fault_trace_read(struct fault_trace *trace, const struct fault_listener *listener)
{
    enum { RECORDS_MAX = 1024 };
    size_t length;

    for (int i = 0; i < RECORDS_MAX; i++) {
        const void *record = bpf_ring_peek(&trace->ring, &length);
        if (!record)
            return false;
        trace->strange += !take_record(trace, record, length, listener);
        bpf_ring_drop(&trace->ring);
    }
    return true;
}

int fault_trace_sums(struct fault_trace *trace,
                     void (*take)(void *context, const struct fault_key *key, const struct fault_sum *sum),
                     void *context)
{
    struct bpf_map_walk walk = {.map_fd = trace->program->maps.sums.map_fd};
    uint32_t count;
    int more;

    do {
        more = bpf_map_walk_next(&walk, trace->keys, trace->sums, BATCH, &count);
        for (uint32_t i = 0; i < count; i++)
            take(context, &trace->keys[i], &trace->sums[i]);
    } while (more > 0);
    return more;
}

const struct fault_sum *fault_trace_without_room(const struct fault_trace *trace)
{
    return &trace->program->bss->without_room;
}

uint64_t fault_trace_lost_records(const struct fault_trace *trace)
{
    return __atomic_load_n(&trace->program->bss->lost_records, __ATOMIC_RELAXED) + trace->strange;
}

uint64_t fault_trace_unstarted(const struct fault_trace *trace)
{
    return __atomic_load_n(&trace->program->bss->unstarted, __ATOMIC_RELAXED);
}
