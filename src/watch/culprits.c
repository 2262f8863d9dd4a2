#include "watch/culprits.h"

#include "kernel/major_fault_counts.h"
#include "kernel/span.h"
#include "metric/process_scan.h"
#include "metric/ranking.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* One of the two. */
struct culprits {
    struct major_fault_counts *counts;
    int proc_fd; /* of counts, for names; -1: not open */
    struct process_scan *scan;
    bool looked;       /* in this episode */
    double since_look; /* seconds */

    /* of the interval that is taken */
    struct ranking ranking;
    double seconds; /* that rates are of */
};

/* -- the most, in order -- */

static bool comes_first(const void *a, const void *b, const void *unused)
{
    const struct culprit *one = a;
    const struct culprit *other = b;

    (void)unused;
    return one->major_faults_per_second != other->major_faults_per_second
               ? one->major_faults_per_second > other->major_faults_per_second
               : one->pid < other->pid;
}

static void rank(struct culprits *culprits, uint64_t pid, const char *comm, uint64_t faults)
{
    struct culprit culprit = {.pid = pid, .major_faults_per_second = (double)faults / culprits->seconds};

    SPAN_KEEP(culprit.comm, span_of(comm));
    ranking_offer(&culprits->ranking, &culprit);
}

/* -- beginning and end -- */

static int open_counts(struct culprits *culprits)
{
    int error = major_fault_counts_open(&culprits->counts);

    if (error == 0)
        culprits->proc_fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
    return error;
}

static int open_scan(struct culprits *culprits, const char *proc_path)
{
    culprits->scan = process_scan_new(CULPRITS_MAX);
    return culprits->scan ? process_scan_open(culprits->scan, proc_path) : -ENOMEM;
}

int culprits_open(struct culprits **culprits, const char *proc_path)
{
    bool own_machine = strcmp(proc_path, "/proc") == 0;
    struct culprits *opened = malloc(sizeof(*opened));

    *culprits = opened;
    if (!opened)
        return -ENOMEM;
    *opened = (struct culprits){.proc_fd = -1};
    int error = ranking_init(&opened->ranking, sizeof(struct culprit), CULPRITS_MAX, comes_first, NULL);
    if (error == 0 && !(own_machine && open_counts(opened) == 0))
        error = open_scan(opened, proc_path);
    if (error < 0) {
        culprits_free(opened);
        *culprits = NULL;
    }
    return error;
}

void culprits_free(struct culprits *culprits)
{
    if (!culprits)
        return;
    major_fault_counts_free(culprits->counts);
    if (culprits->proc_fd >= 0)
        close(culprits->proc_fd);
    process_scan_free(culprits->scan);
    ranking_free(&culprits->ranking);
    free(culprits);
}

void culprits_begin(struct culprits *culprits)
{
    if (culprits->counts)
        major_fault_counts_turn(culprits->counts);
}

/* -- counted -- */

static void take_count(void *context, const struct major_fault_count *count)
{
    rank(context, count->pid, count->comm, count->faults);
}

/* A thread may have a name of its own. Of a process that has gone that one is all there is. */
static void name_processes(struct culprits *culprits)
{
    struct process_stat stat;

    for (size_t i = 0; i < culprits->ranking.count; i++) {
        struct culprit *culprit = ranking_at(&culprits->ranking, i);
        if (process_read_stat(culprits->proc_fd, culprit->pid, &stat) == 0)
            memcpy(culprit->comm, stat.comm, sizeof(stat.comm));
    }
}

static void read_counts(struct culprits *culprits, enum culprits_demand demand)
{
    major_fault_counts_turn(culprits->counts);
    if (demand != CULPRITS_NOW)
        return;
    /* What comes with an error are counts all the same. */
    (void)major_fault_counts_read(culprits->counts, take_count, culprits);
    name_processes(culprits);
}

/* -- looked at -- */

/* Since the last one, where that was in the same episode. */
static void look(struct culprits *culprits)
{
    struct process_scan_result result;
    bool compared = culprits->looked;

    culprits->seconds = culprits->since_look;
    culprits->looked = process_scan_run(culprits->scan, false, &result) == 0;
    culprits->since_look = 0;
    for (size_t i = 0; compared && culprits->looked && i < result.count; i++) {
        const struct process_row *row = &result.rows[i];
        if (row->major_faults_since.number > 0) /* of an absent one it is 0 */
            rank(culprits, row->pid, row->comm, row->major_faults_since.number);
    }
}

static void look_if_due(struct culprits *culprits, enum culprits_demand demand, double seconds)
{
    culprits->since_look += seconds;
    if (demand == CULPRITS_NONE)
        culprits->looked = false;
    else if (demand == CULPRITS_NOW || culprits->since_look + seconds / 2 >= CULPRITS_LOOK_SECONDS)
        look(culprits);
    if (demand != CULPRITS_NOW)
        ranking_clear(&culprits->ranking);
}

size_t culprits_take(struct culprits *culprits, enum culprits_demand demand, double seconds,
                     struct culprit named[CULPRITS_MAX])
{
    ranking_clear(&culprits->ranking);
    culprits->seconds = seconds;
    if (culprits->counts)
        read_counts(culprits, demand);
    else
        look_if_due(culprits, demand, seconds);
    for (size_t i = 0; i < culprits->ranking.count; i++)
        named[i] = *(const struct culprit *)ranking_at(&culprits->ranking, i);
    return culprits->ranking.count;
}
