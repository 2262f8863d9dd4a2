/*
 * The processes below one, their keeper, that a signal ends: a record of death_record.h each, in a ring.
 *
 * Who sent a signal is known when it is generated (signal_generate), and remembered until the process ends of
 * it (sched_process_exit).
 */
#include "death_record.h"
#include "fault_place.h"
#include "kernel_types.h"
#include "paths.h"
#include "process_end.h"

#include <asm/signal.h>
#include <linux/bpf.h>

__u32 keeper_pid;   /* 0: nobody is looked at */
__u64 ended;        /* processes below it, however they did */
__u64 minor_faults; /* of all their threads that have ended */
__u64 major_faults;
__u64 lost; /* records that the ring had no room for */

struct signal_key {
    struct process_identity target;
    __u64 signal;
};

struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, DEATH_SENDERS);
    __type(key, struct signal_key);
    __type(value, struct death_sender);
} senders SEC(".maps");

struct touched_file {
    struct death_file file;
    char path[PATH_ROOM];
};

/* Of a SIGBUS. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, DEATH_FILES);
    __type(key, struct process_identity);
    __type(value, struct touched_file);
} files SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct touched_file);
} file_drafts SEC(".maps");

struct draft {
    struct death_record record;
    char path[PATH_ROOM];
};

struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, struct draft);
} drafts SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_RINGBUF);
    __uint(max_entries, DEATH_RING_BYTES);
} deaths SEC(".maps");

/* -- who is looked at -- */

/* A parent of the kernel's own is the end: it is the first process, or what started that. */
static __always_inline int is_kept(struct task_struct *task)
{
    __u32 keeper = keeper_pid;

    if (!keeper)
        return 0;
    for (int i = 0; i < DEATH_GENERATIONS; i++) {
        task = BPF_CORE_READ(task, real_parent);
        __u32 pid = BPF_CORE_READ(task, tgid);
        if (pid == keeper)
            return 1;
        if (pid <= 1)
            return 0;
    }
    return 0;
}

/* -- who sends a signal -- */

#define BIT_OF(signal) (1ULL << (signal))

/* Unless a process sees to it otherwise; real-time signals do as well. */
static __always_inline int is_deadly(__u64 signal)
{
    const __u64 harmless = BIT_OF(SIGCHLD) | BIT_OF(SIGCONT) | BIT_OF(SIGSTOP) | BIT_OF(SIGTSTP) |
                           BIT_OF(SIGTTIN) | BIT_OF(SIGTTOU) | BIT_OF(SIGURG) | BIT_OF(SIGWINCH);

    return signal < 64 ? !(harmless & BIT_OF(signal)) : 1;
}

/* The kernel's enum of trace_signal_generate(): what became of it. */
enum { SIGNAL_DELIVERED = 0, SIGNAL_WITHOUT_INFO = 4 };

/* In place of an address. */
enum { INFO_USER = 0, INFO_KERNEL = 1 };

/* What a system call sends says so; timers, queues and files that come to be ready are the kernel's. */
static __always_inline int is_of_a_process(int code)
{
    enum { BY_KILL = 0, BY_SIGQUEUE = -1, BY_TKILL = -6 };

    return code == BY_KILL || code == BY_SIGQUEUE || code == BY_TKILL;
}

/* A process that writes into a closed pipe or too large a file gets its signal as if it had sent it. By
 * cgroup.kill alone it can do so, and that is a SIGKILL. */
static __always_inline int is_of_the_kernel(__u64 signal, struct kernel_siginfo *info, int to_itself)
{
    if ((unsigned long)info == INFO_USER)
        return to_itself && signal != SIGKILL;
    return (unsigned long)info == INFO_KERNEL || !is_of_a_process(BPF_CORE_READ(info, si_code));
}

static __always_inline void fill_sender(struct death_sender *sender, struct task_struct *task, int is_kernel)
{
    struct task_struct *leader = BPF_CORE_READ(task, group_leader);

    sender->flags = DEATH_SENDER_SEEN | (is_kernel ? DEATH_SENDER_KERNEL : 0);
    sender->pid = BPF_CORE_READ(leader, tgid);
    sender->uid = BPF_CORE_READ(task, real_cred, euid.val);
    BPF_CORE_READ_STR_INTO(&sender->comm, leader, comm);
}

/* -- what a SIGBUS is about -- */

static __always_inline void fill_limit(struct death_file *file, struct super_block *super)
{
    struct shmem_sb_info *tmpfs = BPF_CORE_READ(super, s_fs_info);

    if (BPF_CORE_READ(super, s_magic) != TMPFS_MAGIC || !BPF_CORE_READ(tmpfs, max_blocks))
        return;
    __s64 used = BPF_CORE_READ(tmpfs, used_blocks.count);
    file->flags |= DEATH_FILE_LIMITED;
    file->limit_bytes = (__u64)BPF_CORE_READ(tmpfs, max_blocks) << page_shift;
    file->used_bytes = used > 0 ? (__u64)used << page_shift : 0;
}

static __always_inline void fill_file(struct touched_file *touched, const struct place *place)
{
    struct file *file = place->file;
    struct inode *inode = BPF_CORE_READ(file, f_inode);
    struct super_block *super = BPF_CORE_READ(inode, i_sb);

    touched->file = (struct death_file){
        .offset = place->offset,
        .length = BPF_CORE_READ(inode, i_size),
        .device = BPF_CORE_READ(super, s_dev),
        .flags = DEATH_FILE_SEEN,
    };
    fill_limit(&touched->file, super);
    touched->file.path_bytes = put_file_path(touched->path, file, &touched->file.path_flags);
}

/* In the thread that touched it. */
static __always_inline void remember_file(const struct process_identity *target, struct kernel_siginfo *info)
{
    __u32 zero = 0;
    struct touched_file *touched = bpf_map_lookup_elem(&file_drafts, &zero);
    struct place place;

    if (!touched)
        return;
    find_place(&place, bpf_get_current_task_btf(), (__u64)BPF_CORE_READ(info, _sifields._sigfault._addr));
    if (!place.file)
        return;
    fill_file(touched, &place);
    bpf_map_update_elem(&files, target, touched, BPF_ANY);
}

/* -- what is remembered -- */

/* A handler often ends its process by the same signal once more: what counts is who sent the first. */
static __always_inline int is_passed_on(const struct signal_key *key)
{
    struct death_sender *known = bpf_map_lookup_elem(&senders, key);

    return known && (known->pid != key->target.pid || (known->flags & DEATH_SENDER_KERNEL));
}

static __always_inline void remember(struct task_struct *target, __u64 signal, struct kernel_siginfo *info)
{
    struct task_struct *task = bpf_get_current_task_btf();
    struct signal_key key = {.target = identity_of(target), .signal = signal};
    int to_itself = (__u32)task->tgid == key.target.pid;
    int is_kernel = is_of_the_kernel(signal, info, to_itself);
    struct death_sender sender = {};

    if (to_itself && !is_kernel && is_passed_on(&key))
        return;
    fill_sender(&sender, task, is_kernel);
    bpf_map_update_elem(&senders, &key, &sender, BPF_ANY);
    if (signal == SIGBUS && to_itself && is_kernel && (unsigned long)info > INFO_KERNEL)
        remember_file(&key.target, info);
}

SEC("raw_tp/signal_generate")
int note_signal(struct bpf_raw_tracepoint_args *context)
{
    __u64 signal = context->args[0];
    struct task_struct *target = (void *)context->args[2];
    __u32 result = context->args[4];

    if (!is_deadly(signal) || (result != SIGNAL_DELIVERED && result != SIGNAL_WITHOUT_INFO))
        return 0;
    if (is_kept(target))
        remember(target, signal, (void *)context->args[1]);
    return 0;
}

/* -- who ends -- */

static __always_inline __u32 status_of(struct task_struct *task)
{
    if (BPF_CORE_READ(task, signal, flags) & SIGNAL_GROUP_EXIT)
        return BPF_CORE_READ(task, signal, group_exit_code);
    return BPF_CORE_READ(task, group_leader, exit_code);
}

static __always_inline void fill_record(struct death_record *record, struct task_struct *leader, __u32 status)
{
    *record = (struct death_record){
        .pid = BPF_CORE_READ(leader, tgid),
        .parent_pid = BPF_CORE_READ(leader, real_parent, tgid),
        .uid = BPF_CORE_READ(leader, real_cred, euid.val),
        .status = status,
    };
    BPF_CORE_READ_STR_INTO(&record->comm, leader, comm);
}

static __always_inline void take_sender(struct death_record *record, const struct signal_key *key)
{
    struct death_sender *sender = bpf_map_lookup_elem(&senders, key);

    if (!sender)
        return;
    record->sender = *sender;
    bpf_map_delete_elem(&senders, key);
}

static __always_inline void take_file(struct draft *draft, const struct process_identity *identity)
{
    struct touched_file *touched = bpf_map_lookup_elem(&files, identity);

    if (!touched)
        return;
    draft->record.file = touched->file;
    bpf_probe_read_kernel(draft->path, sizeof(draft->path), touched->path);
    bpf_map_delete_elem(&files, identity);
}

static __always_inline void tell(struct task_struct *task, __u32 status)
{
    __u32 zero = 0;
    struct draft *draft = bpf_map_lookup_elem(&drafts, &zero);
    struct signal_key key = {.target = identity_of(task), .signal = status & DEATH_STATUS_SIGNAL};

    if (!draft)
        return;
    fill_record(&draft->record, BPF_CORE_READ(task, group_leader), status);
    take_sender(&draft->record, &key);
    if (key.signal == SIGBUS && draft->record.sender.flags & DEATH_SENDER_KERNEL)
        take_file(draft, &key.target);
    __u32 length = draft->record.file.path_bytes;
    if (bpf_ringbuf_output(&deaths, draft, sizeof(draft->record) + at_most(length, PATH_ROOM), 0) != 0)
        __sync_fetch_and_add(&lost, 1);
}

/* Thread by thread: its memory has gone, and it takes no more of them. */
static __always_inline void count_faults(struct task_struct *task)
{
    __sync_fetch_and_add(&minor_faults, BPF_CORE_READ(task, min_flt));
    __sync_fetch_and_add(&major_faults, BPF_CORE_READ(task, maj_flt));
}

SEC("raw_tp/sched_process_exit")
int note_end(struct bpf_raw_tracepoint_args *context)
{
    struct task_struct *task = (void *)context->args[0];

    if (!is_kept(task))
        return 0;
    count_faults(task);
    if (!ends_process(context))
        return 0;
    __sync_fetch_and_add(&ended, 1);
    __u32 status = status_of(task);
    if (status & DEATH_STATUS_SIGNAL)
        tell(task, status & (DEATH_STATUS_SIGNAL | DEATH_STATUS_CORE));
    return 0;
}

char program_license[] SEC("license") = "Dual MIT/GPL";
