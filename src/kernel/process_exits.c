#include "kernel/process_exits.h"

#include "base/clock.h"
#include "bpf/task_record.h"
#include "kernel/bpf.h"
#include "kernel/bpf_ring.h"
#include "kernel/pid_namespace.h"

#include <bpf/exits.skel.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct process_exits {
    struct exits_bpf *program;
    struct bpf_ring ring;
    uint64_t ns_per_tick;
};

static int load(struct process_exits *exits)
{
    int error = bpf_is_possible();

    if (error < 0)
        return error;
    if (!pid_namespace_is_initial())
        return -EXDEV;
    exits->program = exits_bpf__open_and_load();
    if (!exits->program)
        return -errno;
    error = bpf_ring_map(&exits->ring, exits->program->maps.ended.map_fd, EXITS_RING_BYTES);
    if (error < 0)
        return error;
    return exits_bpf__attach(exits->program) < 0 ? -errno : 0;
}

int process_exits_open(struct process_exits **exits)
{
    *exits = calloc(1, sizeof(**exits));
    if (!*exits)
        return -ENOMEM;
    (*exits)->ns_per_tick = NS_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK);
    int error = load(*exits);
    if (error < 0) {
        process_exits_free(*exits);
        *exits = NULL;
    }
    return error;
}

void process_exits_free(struct process_exits *exits)
{
    if (!exits)
        return;
    bpf_ring_unmap(&exits->ring);
    exits_bpf__destroy(exits->program);
    free(exits);
}

bool process_exits_read(struct process_exits *exits, struct task_process *process)
{
    size_t length;
    const void *record;

    while ((record = bpf_ring_peek(&exits->ring, &length))) {
        bool whole = length >= sizeof(struct task_record_process);
        if (whole)
            task_process_from_record(process, record, exits->ns_per_tick);
        bpf_ring_drop(&exits->ring);
        if (whole)
            return true;
    }
    return false;
}

uint64_t process_exits_lost(const struct process_exits *exits)
{
    return __atomic_load_n(&exits->program->bss->lost, __ATOMIC_RELAXED);
}
