/*
 * The processes of a tree that end, and what ended those that a signal did: who sent it, and to a SIGBUS the
 * file. Programs on the raw tracepoints signal_generate and sched_process_exit tell of them
 * (bpf/deaths.bpf.c).
 *
 * The tree is all processes below one, its keeper: its children, theirs, and so on, 64 generations deep. It
 * is to be a child subreaper (prctl(2)), or those whose parent ends are no longer below it.
 */
#pragma once

#include "kernel/process_death.h"

#include <stdbool.h>
#include <stdint.h>

struct process_deaths;

/* Loads the programs; nobody is looked at yet. Sets *DEATHS, to be freed with process_deaths_free(); NULL
 * where it fails. Returns 0 or a negative errno, for bpf_why(): -EXDEV in a PID namespace that is not the
 * kernel's first. */
int process_deaths_open(struct process_deaths **deaths);

/* NULL is allowed. */
void process_deaths_free(struct process_deaths *deaths);

/* From here on the tree below KEEPER_PID is looked at, who may be the caller; 0: nobody is. */
void process_deaths_watch(struct process_deaths *deaths, uint32_t keeper_pid);

/* To be waited for with EPOLLIN: there is something for process_deaths_read(). */
int process_deaths_fd(const struct process_deaths *deaths);

/* Takes the next one that a signal ended, in their order. It is there when its parent is told that it ended
 * (wait(2)). False where there is none. */
bool process_deaths_read(struct process_deaths *deaths, struct process_death *death);

/* How many have ended until now, by a signal or not. */
uint64_t process_deaths_count(const struct process_deaths *deaths);

/* The page faults of all threads that have ended until now, those that the kernel took on their behalf among
 * them: as getrusage(2) has them, but of whoever nobody waits for as well. */
struct ended_faults {
    uint64_t minor;
    uint64_t major;
};

struct ended_faults process_deaths_faults(const struct process_deaths *deaths);

/* How many that a signal ended there was no room for, and what was read and is none. */
uint64_t process_deaths_lost(const struct process_deaths *deaths);
