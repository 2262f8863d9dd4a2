/* Fills the record of a process, for the programs that send one. */
#pragma once

#include "kernel_types.h"
#include "task_record.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

static __always_inline __s64 at_least_zero(__s64 pages)
{
    return pages > 0 ? pages : 0;
}

/* WHICH is a constant, as the place in an array is relocated with the rest. The parts of a counter that lie
 * with the CPUs are left out, as in /proc/PID/stat (mm/util.c, get_mm_counter()). */
#define pages_of(mm, which)                                                                                  \
    at_least_zero(bpf_core_field_exists(((struct mm_struct___6_1 *)mm)->rss_stat.count)                      \
                      ? BPF_CORE_READ((struct mm_struct___6_1 *)mm, rss_stat.count[which].counter)           \
                      : BPF_CORE_READ(mm, rss_stat[which].count))

static __always_inline void fill_memory(struct task_record_process *record, struct task_struct *task)
{
    struct mm_struct *mm = BPF_CORE_READ(task, mm);

    if (!mm || record->is_kernel_thread)
        return;
    __s64 rss_pages = pages_of(mm, MM_FILEPAGES) + pages_of(mm, MM_ANONPAGES) + pages_of(mm, MM_SHMEMPAGES);
    __s64 swap_pages = pages_of(mm, MM_SWAPENTS);
    /* A task that exits in between lets go of it, and what was read may be another's. */
    if (BPF_CORE_READ(task, mm) != mm)
        return;
    record->rss_pages = rss_pages;
    record->swap_pages = swap_pages;
}

/* LEADER is the first thread of its process, of which faults of living threads are counted alone. */
static __always_inline void fill_process(struct task_record_process *record, struct task_struct *leader)
{
    record->head.kind = TASK_RECORD_PROCESS;
    record->head.pid = BPF_CORE_READ(leader, tgid);
    record->head.minor_faults = BPF_CORE_READ(leader, min_flt) + BPF_CORE_READ(leader, signal, min_flt);
    record->head.major_faults = BPF_CORE_READ(leader, maj_flt) + BPF_CORE_READ(leader, signal, maj_flt);
    record->start_ns = BPF_CORE_READ(leader, start_boottime);
    record->uid = BPF_CORE_READ(leader, real_cred, euid.val);
    record->is_kernel_thread = (BPF_CORE_READ(leader, flags) & PF_KTHREAD) != 0;
    BPF_CORE_READ_STR_INTO(&record->comm, leader, comm);
    fill_memory(record, leader);
}
