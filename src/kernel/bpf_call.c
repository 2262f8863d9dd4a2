#include "kernel/bpf_call.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static int call(int command, union bpf_attr *attributes, size_t size)
{
    long result = syscall(SYS_bpf, command, attributes, size);
    return result < 0 ? -errno : (int)result;
}

/* What a caller sets and the kernel does not know is looked at before the command, and that is none. */
bool bpf_knows_loaders(void)
{
    enum { NONE = 0x7fff }; /* above it the newest have flags */
    union bpf_attr attributes;

    memset(&attributes, 0, sizeof(attributes));
    attributes.fd_array = 1;
    return call(NONE, &attributes, offsetof(union bpf_attr, fd_array) + sizeof(attributes.fd_array)) !=
           -E2BIG;
}

int bpf_iterate(int link_fd)
{
    union bpf_attr attributes;

    memset(&attributes, 0, sizeof(attributes));
    attributes.iter_create.link_fd = (uint32_t)link_fd;
    return call(BPF_ITER_CREATE, &attributes, sizeof(attributes.iter_create));
}

int bpf_map_walk_next(struct bpf_map_walk *walk, void *keys, void *values, uint32_t room, uint32_t *count)
{
    union bpf_attr attributes;

    memset(&attributes, 0, sizeof(attributes));
    attributes.batch.in_batch = walk->begun ? (uintptr_t)&walk->position : 0;
    attributes.batch.out_batch = (uintptr_t)&walk->position;
    attributes.batch.keys = (uintptr_t)keys;
    attributes.batch.values = (uintptr_t)values;
    attributes.batch.count = room;
    attributes.batch.map_fd = (uint32_t)walk->map_fd;
    int error = call(BPF_MAP_LOOKUP_BATCH, &attributes, sizeof(attributes.batch));
    walk->begun = true;
    *count = error == 0 || error == -ENOENT ? attributes.batch.count : 0; /* ENOENT: nothing is left */
    return error == 0 ? 1 : error == -ENOENT ? 0 : error;
}
