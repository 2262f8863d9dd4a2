#include "kernel/uptime.h"

#include "kernel/proc_file.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { NS_PER_HUNDREDTH = 10000000 };

static int parse(const struct proc_file *file, uint64_t *uptime_ns)
{
    struct value hundredths;

    scan_hundredths(file->bytes, file->bytes + file->length, &hundredths);
    hundredths = value_times(hundredths, NS_PER_HUNDREDTH);
    if (!hundredths.present || hundredths.number == 0)
        return -EINVAL;
    *uptime_ns = hundredths.number;
    return 0;
}

int uptime_read(const char *proc_path, uint64_t *uptime_ns)
{
    struct proc_file file = {.fd = -1};
    int folder_fd = open(proc_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int error = folder_fd < 0 ? -errno : proc_file_open(&file, folder_fd, "uptime");

    if (error == 0)
        error = proc_file_read(&file);
    if (error == 0)
        error = parse(&file, uptime_ns);
    proc_file_close(&file);
    if (folder_fd >= 0)
        close(folder_fd);
    return error;
}
