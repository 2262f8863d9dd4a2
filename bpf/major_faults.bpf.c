/* Counts major faults by process, for whoever asks who is behind them. It looks into no structure of the
 * kernel's, as loading it is part of the start. */
#include "major_fault_record.h"

#include <bpf/bpf_helpers.h>
#include <linux/bpf.h>

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, MAJOR_FAULT_PROCESSES);
    __type(key, __u32); /* the process, in the kernel's first PID namespace */
    __type(value, struct major_fault_record);
} processes SEC(".maps");

__u32 epoch; /* counted up by the reader, who need not touch the counts for it */

static __always_inline struct major_fault_record *record_of(__u32 pid)
{
    struct major_fault_record *record = bpf_map_lookup_elem(&processes, &pid);
    struct major_fault_record fresh = {};

    if (record)
        return record;
    bpf_map_update_elem(&processes, &pid, &fresh, BPF_NOEXIST);
    return bpf_map_lookup_elem(&processes, &pid);
}

SEC("perf_event")
int count_major_fault(void *context)
{
    __u64 now = epoch;
    struct major_fault_record *record = record_of(bpf_get_current_pid_tgid() >> 32);

    (void)context;
    if (!record)
        return 0;
    __u64 *count = &record->counts[now % MAJOR_FAULT_EPOCHS];
    /* Of two threads that are the first at the same time, one may be lost: it does not change who leads. */
    if (*count >> 32 != now) {
        *count = now << 32;
        bpf_get_current_comm(record->comm, sizeof(record->comm));
    }
    __sync_fetch_and_add(count, 1);
    return 0;
}

char program_license[] SEC("license") = "Dual MIT/GPL";
