/* What major_faults.bpf.c keeps of a process that takes major faults. */
#pragma once

#include <linux/types.h>

/* Those that faulted last: 1,024 take 100 KiB of the kernel's memory. */
enum { MAJOR_FAULT_PROCESSES = 1024, MAJOR_FAULT_COMM_BYTES = 16, MAJOR_FAULT_EPOCHS = 2 };

/* Of the epoch that goes on and of the one before, so that the one can be read while the other is counted: an
 * even and an odd one, each with its own 32 bits of the epoch's number above 32 bits of the count. */
struct major_fault_record {
    __u64 counts[MAJOR_FAULT_EPOCHS];
    char comm[MAJOR_FAULT_COMM_BYTES]; /* of the thread that was the first to fault in an epoch */
};
