#include "kernel/major_fault_counts.h"

#include "base/memory.h"
#include "kernel/perf_cpus.h"
#include "kernel/pid_namespace.h"

#include <bpf/major_faults.skel.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BATCH = 128 };

struct major_fault_counts {
    struct major_faults_bpf *program;
    struct perf_cpus cpus;
    uint32_t position; /* of a walk through the records */
    uint32_t pids[BATCH];
    struct major_fault_record records[BATCH];
};

static int load(struct major_fault_counts *counts)
{
    if (!pid_namespace_is_initial())
        return -EXDEV;
    counts->program = major_faults_bpf__open_and_load();
    if (!counts->program)
        return -errno;
    /* A record that is new is of epoch 0. */
    major_fault_counts_turn(counts);
    return perf_cpus_run(&counts->cpus, PERF_COUNT_SW_PAGE_FAULTS_MAJ,
                         counts->program->progs.count_major_fault.prog_fd);
}

int major_fault_counts_open(struct major_fault_counts **counts)
{
    *counts = memory_new(sizeof(**counts));
    if (!*counts)
        return -ENOMEM;
    (*counts)->program = NULL;
    (*counts)->cpus = (struct perf_cpus){0};
    int error = load(*counts);
    if (error < 0) {
        major_fault_counts_free(*counts);
        *counts = NULL;
    }
    return error;
}

void major_fault_counts_free(struct major_fault_counts *counts)
{
    if (!counts)
        return;
    perf_cpus_close(&counts->cpus);
    major_faults_bpf__destroy(counts->program);
    free(counts);
}

void major_fault_counts_turn(struct major_fault_counts *counts)
{
    uint32_t *epoch = &counts->program->bss->epoch;
    __atomic_store_n(epoch, *epoch + 1, __ATOMIC_RELAXED);
}

/* The next records of a walk; FIRST: it begins. Returns 0 or a negative errno: -ENOENT where they are the
 * last, *COUNT of them. */
static int read_batch(struct major_fault_counts *counts, bool first, uint32_t *count)
{
    union bpf_attr attributes;

    memset(&attributes, 0, sizeof(attributes));
    attributes.batch.in_batch = first ? 0 : (uintptr_t)&counts->position;
    attributes.batch.out_batch = (uintptr_t)&counts->position;
    attributes.batch.keys = (uintptr_t)counts->pids;
    attributes.batch.values = (uintptr_t)counts->records;
    attributes.batch.count = BATCH;
    attributes.batch.map_fd = (uint32_t)counts->program->maps.processes.map_fd;
    int error =
        syscall(SYS_bpf, BPF_MAP_LOOKUP_BATCH, &attributes, sizeof(attributes.batch)) < 0 ? -errno : 0;
    *count = error == 0 || error == -ENOENT ? attributes.batch.count : 0;
    return error;
}

static void tell(const struct major_fault_counts *counts, uint32_t i,
                 void (*take)(void *context, const struct major_fault_count *count), void *context)
{
    const struct major_fault_record *record = &counts->records[i];
    uint32_t epoch = counts->program->bss->epoch - 1;
    uint64_t word = record->counts[epoch % MAJOR_FAULT_EPOCHS];
    struct major_fault_count count = {.pid = counts->pids[i], .faults = (uint32_t)word};

    if (word >> 32 != epoch || count.faults == 0)
        return;
    memcpy(count.comm, record->comm, sizeof(record->comm));
    take(context, &count);
}

int major_fault_counts_read(struct major_fault_counts *counts,
                            void (*take)(void *context, const struct major_fault_count *count), void *context)
{
    bool first = true;
    uint32_t count;
    int error;

    do {
        error = read_batch(counts, first, &count);
        for (uint32_t i = 0; i < count; i++)
            tell(counts, i, take, context);
        first = false;
    } while (error == 0);
    return error == -ENOENT ? 0 : error;
}
