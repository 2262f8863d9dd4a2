#include "server/own_cost.h"

#include "base/clock.h"

#include <fcntl.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

void own_cost_open(struct own_cost *cost)
{
    *cost = (struct own_cost){
        .statm_fd = open("/proc/self/statm", O_RDONLY | O_CLOEXEC),
        .start_seconds = (double)clock_wall_ns() / (double)NS_PER_SECOND,
    };
}

void own_cost_close(struct own_cost *cost)
{
    if (cost->statm_fd >= 0)
        close(cost->statm_fd);
    cost->statm_fd = -1;
}

static double cpu_seconds(void)
{
    struct timespec used = {0};

    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (double)used.tv_sec + (double)used.tv_nsec / (double)NS_PER_SECOND;
}

/* "size resident shared ...", in pages (fs/proc/array.c). */
static struct value resident_bytes(int fd)
{
    char bytes[128];
    struct value fields[2] = {{0}};
    ssize_t got = fd < 0 ? -1 : pread(fd, bytes, sizeof(bytes), 0);

    if (got > 0)
        scan_unsigneds(bytes, bytes + got, fields, 2);
    return value_times(fields[1], (uint64_t)sysconf(_SC_PAGESIZE));
}

struct own_cost_figures own_cost_read(const struct own_cost *cost)
{
    return (struct own_cost_figures){cpu_seconds(), resident_bytes(cost->statm_fd), cost->start_seconds};
}
