#include "kernel/major_fault_counts.h"

#include "base/memory.h"
#include "kernel/bpf_call.h"
#include "kernel/perf_cpus.h"
#include "kernel/pid_namespace.h"

#include <bpf/major_faults.skel.h>
#include <errno.h>
#include <linux/perf_event.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { BATCH = 128 };

struct major_fault_counts {
    struct major_faults_bpf *program;
    struct perf_cpus cpus;
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
    struct bpf_map_walk walk = {.map_fd = counts->program->maps.processes.map_fd};
    uint32_t count;
    int more;

    do {
        more = bpf_map_walk_next(&walk, counts->pids, counts->records, BATCH, &count);
        for (uint32_t i = 0; i < count; i++)
            tell(counts, i, take, context);
    } while (more > 0);
    return more;
}
