/* What an address of the current task belongs to. */
#pragma once

#include "kernel_types.h"

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>

/* Set before it is loaded. */
const volatile __u32 page_shift = 12;

struct place {
    __u64 address;
    __u64 offset; /* in the file */
    struct file *file;
    __u32 known;
};

static long note_place(struct task_struct *task, struct vm_area_struct *area, struct place *place)
{
    (void)task;
    place->file = BPF_CORE_READ(area, vm_file);
    place->offset =
        (BPF_CORE_READ(area, vm_pgoff) << page_shift) + place->address - BPF_CORE_READ(area, vm_start);
    place->known = 1;
    return 0;
}

/* TASK is the current one. The file stays while the fault holds the map, or its part; else it may be
 * another's by the time that it is looked into. Not known where somebody else had the map locked. */
static __always_inline void find_place(struct place *place, struct task_struct *task, __u64 address)
{
    *place = (struct place){.address = address};
    bpf_find_vma(task, address, note_place, place, 0);
}
