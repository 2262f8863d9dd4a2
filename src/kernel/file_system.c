#include "kernel/file_system.h"

#include "base/file.h"
#include "kernel/span.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>

enum {
    LEAST_BYTES = 1 << 20 /* efivarfs has 128 KiB, and is never far from full */,
    FULL_PAGES = 16,
    PAGE_MIN = 4096,
    DEVICE_MINOR_BITS = 20
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

static bool is_octal(char digit)
{
    return digit >= '0' && digit <= '7';
}

/* "\040" stands for a blank, as fs/proc_namespace.c writes it. */
static void unescape(char *path)
{
    char *out = path;

    for (const char *at = path; *at; at++) {
        if (at[0] == '\\' && is_octal(at[1]) && is_octal(at[2]) && is_octal(at[3])) {
            *out++ = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
            at += 3;
        } else {
            *out++ = *at;
        }
    }
    *out = '\0';
}

/* "36 35 8:1 / /mnt rw - ext4 /dev/sda1 rw": the third field is the device, the fifth where it is mounted. */
static bool read_mount(struct span line, uint32_t *device, char *path, size_t size)
{
    (void)span_take_word(&line);
    (void)span_take_word(&line);
    struct span numbers = span_take_word(&line);
    (void)span_take_word(&line);
    struct span point = span_take_word(&line);
    struct span major;

    if (!span_take_until(&numbers, ":", &major) || point.length == 0 || point.length >= size)
        return false;
    struct value high = span_take_number(&major);
    struct value low = span_take_number(&numbers);
    *device = (uint32_t)(high.number << DEVICE_MINOR_BITS | low.number);
    span_keep(path, size, point);
    unescape(path);
    return high.present && low.present;
}

int file_system_find_full(struct file_system *full, uint32_t device)
{
    struct file_system looked;
    char path[PATH_MAX];
    char *mountinfo;
    struct span line;
    uint32_t mounted;
    int found = 0;
    int error = file_read_whole("/proc/self/mountinfo", &mountinfo);

    if (error < 0)
        return error;
    struct span text = span_of(mountinfo);
    while (!found && span_take_line(&text, &line)) {
        found = read_mount(line, &mounted, path, sizeof(path)) && (device == 0 || mounted == device) &&
                file_system_look(&looked, path) == 0 && file_system_is_full(&looked);
    }
    if (found)
        *full = looked;
    free(mountinfo);
    return found;
}
