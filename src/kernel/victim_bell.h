/*
 * A bell that rings when the kernel has chosen a victim for its OOM killer: a descriptor that is readable
 * then.
 *
 * Who waits for the kernel's log is woken at the next tick (kernel/printk/printk.c: wake_up_klogd_work is
 * lazy), and where a serial console is slow, only when the line has gone out there: milliseconds, up to a
 * second, after it could be read. The bell rings at once: the tracepoint oom:mark_victim, by bpf(2) (a raw
 * tracepoint needs no tracefs; 5.8 on), just before the line is written. It says nothing of the victim, and
 * is the better for those who may read the log anyway.
 */
#pragma once

struct victim_bell {
    int fd; /* to be waited for with EPOLLIN; -1: not open */
    int program_fd;
    int link_fd;
    void *consumer; /* pages of the ring that rings the bell */
    void *producer;
};

#define VICTIM_BELL_CLOSED                                                                                   \
    {                                                                                                        \
        .fd = -1, .program_fd = -1, .link_fd = -1                                                            \
    }

/* Returns 0 or a negative errno: -EPERM without CAP_BPF and CAP_PERFMON, -EINVAL and others on a kernel
 * without what it needs. */
int victim_bell_open(struct victim_bell *bell);
void victim_bell_close(struct victim_bell *bell);

/* Makes it silent until the next victim. */
void victim_bell_hush(struct victim_bell *bell);
