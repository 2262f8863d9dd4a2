#include "pwrites.h"

#include <errno.h>
#include <sys/types.h>
#include <sys/uio.h>

struct pwrites pwrites;

/* By what name the C library's headers call it depends on the width of off_t. */
ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t offset);
ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t size, off_t offset);

void pwrites_reset(void)
{
    pwrites = (struct pwrites){0};
}

static int error_of_call(void)
{
    if (pwrites.fail_nth == 0)
        return pwrites.fail_with;
    if (--pwrites.fail_nth > 0)
        return 0;
    int error = pwrites.fail_with;
    pwrites.fail_with = 0;
    return error;
}

ssize_t __wrap_pwrite(int fd, const void *bytes, size_t size, off_t offset)
{
    size_t given = pwrites.piece > 0 && pwrites.piece < size ? pwrites.piece : size;
    int error = 0;

    pwrites.calls++;
    if (pwrites.room > 0 && pwrites.room < given)
        given = pwrites.room;
    else if (pwrites.room == 0)
        error = error_of_call();
    if (error != 0) {
        errno = error;
        return -1;
    }
    struct iovec from = {(void *)bytes, given};
    ssize_t written = pwritev(fd, &from, 1, offset);
    if (pwrites.room > 0 && written > 0)
        pwrites.room -= (size_t)written;
    return written;
}

ssize_t __wrap_pwrite64(int fd, const void *bytes, size_t size, off_t offset)
{
    return __wrap_pwrite(fd, bytes, size, offset);
}
