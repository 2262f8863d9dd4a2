#include "kernel/fault_names.h"

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

/* BYTES hold names from the last one up, each terminated: they are put in order, a slash in front of each. */
static int join(char *path, const char *bytes, size_t length, bool cut)
{
    const char *end = bytes + length;

    if (length > FAULT_PATH_BYTES + FAULT_NAME_BYTES || (length > 0 && end[-1] != '\0'))
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

int fault_names_read(struct fault_names *names, const void *record, size_t length)
{
    struct fault_record_names head;

    if (length < sizeof(head))
        return -EBADMSG;
    memcpy(&head, record, sizeof(head));
    const char *bytes = (const char *)record + sizeof(head);
    size_t rest = length - sizeof(head);
    if (head.path_bytes > rest || head.cgroup_bytes > rest - head.path_bytes)
        return -EBADMSG;
    names->key = head.key;
    names->uid = head.uid;
    names->deleted = head.flags & FAULT_PATH_DELETED;
    memcpy(names->comm, head.comm, sizeof(names->comm));
    names->comm[sizeof(names->comm) - 1] = '\0';
    int error = join(names->path, bytes, head.path_bytes, head.flags & FAULT_PATH_CUT);
    if (error == 0)
        error =
            join(names->cgroup, bytes + head.path_bytes, head.cgroup_bytes, head.flags & FAULT_CGROUP_CUT);
    if (names->cgroup[0] == '\0')
        strcpy(names->cgroup, "/");
    return error;
}
