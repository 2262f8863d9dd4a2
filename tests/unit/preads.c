#include "preads.h"

#include <errno.h>
#include <sys/types.h>
#include <sys/uio.h>

struct preads preads;

/* By what name the C library's headers call it depends on the width of off_t. */
ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset);
ssize_t __wrap_pread64(int fd, void *bytes, size_t size, off_t offset);

void preads_reset(void)
{
    preads = (struct preads){0};
}

ssize_t __wrap_pread(int fd, void *bytes, size_t size, off_t offset)
{
    size_t given = preads.piece > 0 && preads.piece < size ? preads.piece : size;
    struct iovec into = {bytes, given};

    preads.calls++;
    if (preads.interrupted > 0) {
        preads.interrupted--;
        errno = EINTR;
        return -1;
    }
    if (preads.fail_with != 0) {
        errno = preads.fail_with;
        return -1;
    }
    return preadv(fd, &into, 1, offset);
}

ssize_t __wrap_pread64(int fd, void *bytes, size_t size, off_t offset)
{
    return __wrap_pread(fd, bytes, size, offset);
}
