/*
 * Of the kernel's structures, the members that the programs here read. Where a member lies is not taken from
 * here: the kernel that loads a program puts in its own offsets (CO-RE). A name with three underscores in it
 * is the same structure as another kernel has it.
 */
#pragma once

#include <linux/types.h>

#define KERNEL_TYPE __attribute__((preserve_access_index))

enum { KERNEL_COMM_BYTES = 16 };

typedef struct {
    unsigned int val;
} kuid_t;

typedef struct {
    int counter;
} atomic_t;

typedef struct {
    long counter;
} atomic_long_t;

struct cred {
    kuid_t euid;
} KERNEL_TYPE;

enum { SIGNAL_GROUP_EXIT = 4 };

/* What the threads of a process share. Faults are those of threads that are dead. */
struct signal_struct {
    atomic_t live; /* threads that are left */
    unsigned int flags;
    int group_exit_code; /* with SIGNAL_GROUP_EXIT: how all of them end */
    unsigned long min_flt;
    unsigned long maj_flt;
} KERNEL_TYPE;

struct percpu_counter {
    __s64 count;
} KERNEL_TYPE;

enum { MM_FILEPAGES, MM_ANONPAGES, MM_SWAPENTS, MM_SHMEMPAGES, NR_MM_COUNTERS };

struct mm_struct {
    struct percpu_counter rss_stat[NR_MM_COUNTERS];
} KERNEL_TYPE;

struct mm_rss_stat___6_1 {
    atomic_long_t count[NR_MM_COUNTERS];
} KERNEL_TYPE;

struct mm_struct___6_1 {
    struct mm_rss_stat___6_1 rss_stat;
} KERNEL_TYPE;

/* -- files and what they are mapped to -- */

struct qstr {
    const unsigned char *name;
} KERNEL_TYPE;

struct hlist_bl_node {
    struct hlist_bl_node **pprev;
} KERNEL_TYPE;

struct dentry {
    struct hlist_bl_node d_hash;
    struct dentry *d_parent;
    struct qstr d_name;
} KERNEL_TYPE;

struct vfsmount {
    struct dentry *mnt_root;
} KERNEL_TYPE;

struct mount {
    struct mount *mnt_parent;
    struct dentry *mnt_mountpoint;
    struct vfsmount mnt;
} KERNEL_TYPE;

struct path {
    struct vfsmount *mnt;
    struct dentry *dentry;
} KERNEL_TYPE;

enum { TMPFS_MAGIC = 0x01021994 };

struct super_block {
    __u32 s_dev;
    unsigned long s_magic;
    void *s_fs_info;
} KERNEL_TYPE;

/* Of a tmpfs, in pages. */
struct shmem_sb_info {
    unsigned long max_blocks; /* 0: it has no limit, and nothing is counted */
    struct percpu_counter used_blocks;
} KERNEL_TYPE;

struct inode {
    struct super_block *i_sb;
    long long i_size;
    unsigned long i_ino;
} KERNEL_TYPE;

struct file {
    struct inode *f_inode;
    struct path f_path;
} KERNEL_TYPE;

struct vm_area_struct {
    unsigned long vm_start;
    unsigned long vm_pgoff;
    struct file *vm_file;
} KERNEL_TYPE;

/* -- control groups -- */

struct kernfs_node {
    struct kernfs_node *parent;
    const char *name;
    __u64 id;
} KERNEL_TYPE;

struct kernfs_node___6_15 {
    struct kernfs_node *__parent;
} KERNEL_TYPE;

struct cgroup_root;

struct cgroup_subsys_state {
    struct cgroup *cgroup;
} KERNEL_TYPE;

struct cgroup {
    struct kernfs_node *kn;
    struct cgroup_root *root;
} KERNEL_TYPE;

/* Which one has which number depends on what else the kernel was built with. */
enum cgroup_subsys_id {
    memory_cgrp_id = 4,
};

struct css_set {
    struct cgroup_subsys_state *subsys[1];
    struct cgroup *dfl_cgrp; /* of cgroup v2 */
} KERNEL_TYPE;

/* -- tasks -- */

enum { PF_KTHREAD = 0x00200000 };

struct task_struct {
    unsigned int flags;
    int pid;
    int tgid;
    int exit_code;
    unsigned long nvcsw;
    unsigned long min_flt;
    unsigned long maj_flt;
    __u64 start_boottime;
    char comm[KERNEL_COMM_BYTES];
    struct mm_struct *mm;
    const struct cred *real_cred;
    struct signal_struct *signal;
    struct css_set *cgroups;
    struct task_struct *group_leader;
    struct task_struct *real_parent;
} KERNEL_TYPE;

/* A tracepoint's record of itself, which is looked at for what it has alone. */
struct trace_event_raw_sched_process_exit {
    _Bool group_dead;
} KERNEL_TYPE;

/* -- signals -- */

union __sifields {
    struct {
        void *_addr;
    } _sigfault;
} KERNEL_TYPE;

struct kernel_siginfo {
    int si_code;
    union __sifields _sifields;
} KERNEL_TYPE;

/* -- perf events -- */

/* What a program of one is handed. Registers stand before this, so that it lies elsewhere on each kind of
 * machine; with the kernel's own offset a program is the same for all of them. */
struct bpf_perf_event_data {
    __u64 addr;
} KERNEL_TYPE;

/* -- iterators -- */

struct seq_file;

struct bpf_iter_meta {
    struct seq_file *seq;
} KERNEL_TYPE;

struct bpf_iter__task {
    struct bpf_iter_meta *meta;
    struct task_struct *task;
} KERNEL_TYPE;
