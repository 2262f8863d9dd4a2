#include "kernel/file_system.h"

#include "base/file.h"
#include "kernel/mountinfo.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

enum {
    LEAST_BYTES = 1 << 20, /* efivarfs has 128 KiB, and is never far from full */
    FULL_PAGES = 16,
    PAGE_MIN = 4096,
};

int file_system_look(struct file_system *found, const char *path)
{
    struct statvfs room;

    if (statvfs(path, &room) < 0)
        return -errno;
    if (room.f_blocks == 0 || (uint64_t)room.f_blocks * room.f_frsize < LEAST_BYTES)
        return -ENODATA;
    if (room.f_flag & ST_RDONLY)
        return -EROFS;
    span_keep(found->path, sizeof(found->path), span_of(path));
    found->size_bytes = (uint64_t)room.f_blocks * room.f_frsize;
    found->free_bytes = (uint64_t)room.f_bavail * room.f_frsize;
    return 0;
}

bool file_system_is_full(const struct file_system *looked)
{
    return looked->free_bytes < (uint64_t)FULL_PAGES * PAGE_MIN;
}

int file_system_find_full(struct file_system *full, uint32_t device)
{
    struct file_system looked = {0};
    struct mount_line mount;
    char *mountinfo;
    struct span line;
    int found = 0;
    int error = file_read_whole("/proc/self/mountinfo", &mountinfo);

    if (error < 0)
        return error;
    struct span text = span_of(mountinfo);
    while (!found && span_take_line(&text, &line)) {
        found = mountinfo_read(&mount, line) && (device == 0 || mount.device == device) &&
                file_system_look(&looked, mount.point) == 0 && file_system_is_full(&looked);
    }
    if (found)
        *full = looked;
    free(mountinfo);
    return found;
}
