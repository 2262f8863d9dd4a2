#include "metric/process_scan.h"

#include "base/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { REFRESH_SCANS = 16 }; /* what is remembered is read anew in each of so many scans */

/* What is remembered of each process until the next scan. */
struct seen {
    uint64_t pid;
    uint64_t inode;
    uint64_t start_ticks;
    uint64_t minor_faults;
    uint64_t major_faults;
    enum { SEEN_USER, SEEN_KERNEL_THREAD, SEEN_UNREAD } kind;
};

/* By pid. */
struct seen_table {
    struct seen *processes;
    size_t count;
    size_t room;
};

struct candidate {
    struct process_stat stat;
    struct value minor_faults_since;
    struct value major_faults_since;
};

/* The most by one criterion, in order. */
struct ranking {
    struct candidate candidates[PROCESS_SCAN_MOST_MAX];
    size_t count;
};

struct selection {
    const struct candidate *candidates[2 * PROCESS_SCAN_MOST_MAX];
    size_t count;
};

struct row_table {
    struct process_row *rows;
    size_t count;
};

struct process_scan {
    struct process_list list;
    size_t most;
    uint64_t page_bytes;
    uint64_t number; /* of scans that succeeded */
    struct seen_table now, last;
    struct ranking by_memory, by_major_faults;
    struct row_table rows, last_rows;
};

static bool make_rows(struct row_table *table, size_t most)
{
    table->rows = memory_new(2 * most * sizeof(*table->rows));
    return table->rows;
}

struct process_scan *process_scan_new(size_t most)
{
    struct process_scan *scan = calloc(1, sizeof(*scan));

    if (!scan)
        return NULL;
    memory_touch(scan, sizeof(*scan));
    scan->list.fd = -1;
    scan->most = most;
    scan->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    if (make_rows(&scan->rows, most) && make_rows(&scan->last_rows, most))
        return scan;
    process_scan_free(scan);
    return NULL;
}

void process_scan_free(struct process_scan *scan)
{
    if (!scan)
        return;
    process_list_close(&scan->list);
    free(scan->now.processes);
    free(scan->last.processes);
    free(scan->rows.rows);
    free(scan->last_rows.rows);
    free(scan);
}

static int make_room(struct seen_table *table, size_t room)
{
    struct seen *processes = reallocarray(table->processes, room, sizeof(*processes));

    if (!processes)
        return -ENOMEM;
    memory_touch(processes + table->room, (room - table->room) * sizeof(*processes));
    table->processes = processes;
    table->room = room;
    return 0;
}

static int count_processes(struct process_list *list, size_t *count)
{
    struct process_listed listed;
    int more;

    for (*count = 0; (more = process_list_next(list, &listed)) > 0;)
        ++*count;
    return more;
}

int process_scan_open(struct process_scan *scan, const char *proc_path)
{
    enum { ROOM_MIN = 64 };
    size_t count = 0;
    int error = process_list_open(&scan->list, proc_path);

    if (error == 0)
        error = count_processes(&scan->list, &count);
    size_t room = count > ROOM_MIN / 2 ? 2 * count : ROOM_MIN;
    if (error == 0)
        error = make_room(&scan->now, room);
    if (error == 0)
        error = make_room(&scan->last, room);
    return error;
}

/* Where PID stands, or would. As the kernel lists them, it comes behind all others. */
static size_t place_of(const struct seen_table *table, uint64_t pid)
{
    size_t low = 0;
    size_t high = table->count;

    if (high > 0 && table->processes[high - 1].pid < pid)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (table->processes[middle].pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static const struct seen *find(const struct seen_table *table, uint64_t pid)
{
    size_t place = place_of(table, pid);
    bool there = place < table->count && table->processes[place].pid == pid;

    return there ? &table->processes[place] : NULL;
}

static int remember(struct seen_table *table, const struct seen *seen)
{
    int error = table->count < table->room ? 0 : make_room(table, 2 * table->room);

    if (error < 0)
        return error;
    size_t place = place_of(table, seen->pid);
    struct seen *to = table->processes + place;
    memmove(to + 1, to, (table->count - place) * sizeof(*to));
    *to = *seen;
    table->count++;
    return 0;
}

/* By pid, so that not all are due in the same scan. */
static bool is_due(const struct process_scan *scan, uint64_t pid)
{
    return (scan->number + pid) % REFRESH_SCANS == 0;
}

/* The totals that the last scan ended with. False where they are not known. */
static bool totals_before(const struct process_scan *scan, const struct seen *last,
                          const struct process_stat *stat, struct seen *before)
{
    *before = (struct seen){0};
    if (scan->number == 0 || (last && last->kind == SEEN_UNREAD))
        return false;
    if (last && last->start_ticks == stat->start_ticks)
        *before = *last;
    return true;
}

static struct value increment(uint64_t before, uint64_t after)
{
    return after >= before ? (struct value){after - before, true} : (struct value){0, false};
}

static struct candidate make_candidate(const struct process_scan *scan, const struct seen *last,
                                       const struct process_stat *stat)
{
    struct candidate candidate = {.stat = *stat};
    struct seen before;

    if (totals_before(scan, last, stat, &before)) {
        candidate.minor_faults_since = increment(before.minor_faults, stat->minor_faults);
        candidate.major_faults_since = increment(before.major_faults, stat->major_faults);
    }
    return candidate;
}

/* Whether A comes before B, whose keys these are. */
static bool comes_first(uint64_t a_key, uint64_t b_key, const struct candidate *a, const struct candidate *b)
{
    return a_key != b_key ? a_key > b_key : a->stat.pid < b->stat.pid;
}

static uint64_t memory_key(const struct candidate *candidate)
{
    return candidate->stat.rss_pages;
}

static uint64_t major_faults_key(const struct candidate *candidate)
{
    return candidate->major_faults_since.number; /* 0 where absent */
}

static void rank(struct ranking *ranking, size_t most, uint64_t (*key)(const struct candidate *),
                 const struct candidate *candidate)
{
    struct candidate *all = ranking->candidates;
    size_t place = ranking->count;

    if (key(candidate) == 0)
        return;
    while (place > 0 && comes_first(key(candidate), key(&all[place - 1]), candidate, &all[place - 1]))
        place--;
    if (place == most)
        return;
    if (ranking->count < most)
        ranking->count++;
    memmove(all + place + 1, all + place, (ranking->count - place - 1) * sizeof(*all));
    all[place] = *candidate;
}

static void note(struct process_scan *scan, const struct seen *last, const struct process_stat *stat,
                 struct seen *seen)
{
    seen->start_ticks = stat->start_ticks;
    seen->minor_faults = stat->minor_faults;
    seen->major_faults = stat->major_faults;
    seen->kind = stat->kernel_thread ? SEEN_KERNEL_THREAD : SEEN_USER;
    if (stat->kernel_thread)
        return;
    struct candidate candidate = make_candidate(scan, last, stat);
    rank(&scan->by_memory, scan->most, memory_key, &candidate);
    rank(&scan->by_major_faults, scan->most, major_faults_key, &candidate);
}

static bool may_skip(const struct process_scan *scan, const struct seen *last,
                     const struct process_listed *listed)
{
    return last && last->kind == SEEN_KERNEL_THREAD && last->inode == listed->inode &&
           !is_due(scan, listed->pid);
}

/* Sets *SEEN. False where the process has gone. */
static bool read_process(struct process_scan *scan, const struct process_listed *listed, struct seen *seen)
{
    const struct seen *last = find(&scan->last, listed->pid);
    struct process_stat stat;

    if (may_skip(scan, last, listed)) {
        *seen = *last;
        return true;
    }
    int error = process_read_stat(scan->list.fd, listed->pid, &stat);
    if (process_is_gone(error))
        return false;
    *seen = (struct seen){.pid = listed->pid, .inode = listed->inode, .kind = SEEN_UNREAD};
    if (error == 0)
        note(scan, last, &stat, seen);
    return true;
}

/* In whatever order and however often they are listed, each is taken once. */
static int take(struct process_scan *scan, const struct process_listed *listed,
                struct process_scan_result *result)
{
    struct seen seen;

    if (find(&scan->now, listed->pid) || !read_process(scan, listed, &seen))
        return 0;
    result->processes++;
    result->unread += seen.kind == SEEN_UNREAD;
    return remember(&scan->now, &seen);
}

static int read_all(struct process_scan *scan, struct process_scan_result *result)
{
    struct process_listed listed;
    int more = process_list_rewind(&scan->list);

    scan->now.count = 0;
    scan->by_memory.count = 0;
    scan->by_major_faults.count = 0;
    if (more < 0)
        return more;
    while ((more = process_list_next(&scan->list, &listed)) > 0) {
        int error = take(scan, &listed, result);
        if (error < 0)
            return error;
    }
    return more;
}

/* In the order of the rows, where it is not there yet. */
static void select_one(struct selection *selection, const struct candidate *candidate)
{
    size_t place = selection->count;

    for (size_t i = 0; i < selection->count; i++) {
        if (selection->candidates[i]->stat.pid == candidate->stat.pid)
            return;
    }
    for (; place > 0; place--) {
        const struct candidate *other = selection->candidates[place - 1];
        if (!comes_first(memory_key(candidate), memory_key(other), candidate, other))
            break;
        selection->candidates[place] = other;
    }
    selection->candidates[place] = candidate;
    selection->count++;
}

static void select_all(struct selection *selection, const struct ranking *ranking)
{
    for (size_t i = 0; i < ranking->count; i++)
        select_one(selection, &ranking->candidates[i]);
}

static const struct process_row *row_before(const struct process_scan *scan, const struct process_row *row)
{
    for (size_t i = 0; i < scan->last_rows.count; i++) {
        const struct process_row *before = &scan->last_rows.rows[i];
        if (before->pid == row->pid && before->start_ticks == row->start_ticks)
            return before;
    }
    return NULL;
}

static uint64_t bytes_of_pages(const struct process_scan *scan, uint64_t pages)
{
    struct value bytes = value_times((struct value){pages, true}, scan->page_bytes);
    return bytes.present ? bytes.number : UINT64_MAX;
}

static void read_details(const struct process_scan *scan, bool swap_in_use, struct process_row *row)
{
    const struct process_row *before = row_before(scan, row);
    bool is_old = !before || is_due(scan, row->pid);
    struct process_status status = {0};

    if (before) {
        row->uid = before->uid;
        memcpy(row->cgroup, before->cgroup, sizeof(row->cgroup));
    }
    if (is_old)
        (void)process_read_cgroup(scan->list.fd, row->pid, row->cgroup);
    if ((is_old || swap_in_use) && process_read_status(scan->list.fd, row->pid, &status) == 0)
        row->uid = status.uid;
    row->swap_bytes = swap_in_use ? status.swap_bytes : (struct value){0, true};
}

static void fill_row(const struct process_scan *scan, const struct candidate *candidate,
                     struct process_row *row)
{
    const struct process_stat *stat = &candidate->stat;

    row->pid = stat->pid;
    row->start_ticks = stat->start_ticks;
    memcpy(row->comm, stat->comm, sizeof(row->comm));
    row->rss_bytes = bytes_of_pages(scan, stat->rss_pages);
    row->minor_faults = stat->minor_faults;
    row->major_faults = stat->major_faults;
    row->minor_faults_since = candidate->minor_faults_since;
    row->major_faults_since = candidate->major_faults_since;
    row->uid = (struct value){0, false};
    row->cgroup[0] = '\0';
}

/* The tables of this scan become those of the last. */
static void turn(struct process_scan *scan)
{
    struct seen_table seen = scan->last;
    struct row_table rows = scan->last_rows;

    scan->last = scan->now;
    scan->now = seen;
    scan->last_rows = scan->rows;
    scan->rows = rows;
    scan->number++;
}

int process_scan_run(struct process_scan *scan, bool swap_in_use, struct process_scan_result *result)
{
    struct process_scan_result fresh = {.rows = scan->rows.rows};
    struct selection selection;
    int error = read_all(scan, &fresh);

    if (error < 0)
        return error;
    selection.count = 0;
    select_all(&selection, &scan->by_memory);
    select_all(&selection, &scan->by_major_faults);
    for (size_t i = 0; i < selection.count; i++) {
        fill_row(scan, selection.candidates[i], &scan->rows.rows[i]);
        read_details(scan, swap_in_use, &scan->rows.rows[i]);
    }
    fresh.count = scan->rows.count = selection.count;
    turn(scan);
    *result = fresh;
    return 0;
}
