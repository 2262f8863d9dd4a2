#include "metric/process_top.h"

#include "base/memory.h"
#include "metric/process_groups.h"
#include "metric/ranking.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is remembered of a process that has a row, as reading it takes longer than all the rest. */
struct details {
    uint64_t pid;
    uint64_t start_ticks;
    struct value uid;
    char cgroup[PROCESS_CGROUP_MAX];
};

struct details_table {
    struct details *list;
    size_t count;
    size_t next; /* where those of the next row are, if the rows are in the same order as before */
};

struct process_top {
    struct process_census *census;
    struct ranking ranking;
    struct process_groups groups;
    struct details_table details, last_details; /* one for each row */
    struct users users;
    uint64_t page_bytes;

    /* of the run that goes on */
    const struct process_view *view;
    bool swap_in_use;
    uint64_t candidates; /* processes that the view shows, or groups */
    int error;
};

/* -- which comes first -- */

struct candidate {
    struct top_row row;
    struct top_keys keys;
};

static struct top_keys keys_of(const struct top_row *row)
{
    return (struct top_keys){{
        [TOP_KEY_MAJOR_FAULTS] = top_key_of(row->major_faults_since),
        [TOP_KEY_MINOR_FAULTS] = top_key_of(row->minor_faults_since),
        [TOP_KEY_RSS] = top_key_of(row->rss_bytes),
        [TOP_KEY_SWAP] = top_key_of(row->swap_bytes),
    }};
}

static bool is_before(const void *a, const void *b, const void *context)
{
    const struct candidate *one = a;
    const struct candidate *other = b;

    return top_keys_are_before(&one->keys, &other->keys, ((const struct process_top *)context)->view->sort);
}

static void offer(struct process_top *top, const struct top_row *row)
{
    struct candidate candidate = {*row, keys_of(row)};

    top->candidates++;
    ranking_offer(&top->ranking, &candidate);
}

static struct top_row *row_at(const struct process_top *top, size_t place)
{
    return &((struct candidate *)ranking_at(&top->ranking, place))->row;
}

/* -- beginning and end -- */

static int make_details(struct process_top *top, size_t rows)
{
    top->details.list = memory_new(rows * sizeof(*top->details.list));
    top->last_details.list = memory_new(rows * sizeof(*top->last_details.list));
    return top->details.list && top->last_details.list ? 0 : -1;
}

struct process_top *process_top_new(size_t rows)
{
    struct process_top *top = calloc(1, sizeof(*top));

    if (!top)
        return NULL;
    memory_touch(top, sizeof(*top));
    top->page_bytes = (uint64_t)sysconf(_SC_PAGESIZE);
    top->census = process_census_new();
    users_read(&top->users, "/etc/passwd");
    if (top->census && ranking_init(&top->ranking, sizeof(struct candidate), rows, is_before, top) == 0 &&
        make_details(top, rows) == 0)
        return top;
    process_top_free(top);
    return NULL;
}

void process_top_free(struct process_top *top)
{
    if (!top)
        return;
    process_census_free(top->census);
    ranking_free(&top->ranking);
    process_groups_free(&top->groups);
    free(top->details.list);
    free(top->last_details.list);
    users_free(&top->users);
    free(top);
}

int process_top_open(struct process_top *top, const char *proc_path, enum process_source source)
{
    return process_census_open(top->census, proc_path, source, true);
}

const struct process_census *process_top_census(const struct process_top *top)
{
    return top->census;
}

/* -- each process -- */

static void set_memory(const struct process_top *top, const struct process_change *change,
                       struct top_row *row)
{
    if (change->ended)
        return;
    row->rss_bytes = value_times((struct value){change->stat->rss_pages, true}, top->page_bytes);
    row->swap_bytes = top->swap_in_use ? change->swap_bytes : (struct value){0, true};
}

static struct top_row row_of(const struct process_top *top, const struct process_change *change)
{
    struct top_row row = {
        .processes = 1,
        .uid = change->uid,
        .minor_faults_since = change->minor_faults_since,
        .major_faults_since = change->major_faults_since,
        .pid = change->stat->pid,
        .start_ticks = change->stat->start_ticks,
        .minor_faults = change->stat->minor_faults,
        .major_faults = change->stat->major_faults,
        .ended = change->ended,
        .cgroup = "",
    };

    memcpy(row.comm, change->stat->comm, sizeof(row.comm));
    set_memory(top, change, &row);
    return row;
}

/* Whether more has to be read of a process before it is placed, or added up. */
static bool needs_status(const struct process_top *top, const struct top_row *row)
{
    const struct process_view *view = top->view;
    bool uses_user = view->group == PROCESS_GROUP_USER || view->filter[0];
    bool uses_swap = view->group != PROCESS_GROUP_NONE || view->sort == TOP_KEY_SWAP;

    return !row->ended && ((uses_user && !row->uid.present) || (uses_swap && !row->swap_bytes.present));
}

static void read_status(const struct process_top *top, struct top_row *row)
{
    struct process_status status;

    if (process_read_status(process_census_proc_fd(top->census), row->pid, &status) < 0)
        return;
    row->uid = status.uid;
    if (top->swap_in_use)
        row->swap_bytes = status.swap_bytes;
}

static bool has_pid(const struct process_view *view, uint64_t pid)
{
    for (size_t i = 0; i < view->pid_count; i++) {
        if (view->pids[i] == pid)
            return true;
    }
    return view->pid_count == 0;
}

static bool passes_filter(const struct process_top *top, const struct top_row *row)
{
    const char *filter = top->view->filter;
    const char *user = row->uid.present ? users_name(&top->users, row->uid.number) : NULL;

    return !filter[0] || strstr(row->comm, filter) || (user && strstr(user, filter));
}

static void take(void *context, const struct process_change *change)
{
    struct process_top *top = context;

    if (!has_pid(top->view, change->stat->pid))
        return;
    struct top_row row = row_of(top, change);
    if (needs_status(top, &row))
        read_status(top, &row);
    if (!passes_filter(top, &row))
        return;
    if (top->view->group == PROCESS_GROUP_NONE)
        offer(top, &row);
    else if (top->error == 0)
        top->error = process_groups_add(&top->groups, top->view->group, &row);
}

static void offer_groups(struct process_top *top)
{
    for (size_t i = 0; i < top->groups.count; i++)
        offer(top, &top->groups.rows[i]);
}

/* -- the rows' details -- */

static const struct details *details_before(struct details_table *last, const struct top_row *row)
{
    for (size_t i = 0; i < last->count; i++) {
        const size_t place = (last->next + i) % last->count;
        const struct details *details = &last->list[place];
        if (details->pid != row->pid || details->start_ticks != row->start_ticks)
            continue;
        last->next = place + 1;
        return details;
    }
    return NULL;
}

static void read_anew(const struct process_top *top, struct top_row *row, bool is_old,
                      struct details *details)
{
    int proc_fd = process_census_proc_fd(top->census);

    if ((is_old && !row->uid.present) || !row->swap_bytes.present)
        read_status(top, row);
    if (is_old)
        (void)process_read_cgroup(proc_fd, row->pid, details->cgroup);
    row->oom_score = process_read_oom_score(proc_fd, row->pid);
}

static void read_details(struct process_top *top, struct top_row *row, struct details *details)
{
    const struct details *before = details_before(&top->last_details, row);
    bool is_old = !before || process_census_is_due(top->census, row->pid);

    *details = before ? *before : (struct details){.pid = row->pid, .start_ticks = row->start_ticks};
    if (!row->ended)
        read_anew(top, row, is_old, details);
    if (row->uid.present)
        details->uid = row->uid;
    row->uid = details->uid;
    row->cgroup = details->cgroup;
}

static void read_all_details(struct process_top *top)
{
    struct details_table fresh = top->last_details;

    top->last_details = top->details;
    top->last_details.next = 0;
    for (size_t i = 0; i < top->ranking.count; i++)
        read_details(top, row_at(top, i), &fresh.list[i]);
    fresh.count = top->ranking.count;
    top->details = fresh;
}

int process_top_run(struct process_top *top, const struct process_view *view, bool swap_in_use,
                    struct process_top_result *result)
{
    top->view = view;
    top->swap_in_use = swap_in_use;
    top->candidates = 0;
    top->error = 0;
    ranking_clear(&top->ranking);
    top->ranking.most = view->rows < top->ranking.room ? view->rows : top->ranking.room;
    process_groups_clear(&top->groups);
    int error = process_census_run(top->census, take, top, &result->census);
    if (error == 0)
        error = top->error;
    if (error < 0)
        return error;
    if (view->group == PROCESS_GROUP_NONE)
        read_all_details(top);
    else
        offer_groups(top);
    result->count = top->ranking.count;
    result->others = top->candidates - result->count;
    return 0;
}

const struct top_row *process_top_row(const struct process_top *top, size_t place)
{
    return row_at(top, place);
}

const char *process_top_user(const struct process_top *top, const struct top_row *row, char number[24])
{
    const char *name = row->uid.present ? users_name(&top->users, row->uid.number) : NULL;

    if (name || !row->uid.present)
        return name ? name : "";
    (void)snprintf(number, 24, "%" PRIu64, row->uid.number);
    return number;
}
