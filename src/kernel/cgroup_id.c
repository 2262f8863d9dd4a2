#include "kernel/cgroup_id.h"

#include "kernel/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

/* The root of v2 has no file that would tell. */
static int version_of(int folder_fd)
{
    struct statfs system;

    if (fstatfs(folder_fd, &system) < 0)
        return -errno;
    if (system.f_type == CGROUP2_SUPER_MAGIC)
        return CGROUP_V2;
    if (system.f_type == CGROUP_SUPER_MAGIC && cgroup_version(folder_fd) == CGROUP_V1)
        return CGROUP_V1;
    return -ENOTSUP;
}

int cgroup_id_of(const char *path, struct cgroup_id *id)
{
    struct stat status;
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int version = version_of(fd);
    int error = version < 0 ? version : fstat(fd, &status) < 0 ? -errno : 0;

    close(fd);
    if (error == 0)
        *id = (struct cgroup_id){version, status.st_ino};
    return error;
}
