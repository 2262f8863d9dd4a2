/* Records of names: whatever they hold, paths begin as such and end within their memory. */
#include "kernel/fault_names.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *why)
{
    (void)fprintf(stderr, "%s\n", why);
    abort();
}

static void check_path(const char *path, size_t size, bool may_be_empty)
{
    if (!memchr(path, '\0', size))
        fail("a path without an end");
    if (path[0] != '/' && strncmp(path, "...", 3) != 0 && !(may_be_empty && path[0] == '\0'))
        fail("no path");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct fault_names names;
    int error = fault_names_read(&names, data, size);

    if (error != 0 && error != -EBADMSG)
        fail("an error that is not told of");
    if (error != 0)
        return 0;
    check_path(names.path, sizeof(names.path), true);
    check_path(names.cgroup, sizeof(names.cgroup), false);
    if (!memchr(names.comm, '\0', sizeof(names.comm)))
        fail("a name without an end");
    return 0;
}
