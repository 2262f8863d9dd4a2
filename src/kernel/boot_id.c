#include "kernel/boot_id.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static int value_of(char digit)
{
    static const char digits[] = "0123456789abcdef";
    const char *found = digit ? strchr(digits, digit) : NULL;
    return found ? (int)(found - digits) : -1;
}

/* "0e2b5a9c-63f0-4c1e-9a57-0d9cf1a8c5ee": hexadecimal digits, the dashes count for nothing. */
static int parse(const char *at, const char *end, uint8_t id[BOOT_ID_BYTES])
{
    size_t count = 0;

    for (; at < end && *at != '\n'; at++) {
        int value = value_of(*at);
        if (*at == '-')
            continue;
        if (value < 0 || count == 2 * (size_t)BOOT_ID_BYTES)
            return -EINVAL;
        id[count / 2] = (uint8_t)(id[count / 2] << 4 | value);
        count++;
    }
    return count == 2 * (size_t)BOOT_ID_BYTES ? 0 : -EINVAL;
}

int boot_id_read(const char *proc_path, uint8_t id[BOOT_ID_BYTES])
{
    char path[4096];
    char text[64];

    memset(id, 0, BOOT_ID_BYTES);
    if (snprintf(path, sizeof(path), "%s/sys/kernel/random/boot_id", proc_path) >= (int)sizeof(path))
        return -ENAMETOOLONG;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t got = read(fd, text, sizeof(text));
    int error = got < 0 ? -errno : parse(text, text + got, id);
    close(fd);
    if (error < 0)
        memset(id, 0, BOOT_ID_BYTES);
    return error;
}
