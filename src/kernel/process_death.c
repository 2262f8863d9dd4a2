#include "kernel/process_death.h"

#include <errno.h>
#include <string.h>

static void copy_comm(char *to, const char *from)
{
    memcpy(to, from, DEATH_COMM_BYTES);
    to[DEATH_COMM_BYTES - 1] = '\0';
}

static void copy_sender(struct death_signal_sender *to, const struct death_sender *from)
{
    if (!(from->flags & DEATH_SENDER_SEEN))
        return;
    to->seen = true;
    to->kernel = from->flags & DEATH_SENDER_KERNEL;
    to->pid = from->pid;
    to->uid = from->uid;
    copy_comm(to->comm, from->comm);
}

static int read_file(struct death_touched_file *to, const struct death_file *from, const char *names)
{
    bool limited = from->flags & DEATH_FILE_LIMITED;

    to->known = true;
    to->deleted = from->path_flags & PATH_DELETED;
    to->device = from->device;
    to->offset_bytes = from->offset;
    to->length_bytes = from->length;
    to->used_bytes = (struct value){limited ? from->used_bytes : 0, limited};
    to->size_bytes = (struct value){limited ? from->limit_bytes : 0, limited};
    return path_names_join(to->path, names, from->path_bytes, from->path_flags & PATH_CUT);
}

int process_death_from_record(struct process_death *death, const void *record, size_t length)
{
    struct death_record head;

    if (length < sizeof(head))
        return -EBADMSG;
    memcpy(&head, record, sizeof(head));
    if (head.file.path_bytes > length - sizeof(head))
        return -EBADMSG;
    *death = (struct process_death){
        .pid = head.pid,
        .parent_pid = head.parent_pid,
        .uid = head.uid,
        .signal = (int)(head.status & DEATH_STATUS_SIGNAL),
        .core = head.status & DEATH_STATUS_CORE,
    };
    copy_comm(death->comm, head.comm);
    copy_sender(&death->sender, &head.sender);
    if (!(head.file.flags & DEATH_FILE_SEEN))
        return 0;
    return read_file(&death->file, &head.file, (const char *)record + sizeof(head));
}
