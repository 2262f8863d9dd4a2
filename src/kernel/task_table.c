#include "kernel/task_table.h"

#include "base/clock.h"
#include "base/memory.h"
#include "bpf/task_record.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct task_share {
    uint64_t pid;
    uint64_t minor_faults;
    uint64_t major_faults;
};

static_assert((int)TASK_RECORD_COMM_BYTES <= (int)PROCESS_COMM_MAX, "names fit");

/* ITEMS of SIZE bytes with room for NEEDED, more than *ROOM, at least. NULL without memory. */
static void *grow(void *items, size_t *room, size_t needed, size_t size)
{
    enum { ROOM_MIN = 64 };
    size_t wanted = *room > ROOM_MIN ? 2 * *room : ROOM_MIN;

    if (wanted < needed)
        wanted = needed;
    char *grown = reallocarray(items, wanted, size);
    if (!grown)
        return NULL;
    memory_touch(grown + *room * size, (wanted - *room) * size);
    *room = wanted;
    return grown;
}

int task_table_reserve(struct task_table *table, size_t count)
{
    if (count <= table->room)
        return 0;
    struct task_process *grown = grow(table->processes, &table->room, count, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    table->processes = grown;
    return 0;
}

static int reserve_early(struct task_table *table, size_t count)
{
    if (count <= table->early_room)
        return 0;
    struct task_share *grown = grow(table->early, &table->early_room, count, sizeof(*grown));
    if (!grown)
        return -ENOMEM;
    table->early = grown;
    return 0;
}

void task_table_free(struct task_table *table)
{
    free(table->processes);
    free(table->early);
    *table = (struct task_table){0};
}

void task_table_begin(struct task_table *table)
{
    table->count = 0;
    table->early_count = 0;
    table->ns_per_tick = NS_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK);
}

static struct task_process *find(struct task_table *table, uint64_t pid)
{
    size_t low = 0;
    size_t high = table->count;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->processes[middle].stat.pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low < table->count && table->processes[low].stat.pid == pid ? &table->processes[low] : NULL;
}

static void add_share(struct task_process *process, const struct task_share *share)
{
    process->stat.minor_faults += share->minor_faults;
    process->stat.major_faults += share->major_faults;
}

static uint64_t at_least_zero(int64_t pages)
{
    return pages > 0 ? (uint64_t)pages : 0;
}

void task_process_from_record(struct task_process *process, const struct task_record_process *record,
                              uint64_t ns_per_tick)
{
    process->stat.pid = record->head.pid;
    process->stat.start_ticks = record->start_ns / ns_per_tick;
    process->stat.minor_faults = record->head.minor_faults;
    process->stat.major_faults = record->head.major_faults;
    process->stat.rss_pages = at_least_zero(record->rss_pages);
    process->stat.kernel_thread = record->is_kernel_thread;
    memcpy(process->stat.comm, record->comm, sizeof(record->comm));
    process->stat.comm[sizeof(record->comm) - 1] = '\0';
    process->uid = record->uid;
    process->swap_pages = at_least_zero(record->swap_pages);
}

static int take_process(struct task_table *table, const struct task_record_process *record)
{
    if (table->count > 0 && table->processes[table->count - 1].stat.pid >= record->head.pid)
        return -EBADMSG;
    int error = task_table_reserve(table, table->count + 1);
    if (error == 0)
        task_process_from_record(&table->processes[table->count++], record, table->ns_per_tick);
    return error;
}

static int take_thread(struct task_table *table, const struct task_record_thread *record)
{
    struct task_share share = {record->pid, record->minor_faults, record->major_faults};
    struct task_process *process = find(table, share.pid);

    if (process) {
        add_share(process, &share);
        return 0;
    }
    int error = reserve_early(table, table->early_count + 1);
    if (error == 0)
        table->early[table->early_count++] = share;
    return error;
}

static size_t size_of(enum task_record_kind kind)
{
    switch (kind) {
    case TASK_RECORD_PROCESS:
        return sizeof(struct task_record_process);
    case TASK_RECORD_THREAD:
        return sizeof(struct task_record_thread);
    }
    return 0;
}

static int take(struct task_table *table, const struct task_record_thread *head)
{
    return head->kind == TASK_RECORD_PROCESS ? take_process(table, (const struct task_record_process *)head)
                                             : take_thread(table, head);
}

int task_table_take(struct task_table *table, const void *bytes, size_t length, size_t *used)
{
    *used = 0;
    while (length - *used >= sizeof(struct task_record_thread)) {
        const void *record = (const char *)bytes + *used;
        size_t size = size_of(((const struct task_record_thread *)record)->kind);
        if (size == 0)
            return -EBADMSG;
        if (size > length - *used)
            break;
        int error = take(table, record);
        if (error < 0)
            return error;
        *used += size;
    }
    return 0;
}

void task_table_end(struct task_table *table)
{
    for (size_t i = 0; i < table->early_count; i++) {
        struct task_process *process = find(table, table->early[i].pid);
        if (process)
            add_share(process, &table->early[i]);
    }
}
