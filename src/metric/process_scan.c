#include "metric/process_scan.h"

#include "base/memory.h"
#include "metric/process_census.h"
#include "metric/ranking.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct candidate {
    struct process_stat stat;
    struct value minor_faults_since;
    struct value major_faults_since;
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
    struct process_census *census;
    uint64_t page_bytes;
    struct ranking by_memory, by_major_faults;
    struct row_table rows, last_rows;
};

static bool has_more_memory(const void *a, const void *b, const void *context)
{
    const struct candidate *one = a;
    const struct candidate *other = b;
    (void)context;

    if (one->stat.rss_pages != other->stat.rss_pages)
        return one->stat.rss_pages > other->stat.rss_pages;
    return one->stat.pid < other->stat.pid;
}

static bool has_more_major_faults(const void *a, const void *b, const void *context)
{
    const struct candidate *one = a;
    const struct candidate *other = b;
    (void)context;

    if (one->major_faults_since.number != other->major_faults_since.number)
        return one->major_faults_since.number > other->major_faults_since.number;
    return one->stat.pid < other->stat.pid;
}

static bool make_rows(struct row_table *table, size_t most)
{
    table->rows = memory_new(2 * most * sizeof(*table->rows));
    return table->rows;
}

static bool make_rankings(struct process_scan *scan, size_t most)
{
    const size_t size = sizeof(struct candidate);

    return ranking_init(&scan->by_memory, size, most, has_more_memory, NULL) == 0 &&
           ranking_init(&scan->by_major_faults, size, most, has_more_major_faults, NULL) == 0;
}

struct process_scan *process_scan_new(size_t most)
{
    struct process_scan *scan = calloc(1, sizeof(*scan));

    if (!scan)
        return NULL;
    memory_touch(scan, sizeof(*scan));
    scan->census = process_census_new();
    scan->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    if (scan->census && make_rankings(scan, most) && make_rows(&scan->rows, most) &&
        make_rows(&scan->last_rows, most))
        return scan;
    process_scan_free(scan);
    return NULL;
}

void process_scan_free(struct process_scan *scan)
{
    if (!scan)
        return;
    process_census_free(scan->census);
    ranking_free(&scan->by_memory);
    ranking_free(&scan->by_major_faults);
    free(scan->rows.rows);
    free(scan->last_rows.rows);
    free(scan);
}

int process_scan_open(struct process_scan *scan, const char *proc_path)
{
    return process_census_open(scan->census, proc_path, PROCESS_SOURCE_PROC, false);
}

static void take(void *context, const struct process_change *change)
{
    struct process_scan *scan = context;
    struct candidate candidate = {*change->stat, change->minor_faults_since, change->major_faults_since};

    if (candidate.stat.rss_pages > 0)
        ranking_offer(&scan->by_memory, &candidate);
    if (candidate.major_faults_since.number > 0) /* 0 where absent */
        ranking_offer(&scan->by_major_faults, &candidate);
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
        if (!has_more_memory(candidate, other, NULL))
            break;
        selection->candidates[place] = other;
    }
    selection->candidates[place] = candidate;
    selection->count++;
}

static void select_all(struct selection *selection, const struct ranking *ranking)
{
    for (size_t i = 0; i < ranking->count; i++)
        select_one(selection, ranking_at(ranking, i));
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
    bool is_old = !before || process_census_is_due(scan->census, row->pid);
    int proc_fd = process_census_proc_fd(scan->census);
    struct process_status status = {0};

    if (before) {
        row->uid = before->uid;
        memcpy(row->cgroup, before->cgroup, sizeof(row->cgroup));
    }
    if (is_old)
        (void)process_read_cgroup(proc_fd, row->pid, row->cgroup);
    if ((is_old || swap_in_use) && process_read_status(proc_fd, row->pid, &status) == 0)
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

/* The rows of this scan become those of the last. */
static void turn(struct process_scan *scan)
{
    struct row_table rows = scan->last_rows;

    scan->last_rows = scan->rows;
    scan->rows = rows;
}

int process_scan_run(struct process_scan *scan, bool swap_in_use, struct process_scan_result *result)
{
    struct process_scan_result fresh = {.rows = scan->rows.rows};
    struct process_census_result census;
    struct selection selection = {.count = 0};

    ranking_clear(&scan->by_memory);
    ranking_clear(&scan->by_major_faults);
    int error = process_census_run(scan->census, take, scan, &census);
    if (error < 0)
        return error;
    select_all(&selection, &scan->by_memory);
    select_all(&selection, &scan->by_major_faults);
    for (size_t i = 0; i < selection.count; i++) {
        fill_row(scan, selection.candidates[i], &scan->rows.rows[i]);
        read_details(scan, swap_in_use, &scan->rows.rows[i]);
    }
    fresh.count = scan->rows.count = selection.count;
    fresh.processes = census.processes;
    fresh.unread = census.unread;
    turn(scan);
    *result = fresh;
    return 0;
}
