#include "kernel/fault_names.h"

#include "kernel/path_names.h"

#include <errno.h>
#include <string.h>

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
    names->deleted = head.flags & PATH_DELETED;
    memcpy(names->comm, head.comm, sizeof(names->comm));
    names->comm[sizeof(names->comm) - 1] = '\0';
    int error = path_names_join(names->path, bytes, head.path_bytes, head.flags & PATH_CUT);
    if (error == 0)
        error = path_names_join(names->cgroup, bytes + head.path_bytes, head.cgroup_bytes,
                                head.flags & PATH_CGROUP_CUT);
    if (names->cgroup[0] == '\0')
        strcpy(names->cgroup, "/");
    return error;
}
