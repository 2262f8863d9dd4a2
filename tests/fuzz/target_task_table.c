/* Records of tasks: however their bytes are split, the table is what the plainest of readers makes of them,
 * and what is no such stream is refused. */
#include "bpf/task_record.h"
#include "kernel/task_table.h"

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

/* What the plainest of readers finds. */
struct plain {
    struct task_record_process *processes; /* with the faults of all their threads */
    size_t count;
    size_t length; /* of the records that are whole */
    bool refused;
};

static size_t size_of(uint32_t kind)
{
    return kind == TASK_RECORD_PROCESS  ? sizeof(struct task_record_process)
           : kind == TASK_RECORD_THREAD ? sizeof(struct task_record_thread)
                                        : 0;
}

static void add_process(struct plain *plain, const uint8_t *bytes)
{
    struct task_record_process *process = &plain->processes[plain->count];

    memcpy(process, bytes, sizeof(*process));
    plain->refused = plain->count > 0 && process[-1].head.pid >= process->head.pid;
    plain->count += !plain->refused;
}

static void read_processes(struct plain *plain, const uint8_t *bytes, size_t size)
{
    struct task_record_thread head;

    while (!plain->refused && size - plain->length >= sizeof(head)) {
        memcpy(&head, bytes + plain->length, sizeof(head));
        size_t length = size_of(head.kind);
        if (length > size - plain->length)
            return;
        plain->refused = length == 0;
        if (head.kind == TASK_RECORD_PROCESS)
            add_process(plain, bytes + plain->length);
        plain->length += length;
    }
}

static void add_threads(struct plain *plain, const uint8_t *bytes)
{
    struct task_record_thread head;

    for (size_t at = 0; at < plain->length; at += size_of(head.kind)) {
        memcpy(&head, bytes + at, sizeof(head));
        for (size_t i = 0; head.kind == TASK_RECORD_THREAD && i < plain->count; i++) {
            if (plain->processes[i].head.pid != head.pid)
                continue;
            plain->processes[i].head.minor_faults += head.minor_faults;
            plain->processes[i].head.major_faults += head.major_faults;
        }
    }
}

static struct plain read_plainly(const uint8_t *bytes, size_t size)
{
    struct plain plain = {.processes = calloc(size / sizeof(*plain.processes) + 1, sizeof(*plain.processes))};

    if (!plain.processes)
        abort();
    read_processes(&plain, bytes, size);
    if (!plain.refused)
        add_threads(&plain, bytes);
    return plain;
}

static uint64_t at_least_zero(int64_t pages)
{
    return pages < 0 ? 0 : (uint64_t)pages;
}

static void check_process(const struct task_process *process, const struct task_record_process *record,
                          uint64_t ns_per_tick)
{
    const struct process_stat *stat = &process->stat;
    char comm[TASK_RECORD_COMM_BYTES];

    memcpy(comm, record->comm, sizeof(comm));
    comm[sizeof(comm) - 1] = '\0';
    if (stat->pid != record->head.pid || stat->minor_faults != record->head.minor_faults ||
        stat->major_faults != record->head.major_faults)
        fail("other faults than in the records");
    if (stat->start_ticks != record->start_ns / ns_per_tick || strcmp(stat->comm, comm) != 0 ||
        stat->kernel_thread != (record->is_kernel_thread != 0))
        fail("another process than in its record");
    if (stat->rss_pages != at_least_zero(record->rss_pages) ||
        process->swap_pages != at_least_zero(record->swap_pages) || process->uid != record->uid)
        fail("other amounts than in its record");
}

/* Gives PIECE bytes at a time, what was left over in front of them, in memory of just their size. Returns how
 * many bytes were used, or a negative errno. */
static ssize_t take_in_pieces(struct task_table *table, const uint8_t *bytes, size_t size, size_t piece)
{
    size_t begin = 0; /* of what was not used yet */

    task_table_begin(table);
    for (size_t end = 0; end < size;) {
        size_t used;
        end = size - end < piece ? size : end + piece;
        char *given = malloc(end - begin);
        if (!given)
            abort();
        memcpy(given, bytes + begin, end - begin);
        int error = task_table_take(table, given, end - begin, &used);
        free(given);
        if (error < 0)
            return error;
        if (used > end - begin || end - begin - used >= sizeof(struct task_record_process))
            fail("more was used than there is, or less than is whole");
        begin += used;
    }
    task_table_end(table);
    return (ssize_t)begin;
}

static void check(struct task_table *table, const struct plain *plain, const uint8_t *bytes, size_t size,
                  size_t piece)
{
    ssize_t used = take_in_pieces(table, bytes, size, piece);

    if (plain->refused != (used < 0) || (used < 0 && used != -EBADMSG))
        fail("refused, or not");
    if (plain->refused)
        return;
    if ((size_t)used != plain->length || table->count != plain->count)
        fail("more records, or fewer");
    for (size_t i = 0; i < plain->count; i++)
        check_process(&table->processes[i], &plain->processes[i], table->ns_per_tick);
}

/* The first byte says how large the pieces are. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct task_table table = {0};

    if (size == 0)
        return 0;
    struct plain plain = read_plainly(data + 1, size - 1);
    check(&table, &plain, data + 1, size - 1, (size_t)data[0] + 1);
    check(&table, &plain, data + 1, size - 1, size); /* and again, all at once */
    free(plain.processes);
    task_table_free(&table);
    return 0;
}
