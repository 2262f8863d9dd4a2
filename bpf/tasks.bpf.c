/* All tasks in one read (a task iterator, Linux 5.8): records of task_record.h. */
#include "kernel_types.h"
#include "task_fill.h"

#include <linux/bpf.h>

static __always_inline void put_process(struct seq_file *seq, struct task_struct *leader)
{
    struct task_record_process record = {};

    fill_process(&record, leader);
    bpf_seq_write(seq, &record, sizeof(record));
}

static __always_inline void put_thread(struct seq_file *seq, struct task_struct *task)
{
    struct task_record_thread record = {
        .kind = TASK_RECORD_THREAD,
        .pid = task->tgid,
        .minor_faults = task->min_flt,
        .major_faults = task->maj_flt,
    };

    if (record.minor_faults | record.major_faults)
        bpf_seq_write(seq, &record, sizeof(record));
}

SEC("iter/task")
int put_task(struct bpf_iter__task *context)
{
    struct task_struct *task = context->task;

    if (!task) /* the end */
        return 0;
    if (task->pid == task->tgid)
        put_process(context->meta->seq, task);
    else
        put_thread(context->meta->seq, task);
    return 0;
}

char program_license[] SEC("license") = "Dual MIT/GPL";
