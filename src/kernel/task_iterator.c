#include "kernel/task_iterator.h"

#include "base/memory.h"
#include "kernel/bpf.h"
#include "kernel/bpf_call.h"
#include "kernel/pid_namespace.h"

#include <bpf/tasks.skel.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The kernel hands out eight pages at a time (kernel/bpf/bpf_iter.c). */
enum { READ_BYTES = 64 * 1024, PROCESSES_MIN = 256 };

struct task_iterator {
    struct tasks_bpf *program;
    struct task_table table;
    _Alignas(uint64_t) char bytes[READ_BYTES];
};

static int load(struct task_iterator *iterator)
{
    int error = bpf_is_possible();

    if (error < 0)
        return error;
    if (!pid_namespace_is_initial())
        return -EXDEV;
    iterator->program = tasks_bpf__open_and_load();
    if (!iterator->program)
        return -errno;
    return tasks_bpf__attach(iterator->program) < 0 ? -errno : 0;
}

int task_iterator_open(struct task_iterator **iterator)
{
    const struct task_table *table;

    *iterator = memory_new(sizeof(**iterator));
    if (!*iterator)
        return -ENOMEM;
    **iterator = (struct task_iterator){.program = NULL};
    int error = load(*iterator);
    if (error == 0)
        error = task_table_reserve(&(*iterator)->table, PROCESSES_MIN);
    /* What the program's own checks let pass and the kernel does not shows in a first read. */
    if (error == 0)
        error = task_iterator_read(*iterator, &table);
    if (error == 0)
        error = task_table_reserve(&(*iterator)->table, 2 * table->count);
    if (error < 0) {
        task_iterator_free(*iterator);
        *iterator = NULL;
    }
    return error;
}

void task_iterator_free(struct task_iterator *iterator)
{
    if (!iterator)
        return;
    tasks_bpf__destroy(iterator->program);
    task_table_free(&iterator->table);
    free(iterator);
}

static int read_all(struct task_iterator *iterator, int fd)
{
    size_t length = 0;
    size_t used;
    ssize_t got;

    while ((got = read(fd, iterator->bytes + length, sizeof(iterator->bytes) - length)) > 0) {
        length += (size_t)got;
        int error = task_table_take(&iterator->table, iterator->bytes, length, &used);
        if (error < 0)
            return error;
        length -= used;
        memmove(iterator->bytes, iterator->bytes + used, length);
    }
    return got < 0 ? -errno : length > 0 ? -EBADMSG : 0;
}

int task_iterator_read(struct task_iterator *iterator, const struct task_table **table)
{
    int fd = bpf_iterate(iterator->program->links.put_task_fd);

    if (fd < 0)
        return fd;
    task_table_begin(&iterator->table);
    int error = read_all(iterator, fd);
    close(fd);
    task_table_end(&iterator->table);
    *table = &iterator->table;
    return error;
}
