#include "kernel/entries.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* What getdents64(2) gives; not every libc has a name for it. */
struct raw_entry {
    uint64_t inode;
    int64_t offset;
    unsigned short length;
    unsigned char type;
    char name[];
};

struct entries entries_of(int fd, char *memory, size_t size)
{
    return (struct entries){.fd = fd, .memory = memory, .size = size};
}

static int fill(struct entries *entries)
{
    long got = syscall(SYS_getdents64, entries->fd, entries->memory, entries->size);

    entries->at = 0;
    entries->length = got > 0 ? (size_t)got : 0;
    return got < 0 ? -errno : got > 0;
}

/* Whether it lies within the memory, and its name ends there. */
static bool is_whole(const struct entries *entries, const struct raw_entry *entry)
{
    const size_t head = offsetof(struct raw_entry, name);
    size_t left = entries->length - entries->at;

    return left > head && entry->length > head && entry->length <= left &&
           memchr(entry->name, '\0', entry->length - head);
}

int entries_next(struct entries *entries, struct entry *entry)
{
    int more = entries->at < entries->length ? 1 : fill(entries);

    if (more <= 0)
        return more;
    const struct raw_entry *raw = (const void *)(entries->memory + entries->at);
    if (!is_whole(entries, raw))
        return -EIO;
    entries->at += raw->length;
    *entry = (struct entry){raw->inode, raw->type, raw->name};
    return 1;
}
