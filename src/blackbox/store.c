#include "blackbox/store.h"

#include "base/size.h"
#include "base/text.h"
#include "blackbox/segment.h"
#include "blackbox/write_queue.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <unistd.h>

/* statfs(2); linux/magic.h does not have these two. */
enum { ZFS_MAGIC = 0x2fc12fc1, BCACHEFS_MAGIC = (int)0xca451a4e };

static bool file_system_copies(int fd)
{
    struct statfs status;

    if (fstatfs(fd, &status) < 0)
        return false;
    switch ((uint32_t)status.f_type) {
    case BTRFS_SUPER_MAGIC:
    case ZFS_MAGIC:
    case (uint32_t)BCACHEFS_MAGIC:
        return true;
    default:
        return false;
    }
}

/* The bare system call, since musl's ioctl(3) takes the request as an int, which these do not fit into. */
static bool move_flags(int fd, unsigned long request, int *flags)
{
    return syscall(SYS_ioctl, fd, request, flags) == 0;
}

static bool is_written_in_place(int fd)
{
    int flags;
    return move_flags(fd, FS_IOC_GETFLAGS, &flags) && (flags & FS_NOCOW_FL) != 0;
}

/* btrfs and bcachefs know files that are written in place; it has to be said while they are empty. */
static bool ask_to_write_in_place(int fd)
{
    int flags;

    if (!move_flags(fd, FS_IOC_GETFLAGS, &flags))
        return false;
    flags |= FS_NOCOW_FL;
    return move_flags(fd, FS_IOC_SETFLAGS, &flags);
}

int store_write(const struct store *store, const void *bytes, size_t length, uint64_t offset)
{
    return store->queue ? write_queue_put(store->queue, bytes, length, offset)
                        : write_queue_write_now(store->fd, bytes, length, offset);
}

/* Where the file system cannot set blocks aside, zeros do: not on one that writes to new places each time. */
static int fill_with_zeros(struct store *store)
{
    static const char zeros[4096];
    int error = 0;

    for (uint64_t offset = 0; error == 0 && offset < store->bytes; offset += sizeof(zeros))
        error = store_write(store, zeros, sizeof(zeros), offset);
    return error == 0 && fsync(store->fd) < 0 ? -errno : error;
}

/* -EOPNOTSUPP where the file system knows no such thing. What is in the file stays. */
static int set_blocks_aside(struct store *store)
{
    if (fallocate(store->fd, 0, 0, (off_t)store->bytes) == 0)
        return 0;
    return errno == ENOSYS ? -EOPNOTSUPP : -errno;
}

static void put_bytes(char *string, size_t size, uint64_t bytes)
{
    struct text text = text_over(string, size - 1);
    text_size(&text, (double)bytes);
    string[text.length] = '\0';
}

static int refuse_for_space(const struct store *store, const char *path, int error, struct problem *problem)
{
    char size[32];

    put_bytes(size, sizeof(size), store->bytes);
    return problem_set(problem, -error,
                       "%s: %s: it takes its %s at the start, to need no more later: make room, or give a "
                       "smaller --size",
                       path, strerror(-error), size);
}

static int make_whole(struct store *store, const char *path, struct problem *problem)
{
    int error = ftruncate(store->fd, 0) < 0 ? -errno : 0;

    store->fresh = true;
    store->copies_blocks = file_system_copies(store->fd) && !ask_to_write_in_place(store->fd);
    if (error == 0)
        error = set_blocks_aside(store);
    if (error == -EOPNOTSUPP)
        error = fill_with_zeros(store);
    if (error == 0)
        return 0;
    (void)ftruncate(store->fd, 0); /* what could not be made whole is of no use */
    return refuse_for_space(store, path, error, problem);
}

/* A copy may have left out blocks that had not been written to. */
static int keep(struct store *store, const char *path, struct problem *problem)
{
    int error = set_blocks_aside(store);

    store->copies_blocks = file_system_copies(store->fd) && !is_written_in_place(store->fd);
    return error == 0 || error == -EOPNOTSUPP ? 0 : refuse_for_space(store, path, error, problem);
}

static int lock(const struct store *store, const char *path, struct problem *problem)
{
    if (flock(store->fd, LOCK_EX | LOCK_NB) == 0)
        return 0;
    if (errno == EWOULDBLOCK)
        return problem_set(
            problem, EAGAIN,
            "%s: another faultline records into it: stop that one, or name another file with -f", path);
    return problem_set(problem, errno, "%s: it cannot be locked: %s", path, strerror(errno));
}

/* Another user could have put it there, in a folder for all, so as to read what is recorded. */
static int check_owner(const struct store *store, const char *path, struct problem *problem)
{
    struct stat status;

    if (fstat(store->fd, &status) < 0)
        return problem_set(problem, errno, "%s: %s", path, strerror(errno));
    if (status.st_uid != geteuid())
        return problem_set(
            problem, EPERM,
            "%s: it belongs to another user, who could read what is recorded: name another file, "
            "or have it owned by user %u",
            path, (unsigned)geteuid());
    return 0;
}

/* Before anything of it is lost: it may be one that is being recorded into. */
static int claim(const struct store *store, const char *path, struct problem *problem)
{
    int error = lock(store, path, problem);
    return error == 0 ? check_owner(store, path, problem) : error;
}

/* Where the next bytes are that were written; BYTES where none are. */
static uint64_t find_data(const struct store *store, uint64_t offset, uint64_t bytes)
{
    off_t found = lseek(store->fd, (off_t)offset, SEEK_DATA);

    if (found < 0)
        return errno == ENXIO ? bytes : offset;
    return (uint64_t)found;
}

/* -ENODATA where all of the file is zero, else -EBADMSG. */
static int look_for_anything(const struct store *store, uint64_t bytes)
{
    uint8_t piece[16 * 1024];

    for (uint64_t at = find_data(store, 0, bytes); at < bytes;) {
        ssize_t got = pread(store->fd, piece, sizeof(piece), (off_t)at);
        if (got < 0)
            return -errno;
        if (got == 0)
            break;
        if (!segment_is_blank(piece, (size_t)got))
            return -EBADMSG;
        at = find_data(store, at + (uint64_t)got, bytes);
    }
    return -ENODATA;
}

/* 0 where the file holds a recording of the version of today, -ENODATA where nothing at all,
 * -EPROTONOSUPPORT, -EBADMSG where something else. */
static int look_inside(const struct store *store, uint64_t bytes)
{
    uint8_t header_bytes[SEGMENT_HEADER_BYTES];
    struct segment_header header;
    bool later = false;

    for (uint64_t offset = 0; offset < bytes; offset += SEGMENT_BYTES) {
        offset = find_data(store, offset, bytes) / SEGMENT_BYTES * SEGMENT_BYTES;
        ssize_t got = pread(store->fd, header_bytes, sizeof(header_bytes), (off_t)offset);
        if (got < 0)
            return -errno;
        int error = got == sizeof(header_bytes) ? segment_take_header(header_bytes, &header) : -ENOENT;
        if (error == 0)
            return 0;
        later |= error == -EPROTONOSUPPORT; /* or its version is what was damaged */
    }
    return later ? -EPROTONOSUPPORT : look_for_anything(store, bytes);
}

static int refuse_size(const struct store *store, uint64_t found, const char *path, struct problem *problem)
{
    char is[32];
    char asked[32];

    put_bytes(is, sizeof(is), found);
    put_bytes(asked, sizeof(asked), store->bytes);
    return problem_set(
        problem, EEXIST,
        "%s: it is there with %s, not %s: leave out --size to go on with it, or give --force to "
        "overwrite it",
        path, is, asked);
}

/* One of those that `replay --save` makes as small as they can be: evidence, which a ring would soon
 * overwrite. */
static int refuse_small(uint64_t found, const char *path, struct problem *problem)
{
    return problem_set(problem, EEXIST,
                       "%s: it is there with %" PRIu64 " bytes, too few to go on with: name another file "
                       "with -f, or give --force to overwrite it",
                       path, found);
}

/* What there is and is no recording to go on with. FOUND is what look_inside() said. */
static int refuse_content(int found, const char *path, struct problem *problem)
{
    static const char mend[] = "name another file with -f, or give --force to overwrite it";

    switch (found) {
    case -EPROTONOSUPPORT:
        return problem_set(problem, EEXIST, "%s: it was recorded by a later version: %s", path, mend);
    case -EBADMSG:
        return problem_set(problem, EEXIST, "%s: it is no recording of faultline: %s", path, mend);
    default:
        return problem_set(problem, -found, "%s: %s", path, strerror(-found));
    }
}

/* A file that was cut, or has gained bytes, keeps all that is left of it. */
static uint64_t in_whole_segments(uint64_t bytes)
{
    return (bytes + SEGMENT_BYTES - 1) / SEGMENT_BYTES * SEGMENT_BYTES;
}

static int take_what_is_there(struct store *store, const struct store_settings *settings,
                              struct problem *problem)
{
    struct stat status;

    if (fstat(store->fd, &status) < 0)
        return problem_set(problem, errno, "%s: %s", settings->path, strerror(errno));
    if (!S_ISREG(status.st_mode))
        return problem_set(problem, EINVAL, "%s: it is no regular file", settings->path);
    uint64_t bytes = (uint64_t)status.st_size;
    int found = look_inside(store, bytes);
    if (found == -ENODATA || (found < 0 && settings->force))
        return make_whole(store, settings->path, problem);
    if (found < 0)
        return refuse_content(found, settings->path, problem);
    bool small = settings->bytes == 0 && bytes < STORE_BYTES_MIN;
    if (settings->bytes == 0 && !small)
        store->bytes = in_whole_segments(bytes);
    if (store->bytes == in_whole_segments(bytes))
        return keep(store, settings->path, problem);
    if (settings->force)
        return make_whole(store, settings->path, problem);
    return small ? refuse_small(bytes, settings->path, problem)
                 : refuse_size(store, bytes, settings->path, problem);
}

/* *MADE: it was not there. */
static int open_file(const char *path, bool *made)
{
    const int flags = O_RDWR | O_CLOEXEC | O_NONBLOCK; /* a FIFO would be waited for */
    int fd = open(path, flags);

    *made = fd < 0 && errno == ENOENT;
    if (*made)
        fd = open(path, flags | O_CREAT, 0600); /* it tells of who runs what */
    return fd < 0 ? -errno : fd;
}

int store_open(struct store *store, const struct store_settings *settings, struct problem *problem)
{
    bool made;

    *store = (struct store){.bytes = settings->bytes > 0 ? settings->bytes : STORE_BYTES_DEFAULT};
    int fd = open_file(settings->path, &made);
    store->fd = fd < 0 ? -1 : fd;
    if (fd < 0)
        return problem_set(problem, -fd, "%s: %s", settings->path, strerror(-fd));
    int error = claim(store, settings->path, problem);
    if (error == 0) {
        error = take_what_is_there(store, settings, problem);
        if (error < 0 && made)
            (void)unlink(settings->path);
    }
    if (error < 0)
        store_close(store);
    return error;
}

int store_create(struct store *store, const char *path, bool force, struct problem *problem)
{
    int flags = O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK | (force ? 0 : O_EXCL);

    *store = (struct store){.fd = open(path, flags, 0600), .bytes = STORE_BYTES_MAX, .fresh = true};
    if (store->fd < 0 && errno == EEXIST)
        return problem_set(problem, EEXIST,
                           "%s: it is there: name another file, or give --force to overwrite it", path);
    if (store->fd < 0)
        return problem_set(problem, errno, "%s: %s", path, strerror(errno));
    int error = claim(store, path, problem);
    if (error == 0 && ftruncate(store->fd, 0) < 0)
        error = problem_set(problem, errno, "%s: %s", path, strerror(errno));
    if (error < 0)
        store_close(store);
    return error;
}

void store_close(struct store *store)
{
    if (store->fd >= 0)
        close(store->fd);
    store->fd = -1;
}
