/* A perf event that counts on each CPU, whatever task runs there (perf_event_open(2)). */
#pragma once

#include <stddef.h>

struct perf_event_attr;

/* A zeroed one is not open. */
struct perf_cpus {
    int *fds; /* one for each CPU that was online; what happens on one that comes later is not seen */
    size_t count;
};

/*
 * Opens the event. Returns 0, or a negative errno; then it is not open:
 *     -EACCES   that needs CAP_PERFMON, or a kernel.perf_event_paranoid of -1; where it is 3 (Debian's
 *     -EPERM    kernels), CAP_SYS_ADMIN
 *     -EMFILE   one descriptor for each CPU is too many
 */
int perf_cpus_open(struct perf_cpus *cpus, const struct perf_event_attr *attributes);
void perf_cpus_close(struct perf_cpus *cpus);

/* The software event CONFIG (PERF_COUNT_SW_...): each time that it happens, the program PROGRAM_FD, of the
 * type perf_event, runs in the task that it happens to. As for perf_cpus_open(). */
int perf_cpus_run(struct perf_cpus *cpus, unsigned config, int program_fd);
