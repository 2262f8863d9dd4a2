#include "metric/process_census.h"

#include "base/memory.h"
#include "kernel/bpf.h"
#include "kernel/process_exits.h"
#include "kernel/task_iterator.h"
#include "metric/seen_processes.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    REFRESH_LOOKS = 16, /* what is remembered is read anew in each of so many */
    ENDED_MAX = 4096,   /* between two looks; the ring that tells of them has room for fewer */
};

struct process_census {
    enum process_source source;
    const char *why_not_bpf;
    struct process_list list;
    struct task_iterator *iterator; /* NULL: through /proc */
    struct process_exits *exits;    /* NULL: nobody tells of them */
    struct task_process *ended;     /* those that the kernel told of since the last look */
    size_t ended_count;
    uint64_t ended_lost;
    uint64_t page_bytes;
    uint64_t number; /* of looks that succeeded */
    uint64_t look;   /* the number of those before this one */
    struct seen_processes now, last;

    /* of the look that goes on */
    void (*visit)(void *context, const struct process_change *change);
    void *context;
    struct process_census_result result;
};

struct process_census *process_census_new(void)
{
    struct process_census *census = calloc(1, sizeof(*census));

    if (!census)
        return NULL;
    memory_touch(census, sizeof(*census));
    census->list.fd = -1;
    census->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    return census;
}

void process_census_free(struct process_census *census)
{
    if (!census)
        return;
    process_list_close(&census->list);
    task_iterator_free(census->iterator);
    process_exits_free(census->exits);
    free(census->ended);
    seen_processes_free(&census->now);
    seen_processes_free(&census->last);
    free(census);
}

/* -- opening -- */

static int count_processes(struct process_list *list, size_t *count)
{
    struct process_listed listed;
    int more;

    for (*count = 0; (more = process_list_next(list, &listed)) > 0;)
        ++*count;
    return more;
}

static int open_proc(struct process_census *census, const char *proc_path)
{
    enum { ROOM_MIN = 64 };
    size_t count = 0;
    int error = process_list_open(&census->list, proc_path);

    if (error == 0)
        error = count_processes(&census->list, &count);
    size_t room = count > ROOM_MIN / 2 ? 2 * count : ROOM_MIN;
    if (error == 0)
        error = seen_processes_reserve(&census->now, room);
    if (error == 0)
        error = seen_processes_reserve(&census->last, room);
    return error;
}

static const char *open_iterator(struct process_census *census, const char *proc_path)
{
    if (strcmp(proc_path, "/proc") != 0)
        return "eBPF shows this machine's own processes, not those of another --proc";
    int error = task_iterator_open(&census->iterator);
    return error < 0 ? bpf_why(error) : NULL;
}

/* Without it the rest goes on. */
static int open_exits(struct process_census *census)
{
    if (process_exits_open(&census->exits) < 0)
        return 0;
    census->ended = memory_new(ENDED_MAX * sizeof(*census->ended));
    return census->ended ? 0 : -ENOMEM;
}

int process_census_open(struct process_census *census, const char *proc_path, enum process_source source,
                        bool ends)
{
    int error = open_proc(census, proc_path);

    census->source = PROCESS_SOURCE_PROC;
    if (error < 0 || source == PROCESS_SOURCE_PROC)
        return error;
    census->why_not_bpf = open_iterator(census, proc_path);
    if (census->why_not_bpf)
        return source == PROCESS_SOURCE_AUTO ? 0 : -ENOTSUP;
    census->source = PROCESS_SOURCE_BPF;
    return ends ? open_exits(census) : 0;
}

enum process_source process_census_source(const struct process_census *census)
{
    return census->source;
}

const char *process_census_why_not_bpf(const struct process_census *census)
{
    return census->why_not_bpf;
}

int process_census_proc_fd(const struct process_census *census)
{
    return census->list.fd;
}

/* -- since the last look -- */

/* By pid, so that not all are due in the same look. */
bool process_census_is_due(const struct process_census *census, uint64_t pid)
{
    return (census->look + pid) % REFRESH_LOOKS == 0;
}

/* The totals that the last look ended with. False where they are not known. */
static bool totals_before(const struct process_census *census, const struct seen_process *last,
                          const struct process_stat *stat, struct seen_process *before)
{
    *before = (struct seen_process){0};
    if (census->number == 0 || (last && last->kind == SEEN_UNREAD))
        return false;
    if (last && last->start_ticks == stat->start_ticks)
        *before = *last;
    return true;
}

static struct value increment(uint64_t before, uint64_t after)
{
    return after >= before ? (struct value){after - before, true} : (struct value){0, false};
}

static void compare(const struct process_census *census, const struct seen_process *last,
                    struct process_change *change)
{
    struct seen_process before;

    if (!totals_before(census, last, change->stat, &before))
        return;
    change->minor_faults_since = increment(before.minor_faults, change->stat->minor_faults);
    change->major_faults_since = increment(before.major_faults, change->stat->major_faults);
}

static void note(struct process_census *census, const struct seen_process *last,
                 struct process_change *change, struct seen_process *seen)
{
    const struct process_stat *stat = change->stat;

    seen->start_ticks = stat->start_ticks;
    seen->minor_faults = stat->minor_faults;
    seen->major_faults = stat->major_faults;
    seen->kind = stat->kernel_thread ? SEEN_KERNEL_THREAD : SEEN_USER;
    if (stat->kernel_thread)
        return;
    compare(census, last, change);
    census->visit(census->context, change);
}

static int remember(struct process_census *census, const struct seen_process *seen)
{
    census->result.processes++;
    census->result.unread += seen->kind == SEEN_UNREAD;
    return seen_processes_add(&census->now, seen);
}

/* -- through /proc -- */

static bool may_skip(const struct process_census *census, const struct seen_process *last,
                     const struct process_listed *listed)
{
    return last && last->kind == SEEN_KERNEL_THREAD && last->inode == listed->inode &&
           !process_census_is_due(census, listed->pid);
}

/* Sets *SEEN. False where the process has gone. */
static bool read_process(struct process_census *census, const struct process_listed *listed,
                         struct seen_process *seen)
{
    const struct seen_process *last = seen_processes_find(&census->last, listed->pid);
    struct process_stat stat;

    if (may_skip(census, last, listed)) {
        *seen = *last;
        return true;
    }
    int error = process_read_stat(census->list.fd, listed->pid, &stat);
    if (process_is_gone(error))
        return false;
    *seen = (struct seen_process){.pid = listed->pid, .inode = listed->inode, .kind = SEEN_UNREAD};
    if (error == 0)
        note(census, last, &(struct process_change){.stat = &stat}, seen);
    return true;
}

static int read_proc(struct process_census *census)
{
    struct process_listed listed;
    struct seen_process seen;
    int more = process_list_rewind(&census->list);

    if (more < 0)
        return more;
    while ((more = process_list_next(&census->list, &listed)) > 0) {
        /* In whatever order and however often they are listed, each is taken once. */
        if (seen_processes_find(&census->now, listed.pid) || !read_process(census, &listed, &seen))
            continue;
        int error = remember(census, &seen);
        if (error < 0)
            return error;
    }
    return more;
}

/* -- through the program in the kernel -- */

static struct process_change change_of(const struct process_census *census,
                                       const struct task_process *process)
{
    return (struct process_change){
        .stat = &process->stat,
        .uid = {process->uid, true},
        .swap_bytes = value_times((struct value){process->swap_pages, true}, census->page_bytes),
    };
}

static int take_task(struct process_census *census, const struct task_process *process)
{
    struct process_change change = change_of(census, process);
    struct seen_process seen = {.pid = process->stat.pid};

    note(census, seen_processes_find(&census->last, seen.pid), &change, &seen);
    return remember(census, &seen);
}

/* The walk of some kernels begins behind the first process (a 6.18 of a virtual machine; not 6.1, 6.12). */
static int take_first(struct process_census *census, const struct task_table *table)
{
    enum { FIRST_PID = 1 };
    struct process_stat stat;
    struct seen_process seen = {.pid = FIRST_PID};

    if (table->count > 0 && table->processes[0].stat.pid == FIRST_PID)
        return 0;
    if (process_read_stat(census->list.fd, FIRST_PID, &stat) < 0)
        return 0;
    note(census, seen_processes_find(&census->last, FIRST_PID), &(struct process_change){.stat = &stat},
         &seen);
    return remember(census, &seen);
}

static uint64_t larger(uint64_t a, uint64_t b)
{
    return a > b ? a : b;
}

/* Of threads that end at the same time several may find that they are the last: each tells of the process,
 * one right behind the other, but for what ends on other CPUs meanwhile. */
static bool was_told_of(struct process_census *census, const struct process_stat *stat)
{
    enum { BETWEEN_MAX = 64 };
    size_t first = census->ended_count > BETWEEN_MAX ? census->ended_count - BETWEEN_MAX : 0;

    for (size_t i = first; i < census->ended_count; i++) {
        struct process_stat *told = &census->ended[i].stat;
        if (told->pid != stat->pid || told->start_ticks != stat->start_ticks)
            continue;
        told->minor_faults = larger(told->minor_faults, stat->minor_faults);
        told->major_faults = larger(told->major_faults, stat->major_faults);
        return true;
    }
    return false;
}

static void take_note_of_ended(struct process_census *census)
{
    while (census->exits && census->ended_count < ENDED_MAX) {
        struct task_process *process = &census->ended[census->ended_count];
        if (!process_exits_read(census->exits, process))
            break;
        census->ended_count += !was_told_of(census, &process->stat);
    }
}

static bool is_still_there(struct process_census *census, const struct process_stat *stat)
{
    const struct seen_process *seen = seen_processes_find(&census->now, stat->pid);
    return seen && seen->start_ticks == stat->start_ticks;
}

static void visit_ended(struct process_census *census, const struct task_process *process)
{
    struct process_change change = change_of(census, process);

    if (process->stat.kernel_thread)
        return;
    change.ended = true;
    compare(census, seen_processes_find(&census->last, process->stat.pid), &change);
    census->visit(census->context, &change);
}

/*
 * ENDED_BEFORE of them had ended when the walk began: who of these is among the others is one that nobody has
 * waited for yet. Who ended meanwhile and is among them was read as it lived, and is for the next look.
 */
static void visit_all_ended(struct process_census *census, size_t ended_before)
{
    const uint64_t lost = process_exits_lost(census->exits);
    const bool counts = census->number > 0;
    uint64_t ended = lost - census->ended_lost;
    size_t kept = 0;

    census->result.ended_lost = counts ? ended : 0;
    for (size_t i = 0; i < census->ended_count; i++) {
        const bool there = is_still_there(census, &census->ended[i].stat);
        if (there && i >= ended_before) {
            census->ended[kept++] = census->ended[i];
            continue;
        }
        ended++;
        if (!there && counts)
            visit_ended(census, &census->ended[i]);
    }
    census->result.ended = (struct value){counts ? ended : 0, counts};
    census->ended_count = kept;
    census->ended_lost = lost;
}

static int read_tasks(struct process_census *census)
{
    const struct task_table *table;

    take_note_of_ended(census);
    size_t ended_before = census->ended_count;
    int error = task_iterator_read(census->iterator, &table);
    if (error == 0)
        error = take_first(census, table);
    for (size_t i = 0; error == 0 && i < table->count; i++)
        error = take_task(census, &table->processes[i]);
    if (error < 0 || !census->exits)
        return error;
    take_note_of_ended(census); /* who has gone since the walk came by is found nowhere else */
    visit_all_ended(census, ended_before);
    return 0;
}

/* What was seen in this look becomes the last. */
static void turn(struct process_census *census)
{
    struct seen_processes seen = census->last;

    census->last = census->now;
    census->now = seen;
    census->number++;
}

int process_census_run(struct process_census *census,
                       void (*visit)(void *context, const struct process_change *change), void *context,
                       struct process_census_result *result)
{
    census->visit = visit;
    census->context = context;
    census->result = (struct process_census_result){0};
    seen_processes_clear(&census->now);
    census->last.next = 0;
    census->look = census->number;
    int error = census->iterator ? read_tasks(census) : read_proc(census);
    if (error < 0)
        return error;
    turn(census);
    *result = census->result;
    return 0;
}
