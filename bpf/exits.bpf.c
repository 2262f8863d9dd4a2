/* Each process that ends, as a record of task_record.h in a ring. */
#include "kernel_types.h"
#include "process_end.h"
#include "task_fill.h"

#include <linux/bpf.h>

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, EXITS_RING_BYTES);
} ended SEC(".maps");

__u64 lost; /* processes that there was no room for */

/* A first thread that ended before others is among the dead ones only when it is reaped with its process. */
static __always_inline void add_last_thread(struct task_record_process *record, struct task_struct *task)
{
    if (BPF_CORE_READ(task, pid) == BPF_CORE_READ(task, tgid))
        return;
    record->head.minor_faults += BPF_CORE_READ(task, min_flt);
    record->head.major_faults += BPF_CORE_READ(task, maj_flt);
}

SEC("raw_tp/sched_process_exit")
int put_ended(struct bpf_raw_tracepoint_args *context)
{
    struct task_struct *task = (void *)context->args[0];

    if (!ends_process(context))
        return 0;
    struct task_record_process *record = bpf_ringbuf_reserve(&ended, sizeof(*record), 0);
    if (!record) {
        __sync_fetch_and_add(&lost, 1);
        return 0;
    }
    record->rss_pages = 0; /* its memory has gone by now */
    record->swap_pages = 0;
    fill_process(record, BPF_CORE_READ(task, group_leader));
    add_last_thread(record, task);
    bpf_ringbuf_submit(record, BPF_RB_NO_WAKEUP);
    return 0;
}

char program_license[] SEC("license") = "Dual MIT/GPL";
