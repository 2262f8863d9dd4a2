/* What tasks.bpf.c and exits.bpf.c say of a task, one record behind the other: of a process, or of one of its
 * other threads. */
#pragma once

#include <linux/types.h>

enum { TASK_RECORD_COMM_BYTES = 16, EXITS_RING_BYTES = 256 * 1024 };

enum task_record_kind { TASK_RECORD_PROCESS, TASK_RECORD_THREAD };

/* Of a thread that is not the first of its process: this alone, and only where it took faults at all. */
struct task_record_thread {
    __u32 kind;
    __u32 pid; /* of the process, in the kernel's first PID namespace */
    __u64 minor_faults;
    __u64 major_faults;
};

/* Faults are those of its first thread, and of threads that are dead. */
struct task_record_process {
    struct task_record_thread head;
    __u64 start_ns; /* since boot */
    __s64 rss_pages;
    __s64 swap_pages;
    __u32 uid; /* the effective one, in the kernel's first user namespace */
    __u32 is_kernel_thread;
    char comm[TASK_RECORD_COMM_BYTES]; /* raw bytes, terminated */
};
