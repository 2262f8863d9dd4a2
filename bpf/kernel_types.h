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

/* The share of threads that are dead. */
struct signal_struct {
    atomic_t live; /* threads that are left */
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

enum { PF_KTHREAD = 0x00200000 };

struct task_struct {
    unsigned int flags;
    int pid;
    int tgid;
    unsigned long min_flt;
    unsigned long maj_flt;
    __u64 start_boottime;
    char comm[KERNEL_COMM_BYTES];
    struct mm_struct *mm;
    const struct cred *real_cred;
    struct signal_struct *signal;
    struct task_struct *group_leader;
} KERNEL_TYPE;

struct seq_file;

struct bpf_iter_meta {
    struct seq_file *seq;
} KERNEL_TYPE;

struct bpf_iter__task {
    struct bpf_iter_meta *meta;
    struct task_struct *task;
} KERNEL_TYPE;
