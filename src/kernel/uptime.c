#include "kernel/uptime.h"

#include "kernel/scan.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

enum { NS_PER_HUNDREDTH = 10000000 };

int uptime_read(const char *proc_path, uint64_t *uptime_ns)
{
    char path[PATH_MAX];
    char bytes[64];
    struct value hundredths;

    (void)snprintf(path, sizeof(path), "%s/uptime", proc_path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t got = read(fd, bytes, sizeof(bytes));
    int error = got < 0 ? -errno : 0;
    close(fd);
    if (error < 0)
        return error;
    scan_hundredths(bytes, bytes + got, &hundredths);
    hundredths = value_times(hundredths, NS_PER_HUNDREDTH);
    if (!hundredths.present || hundredths.number == 0)
        return -EINVAL;
    *uptime_ns = hundredths.number;
    return 0;
}
