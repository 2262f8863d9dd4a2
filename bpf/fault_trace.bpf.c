/*
 * How long page faults take, and on what: records of fault_record.h.
 *
 * A fault begins with the software event PAGE_FAULTS, or on a file's page with the tracepoint
 * mm_filemap_fault, and ends with PAGE_FAULTS_MAJ or PAGE_FAULTS_MIN, all in the thread that takes it. One
 * that is interrupted by a signal begins again; it began with the first.
 */
#include "fault_place.h"
#include "fault_record.h"
#include "kernel_types.h"
#include "paths.h"

#include <linux/bpf.h>

/* Set before it is loaded. */
const volatile __u32 own_pid;
const volatile __u32 wanted_pid; /* of a process or a thread; 0: all */
const volatile char wanted_comm[FAULT_COMM_BYTES];
const volatile __u64 wanted_cgroup; /* its id; 0: all */
const volatile __u32 wanted_cgroup_is_v1;
const volatile __u32 files_only;
const volatile __u32 with_events;

struct fault_sum without_room; /* of pairs that there was no room for */
__u64 lost_records;            /* that the ring had no room for */
__u64 unstarted;               /* faults that ended, and whose beginning was not seen */

struct fault_start {
    __u64 ns; /* 0: it has ended */
    __u64 completed;
    __u64 place; /* what tells it from others that the thread takes */
    __u64 sleeps;
};

/* Threads come and go. The one that was in no fault for the longest time makes room. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, FAULT_THREADS);
    __type(key, __u32);
    __type(value, struct fault_start);
} starts SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, FAULT_PAIRS);
    __type(key, struct fault_key);
    __type(value, struct fault_sum);
} sums SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, FAULT_RING_BYTES);
} records SEC(".maps");

struct draft {
    struct fault_record_names names;
    char bytes[2 * PATH_ROOM];
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct draft);
} drafts SEC(".maps");

static const struct fault_sum no_faults;

/* -- who is looked at -- */

static __always_inline int is_called(struct task_struct *task)
{
    char comm[FAULT_COMM_BYTES];

    BPF_CORE_READ_STR_INTO(&comm, task, comm);
    for (int i = 0; i < FAULT_COMM_BYTES; i++) {
        if (comm[i] != wanted_comm[i])
            return 0;
        if (!comm[i])
            return 1;
    }
    return 1;
}

static __always_inline int is_in_wanted_cgroup(struct task_struct *task)
{
    struct css_set *set = BPF_CORE_READ(task, cgroups);
    struct cgroup *cgroup = wanted_cgroup_is_v1 ? memory_cgroup_of(set) : BPF_CORE_READ(set, dfl_cgrp);

    return cgroup && is_in_cgroup(cgroup, wanted_cgroup);
}

static __always_inline int is_wanted(struct task_struct *task)
{
    if ((__u32)task->tgid == own_pid)
        return 0;
    if (wanted_pid && (__u32)task->tgid != wanted_pid && (__u32)task->pid != wanted_pid)
        return 0;
    if (wanted_comm[0] && !is_called(task) && !is_called(BPF_CORE_READ(task, group_leader)))
        return 0;
    return !wanted_cgroup || is_in_wanted_cgroup(task);
}

/* -- where it begins -- */

static __always_inline __u64 completed_by(struct task_struct *task)
{
    return task->min_flt + task->maj_flt;
}

static __always_inline void begin(struct task_struct *task, __u64 place)
{
    __u32 tid = task->pid;
    __u64 completed = completed_by(task);
    struct fault_start *start = bpf_map_lookup_elem(&starts, &tid);

    if (start && start->ns && start->place == place && start->completed == completed)
        return;
    struct fault_start fresh = {bpf_ktime_get_ns(), completed, place, task->nvcsw};
    if (start)
        *start = fresh;
    else
        bpf_map_update_elem(&starts, &tid, &fresh, BPF_ANY);
}

SEC("perf_event")
int begin_fault(struct bpf_perf_event_data *context)
{
    struct task_struct *task = bpf_get_current_task_btf();

    if (is_wanted(task))
        begin(task, context->addr >> page_shift);
    return 0;
}

SEC("raw_tp/mm_filemap_fault")
int begin_file_fault(struct bpf_raw_tracepoint_args *context)
{
    struct task_struct *task = bpf_get_current_task_btf();

    if (is_wanted(task)) /* a mapping, and an index in it */
        begin(task, context->args[0] + context->args[1]);
    return 0;
}

/* -- what it was on -- */

static __always_inline void fill_key(struct fault_key *key, struct task_struct *task,
                                     const struct place *place)
{
    *key = (struct fault_key){
        .start_ns = BPF_CORE_READ(task, group_leader, start_boottime),
        .pid = task->tgid,
        .backing = place->known ? FAULT_SWAP : FAULT_UNKNOWN,
    };
    struct file *file = place->file;
    if (!file)
        return;
    struct inode *inode = BPF_CORE_READ(file, f_inode);
    key->inode = BPF_CORE_READ(inode, i_ino);
    key->device = BPF_CORE_READ(inode, i_sb, s_dev);
    key->backing = BPF_CORE_READ(inode, i_sb, s_magic) == TMPFS_MAGIC ? FAULT_SHMEM : FAULT_FILE;
}

/* -- the names -- */

static __always_inline void fill_names(struct draft *draft, const struct fault_key *key,
                                       struct task_struct *task, struct file *file)
{
    struct task_struct *leader = BPF_CORE_READ(task, group_leader);
    __u32 flags = 0;

    draft->names.kind = FAULT_RECORD_NAMES;
    draft->names.uid = BPF_CORE_READ(leader, real_cred, euid.val);
    draft->names.key = *key;
    BPF_CORE_READ_STR_INTO(&draft->names.comm, leader, comm);
    __u32 path_bytes = file ? at_most(put_file_path(draft->bytes, file, &flags), PATH_ROOM) : 0;
    draft->names.path_bytes = path_bytes;
    draft->names.cgroup_bytes = put_cgroup_path(draft->bytes + path_bytes, cgroup_of(task), &flags);
    draft->names.flags = flags;
}

static __always_inline void send_names(struct fault_sum *sum, const struct fault_key *key,
                                       struct task_struct *task, struct file *file)
{
    __u32 zero = 0;
    struct draft *draft = bpf_map_lookup_elem(&drafts, &zero);

    if (!draft)
        return;
    fill_names(draft, key, task, file);
    __u32 length = draft->names.path_bytes + draft->names.cgroup_bytes;
    if (bpf_ringbuf_output(&records, draft, sizeof(draft->names) + at_most(length, sizeof(draft->bytes)),
                           0) == 0)
        sum->named = 1;
    else
        __sync_fetch_and_add(&lost_records, 1);
}

/* -- the sums -- */

static __always_inline void raise_to(__u64 *most, __u64 ns)
{
    enum { TRIES = 8 }; /* another CPU may raise it as well, to less */
    __u64 seen = *most;

    for (int i = 0; i < TRIES && seen < ns; i++) {
        __u64 before = __sync_val_compare_and_swap(most, seen, ns);
        if (before == seen)
            return;
        seen = before;
    }
}

static __always_inline void add(struct fault_sum *sum, __u64 ns, int waited)
{
    if (waited) {
        __sync_fetch_and_add(&sum->waits, 1);
        __sync_fetch_and_add(&sum->wait_ns, ns);
        return;
    }
    __u32 bucket = fault_bucket(ns);
    barrier_var(bucket); /* the kernel's verifier wants to see what the compiler knows */
    __sync_fetch_and_add(&sum->faults, 1);
    __sync_fetch_and_add(&sum->total_ns, ns);
    if (bucket < FAULT_BUCKETS)
        __sync_fetch_and_add(&sum->buckets[bucket], 1);
    raise_to(&sum->max_ns, ns);
}

static __always_inline struct fault_sum *sum_of(const struct fault_key *key)
{
    struct fault_sum *sum = bpf_map_lookup_elem(&sums, key);

    if (sum)
        return sum;
    bpf_map_update_elem(&sums, key, &no_faults, BPF_NOEXIST);
    return bpf_map_lookup_elem(&sums, key);
}

/* -- where it ends -- */

static __always_inline void send_event(const struct fault_record_event *event)
{
    if (bpf_ringbuf_output(&records, (void *)event, sizeof(*event), 0) != 0)
        __sync_fetch_and_add(&lost_records, 1);
}

static __always_inline void tell(struct task_struct *task, const struct fault_key *key,
                                 const struct place *place, __u64 begin_ns, __u64 end_ns, int waited)
{
    struct fault_record_event event = {
        .kind = FAULT_RECORD_EVENT,
        .tid = task->pid,
        .key = *key,
        .end_ns = end_ns,
        .ns = end_ns - begin_ns,
        .address = place->address,
        .offset = place->offset,
        .waited = waited,
    };

    BPF_CORE_READ_STR_INTO(&event.comm, task, comm);
    send_event(&event);
}

static __always_inline void take(struct task_struct *task, const struct place *place, __u64 begin_ns,
                                 __u64 end_ns, int waited)
{
    struct fault_key key;

    fill_key(&key, task, place);
    struct fault_sum *sum = sum_of(&key);
    add(sum ? sum : &without_room, end_ns - begin_ns, waited);
    if (sum && !sum->named)
        send_names(sum, &key, task, place->file);
    if (with_events)
        tell(task, &key, place, begin_ns, end_ns, waited);
}

/* The one that has just been counted as completed. */
static __always_inline struct fault_start *start_of(struct task_struct *task)
{
    __u32 tid = task->pid;
    struct fault_start *start = bpf_map_lookup_elem(&starts, &tid);

    return start && start->ns && start->completed + 1 == completed_by(task) ? start : NULL;
}

SEC("perf_event")
int end_major_fault(struct bpf_perf_event_data *context)
{
    __u64 end_ns = bpf_ktime_get_ns();
    struct task_struct *task = bpf_get_current_task_btf();
    struct fault_start *start = start_of(task);
    struct place place;

    if (!start && (files_only || !is_wanted(task)))
        return 0;
    if (!start) {
        __sync_fetch_and_add(&unstarted, 1);
        return 0;
    }
    find_place(&place, task, context->addr);
    take(task, &place, start->ns, end_ns, 0);
    start->ns = 0;
    return 0;
}

/* The usual minor fault does not sleep. One on a file's page that does waits for who reads it. */
SEC("perf_event")
int end_minor_fault(struct bpf_perf_event_data *context)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct fault_start *start = start_of(task);
    struct place place;

    if (!start || start->sleeps == task->nvcsw)
        return 0;
    __u64 end_ns = bpf_ktime_get_ns();
    find_place(&place, task, context->addr);
    if (place.file)
        take(task, &place, start->ns, end_ns, 1);
    start->ns = 0;
    return 0;
}

char program_license[] SEC("license") = "Dual MIT/GPL";
