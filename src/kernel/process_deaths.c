#include "kernel/process_deaths.h"

#include "kernel/bpf.h"
#include "kernel/bpf_ring.h"
#include "kernel/pid_namespace.h"

#include <bpf/deaths.skel.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

struct process_deaths {
    struct deaths_bpf *program;
    struct bpf_ring ring;
    uint64_t strange; /* records */
};

static uint32_t page_shift(void)
{
    return (uint32_t)__builtin_ctzl((unsigned long)sysconf(_SC_PAGESIZE));
}

static int load(struct process_deaths *deaths)
{
    int error = bpf_is_possible();

    if (error < 0)
        return error;
    if (!pid_namespace_is_initial())
        return -EXDEV;
    deaths->program = deaths_bpf__open();
    if (!deaths->program)
        return -ENOMEM;
    deaths->program->rodata->page_shift = page_shift();
    error = deaths_bpf__load(deaths->program);
    if (error < 0)
        return error;
    error = bpf_ring_map(&deaths->ring, deaths->program->maps.deaths.map_fd, DEATH_RING_BYTES);
    if (error < 0)
        return error;
    return deaths_bpf__attach(deaths->program) < 0 ? -errno : 0;
}

int process_deaths_open(struct process_deaths **deaths)
{
    *deaths = calloc(1, sizeof(**deaths));
    if (!*deaths)
        return -ENOMEM;
    int error = load(*deaths);
    if (error < 0) {
        process_deaths_free(*deaths);
        *deaths = NULL;
    }
    return error;
}

void process_deaths_free(struct process_deaths *deaths)
{
    if (!deaths)
        return;
    bpf_ring_unmap(&deaths->ring);
    deaths_bpf__destroy(deaths->program);
    free(deaths);
}

void process_deaths_watch(struct process_deaths *deaths, uint32_t keeper_pid)
{
    __atomic_store_n(&deaths->program->bss->keeper_pid, keeper_pid, __ATOMIC_RELAXED);
}

int process_deaths_fd(const struct process_deaths *deaths)
{
    return deaths->ring.fd;
}

bool process_deaths_read(struct process_deaths *deaths, struct process_death *death)
{
    size_t length;
    const void *record;

    while ((record = bpf_ring_peek(&deaths->ring, &length))) {
        bool whole = process_death_from_record(death, record, length) == 0;
        bpf_ring_drop(&deaths->ring);
        if (whole)
            return true;
        deaths->strange++;
    }
    return false;
}

uint64_t process_deaths_count(const struct process_deaths *deaths)
{
    return __atomic_load_n(&deaths->program->bss->ended, __ATOMIC_RELAXED);
}

struct ended_faults process_deaths_faults(const struct process_deaths *deaths)
{
    return (struct ended_faults){
        .minor = __atomic_load_n(&deaths->program->bss->minor_faults, __ATOMIC_RELAXED),
        .major = __atomic_load_n(&deaths->program->bss->major_faults, __ATOMIC_RELAXED),
    };
}

uint64_t process_deaths_lost(const struct process_deaths *deaths)
{
    return __atomic_load_n(&deaths->program->bss->lost, __ATOMIC_RELAXED) + deaths->strange;
}
