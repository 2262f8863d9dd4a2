/*
 * Major faults by process, counted by a program in the kernel (bpf/major_faults.bpf.c) as they happen: those
 * of processes that have ended since are not lost, and as long as nobody asks, a count costs a store a row.
 *
 * Time is cut into epochs. The kernel keeps the counts of two: the one that goes on, and the one before,
 * which can be read. It keeps them of so many processes as MAJOR_FAULT_PROCESSES says, and lets go of those
 * that have not faulted for the longest time; one that comes back begins at nothing. What the kernel faults
 * in on behalf of a process, as for a guest of KVM, is not seen.
 */
#pragma once

#include "bpf/major_fault_record.h"

#include <stdint.h>

struct major_fault_counts;

struct major_fault_count {
    uint64_t pid;
    uint64_t faults;                       /* above 0 */
    char comm[MAJOR_FAULT_COMM_BYTES + 1]; /* of one of its threads: any bytes, terminated */
};

/*
 * Loads the program; the first epoch begins. Sets *COUNTS, to be freed with major_fault_counts_free(); NULL
 * where it fails. Returns 0 or a negative errno, for bpf_why(); but -EMFILE and others of perf_cpus_open(),
 * too. -EXDEV in a PID namespace that is not the kernel's first, as the counts have that one's numbers.
 */
int major_fault_counts_open(struct major_fault_counts **counts);

/* NULL is allowed. */
void major_fault_counts_free(struct major_fault_counts *counts);

/* Ends an epoch, and begins the next one. No system call. */
void major_fault_counts_turn(struct major_fault_counts *counts);

/* Tells TAKE each process that had major faults in the epoch that has ended last, in no order. Returns 0 or a
 * negative errno, after some of them maybe. Allocates nothing. */
int major_fault_counts_read(struct major_fault_counts *counts,
                            void (*take)(void *context, const struct major_fault_count *count),
                            void *context);
