/* Whether a thread that ends is the one that its process ends with, for programs on sched_process_exit. */
#pragma once

#include "kernel_types.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>
#include <linux/errno.h>

enum { RECENT_ENDS = 1024 };

struct process_identity {
    __u64 start_ns; /* since boot */
    __u32 pid;
    __u32 unused; /* 0 */
};

/* The processes that ended last. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, RECENT_ENDS);
    __type(key, struct process_identity);
    __type(value, __u8);
} recent_ends SEC(".maps");

static __always_inline struct process_identity identity_of(struct task_struct *task)
{
    return (struct process_identity){
        .start_ns = BPF_CORE_READ(task, group_leader, start_boottime),
        .pid = BPF_CORE_READ(task, tgid),
    };
}

/* Two threads that end at the same time may both find none left: the first of them counts. */
static __always_inline int is_first_to_find_none_left(struct task_struct *task)
{
    static const __u8 ended = 1;

    if (BPF_CORE_READ(task, signal, live.counter) > 0)
        return 0;
    struct process_identity identity = identity_of(task);
    /* Before Linux 6.4 only an int of it is set. */
    return (int)bpf_map_update_elem(&recent_ends, &identity, &ended, BPF_NOEXIST) != -EEXIST;
}

/* The newest kernels tell it in a second argument: 6.18 does, 6.12 does not. */
static __always_inline int ends_process(struct bpf_raw_tracepoint_args *context)
{
    struct trace_event_raw_sched_process_exit *event = NULL;

    if (bpf_core_field_exists(event->group_dead))
        return context->args[1] != 0;
    return is_first_to_find_none_left((void *)context->args[0]);
}
