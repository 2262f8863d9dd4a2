/*
 * Which processes there are, and what /proc says of one: its files stat, status and cgroup.
 * Formats: proc_pid_stat(5), proc_pid_status(5), cgroups(7); fs/proc/array.c, fs/proc/base.c.
 */
#pragma once

#include "kernel/entries.h"
#include "kernel/scan.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    PROCESS_COMM_MAX = 64,    /* the kernel's own names have 15 bytes; longer ones are cut */
    PROCESS_CGROUP_MAX = 512, /* longer paths are cut */
};

/* Faults are those of all its threads, dead ones included. */
struct process_stat {
    uint64_t pid;
    uint64_t parent;      /* its pid; 0 for the first process, and for one outside the PID namespace */
    uint64_t start_ticks; /* since boot, in units of 1/sysconf(_SC_CLK_TCK) seconds; with the pid it names one
                             process */
    uint64_t minor_faults;
    uint64_t major_faults;
    uint64_t address_space_bytes;
    uint64_t rss_pages; /* 0 where the kernel gives a negative one */
    bool kernel_thread;
    char comm[PROCESS_COMM_MAX]; /* any bytes, terminated; older kernels write a newline as \n, a \ as \\ */
};

struct process_status {
    struct value uid;        /* the effective one */
    struct value swap_bytes; /* absent for kernel threads, and before 2.6.34 */
};

/* /proc/PID/stat. Returns 0, or -EINVAL where something that is needed is missing or is no number; *STAT is
 * as it was then. */
int process_parse_stat(const char *bytes, size_t length, struct process_stat *stat);

/* /proc/PID/status. What it lacks is absent; of lines with the same key the first counts. */
void process_parse_status(const char *bytes, size_t length, struct process_status *status);

/*
 * The same of process PID below PROC_FD, the folder that proc is mounted on, and the path of its memory
 * cgroup as its hierarchy has it: "/" for the root, "" where it has none. Return 0 or a negative errno; the
 * output is as it was then. Nothing is allocated, nothing stays open.
 */
int process_read_stat(int proc_fd, uint64_t pid, struct process_stat *stat);
int process_read_status(int proc_fd, uint64_t pid, struct process_status *status);
int process_read_cgroup(int proc_fd, uint64_t pid, char cgroup[PROCESS_CGROUP_MAX]);

/* /proc/PID/oom_score: how likely the OOM killer takes it, 0 to 2000; the more, the sooner. Absent where it
 * cannot be read. */
struct value process_read_oom_score(int proc_fd, uint64_t pid);

/* Whether that ERROR means that there is no such process any more: it went before its file was opened, or
 * before that was read. */
bool process_is_gone(int error);

enum { PROCESS_LIST_BYTES = 32 * 1024 };

/* A walk over the pids of all processes, threads not among them. It stays where it was opened. */
struct process_list {
    int fd; /* the folder, which serves as a PROC_FD as well; -1 when not open */
    struct entries entries;
    _Alignas(uint64_t) char memory[PROCESS_LIST_BYTES];
};

/* As long as the inode of its folder is the same, so is the process. It may change any time. */
struct process_listed {
    uint64_t pid;
    uint64_t inode;
};

/* Opens the folder that proc is mounted on. Returns 0 or a negative errno; the list is closed then. */
int process_list_open(struct process_list *list, const char *proc_path);
void process_list_close(struct process_list *list);

/* Back to the first one: every walk but the first begins so. Returns 0 or a negative errno. */
int process_list_rewind(struct process_list *list);

/* The next process, in the kernel's order, ascending by pid as a rule. Returns 1, 0 at the end, or a negative
 * errno; *LISTED is as it was but for 1. Allocates nothing. */
int process_list_next(struct process_list *list, struct process_listed *listed);
