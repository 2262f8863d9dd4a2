#include "kernel/path_names.h"

#include <errno.h>
#include <string.h>

/* Where the name begins that ends at END, which is behind its terminator. */
static const char *name_before(const char *bytes, const char *end)
{
    const char *at = end - 1;

    while (at > bytes && at[-1] != '\0')
        at--;
    return at;
}

int path_names_join(char *path, const char *bytes, size_t length, bool cut)
{
    const char *end = bytes + length;

    if (length > PATH_ROOM || (length > 0 && end[-1] != '\0'))
        return -EBADMSG;
    if (cut)
        path = stpcpy(path, "...");
    while (end > bytes) {
        const char *name = name_before(bytes, end);
        *path++ = '/';
        path = stpcpy(path, name);
        end = name;
    }
    *path = '\0';
    return 0;
}
