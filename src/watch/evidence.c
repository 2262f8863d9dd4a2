#include "watch/evidence.h"

#include "base/clock.h"
#include "kernel/span.h"
#include "watch/diagnosis.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Of what a figure is made. */
static const struct {
    enum metric_id metric;
    enum metric_id added; /* the same one: nothing */
    bool state;
} sources[EVIDENCE_FIGURES] = {
    [EVIDENCE_AVAILABLE_BYTES] = {M_mem_available_bytes, M_mem_available_bytes, true},
    [EVIDENCE_SWAP_USED_BYTES] = {M_swap_used_bytes, M_swap_used_bytes, true},
    [EVIDENCE_MINOR_FAULTS] = {M_minor_faults_per_second, M_minor_faults_per_second, false},
    [EVIDENCE_MAJOR_FAULTS] = {M_major_faults_per_second, M_major_faults_per_second, false},
    [EVIDENCE_REFAULTS] = {M_refaults_file_per_second, M_refaults_anon_per_second, false},
    [EVIDENCE_MEMORY_STALL] = {M_memory_full_stall_percent, M_memory_full_stall_percent, false},
    [EVIDENCE_IO_STALL] = {M_io_full_stall_percent, M_io_full_stall_percent, false},
};

int evidence_init(struct evidence *evidence, double seconds)
{
    static const double lengths[] = {1, 2, 5, 10, 30, 60, 300, 600, 1800, 3600};
    size_t i = 0;

    /* The smallest of these whose slices are not too many; one more for a part at each end. */
    while (i + 1 < sizeof(lengths) / sizeof(*lengths) && seconds / lengths[i] > EVIDENCE_SLICES_MAX - 2)
        i++;
    *evidence = (struct evidence){
        .slice_seconds = lengths[i],
        .total_bytes = NAN,
        .processes = calloc(EVIDENCE_PROCESSES_MAX, sizeof(*evidence->processes)),
    };
    return evidence->processes ? 0 : -ENOMEM;
}

void evidence_free(struct evidence *evidence)
{
    free(evidence->processes);
    *evidence = (struct evidence){0};
}

int evidence_want(struct sampler *sampler)
{
    int error = sampler_want(sampler, &metric_table[M_mem_total_bytes], NULL);

    for (size_t i = 0; error == 0 && i < EVIDENCE_FIGURES; i++) {
        error = sampler_want(sampler, &metric_table[sources[i].metric], NULL);
        if (error == 0)
            error = sampler_want(sampler, &metric_table[sources[i].added], NULL);
    }
    return error;
}

/* -- intervals -- */

static double figure_of(enum evidence_figure figure, const struct interval *interval)
{
    double value = interval->values[sources[figure].metric];

    if (sources[figure].added != sources[figure].metric)
        value += zero_if_absent(interval->values[sources[figure].added]);
    return value;
}

/* The slice that goes on, or a new one where that is full. When there are too many, the oldest goes. */
static struct evidence_slice *slice_for(struct evidence *evidence, double seconds)
{
    struct evidence_slice *slices = evidence->slices;
    size_t count = evidence->slice_count;

    /* A slice that ends half an interval early is nearer than the next one. */
    if (count > 0 && slices[count - 1].seconds + seconds / 2 < evidence->slice_seconds)
        return &slices[count - 1];
    if (count == EVIDENCE_SLICES_MAX) {
        memmove(slices, slices + 1, (count - 1) * sizeof(*slices));
        evidence->slice_count = --count;
    }
    slices[count] = (struct evidence_slice){0};
    evidence->slice_count++;
    return &slices[count];
}

void evidence_add_interval(struct evidence *evidence, const struct interval *interval)
{
    struct evidence_slice *slice = slice_for(evidence, interval->seconds);

    for (enum evidence_figure i = 0; i < EVIDENCE_FIGURES; i++) {
        double value = figure_of(i, interval);
        double before = slice->figures[i];
        bool averaged = !sources[i].state && slice->seconds > 0 && !isnan(before) && !isnan(value);
        slice->figures[i] = averaged ? (before * slice->seconds + value * interval->seconds) /
                                           (slice->seconds + interval->seconds)
                                     : value;
    }
    slice->seconds += interval->seconds;
    slice->wall_ns = interval->wall_ns;
    evidence->total_bytes = interval->values[M_mem_total_bytes];
}

/* -- events -- */

static const enum verdict verdict_of_constraint[] = {
    [OOM_CONSTRAINT_UNKNOWN] = VERDICT_NONE,
    [OOM_CONSTRAINT_NONE] = VERDICT_MACHINE_FULL,
    [OOM_CONSTRAINT_MEMCG] = VERDICT_CGROUP_LIMIT,
    [OOM_CONSTRAINT_CPUSET] = VERDICT_NODES_FULL,
    [OOM_CONSTRAINT_MEMORY_POLICY] = VERDICT_NODES_FULL,
};

static enum verdict verdict_of_alert(const struct event *event)
{
    static const struct {
        enum diagnosis diagnosis;
        enum verdict verdict;
    } verdicts[] = {
        {DIAGNOSIS_SWAP_THRASH, VERDICT_SWAP_THRASH},
        {DIAGNOSIS_FILE_THRASH, VERDICT_FILE_THRASH},
        {DIAGNOSIS_COLD_READ, VERDICT_COLD_READ},
        {DIAGNOSIS_DIRECT_RECLAIM, VERDICT_DIRECT_RECLAIM},
    };

    for (size_t i = 0; event->diagnosis && i < sizeof(verdicts) / sizeof(*verdicts); i++) {
        if (strcmp(event->diagnosis, diagnosis_name(verdicts[i].diagnosis)) == 0)
            return verdicts[i].verdict;
    }
    return strcmp(event->alert, "memory_running_out") == 0 ? VERDICT_RUNNING_OUT : VERDICT_NONE;
}

static void add_kill(struct evidence *evidence, const struct event *event)
{
    evidence->kills_told += event->kills;
    if (evidence->kill_count == EVIDENCE_KILLS_MAX)
        return;
    struct evidence_kill *kill = &evidence->kills[evidence->kill_count++];
    *kill = (struct evidence_kill){.wall_ns = event->wall_ns, .known = event->kill};
    SPAN_KEEP(kill->message, span_of(event->message));
    if (event->kill)
        kill->kill = *event->kill;
}

static void add_alert(struct evidence *evidence, const struct event *event)
{
    evidence->alerts_told++;
    if (evidence->alert_count == EVIDENCE_ALERTS_MAX)
        return;
    struct evidence_alert *alert = &evidence->alerts[evidence->alert_count++];
    *alert = (struct evidence_alert){.wall_ns = event->wall_ns, .severity = event->severity};
    SPAN_KEEP(alert->message, span_of(event->message));
}

/* A kill says more than an alert, and the verdicts of alerts stand in the enum with what says more first. */
static void take_verdict(struct evidence *evidence, enum verdict verdict, bool of_kill)
{
    enum verdict known = evidence->verdict;
    bool had_kill = known >= VERDICT_CGROUP_LIMIT && known <= VERDICT_NODES_FULL;

    if (verdict == VERDICT_NONE || had_kill)
        return;
    if (of_kill || known == VERDICT_NONE || verdict < known)
        evidence->verdict = verdict;
}

void evidence_add_event(struct evidence *evidence, const struct event *event)
{
    if (event->kind == EVENT_OOM_KILL) {
        add_kill(evidence, event);
        if (event->kill)
            take_verdict(evidence, verdict_of_constraint[event->kill->constraint], true);
        return;
    }
    add_alert(evidence, event);
    take_verdict(evidence, verdict_of_alert(event), false);
}

/* -- processes -- */

static bool same_process(const struct process_row *a, const struct process_row *b)
{
    return a->pid == b->pid && a->start_ticks == b->start_ticks;
}

/* Started since the scan before: all that it ever faulted it did since then. */
static bool is_new(const struct process_row *row)
{
    return row->minor_faults_since.present && row->minor_faults_since.number == row->minor_faults;
}

static void add_process(struct evidence *evidence, const struct process_row *row, uint64_t wall_ns)
{
    for (size_t i = 0; i < evidence->process_count; i++) {
        struct evidence_process *process = &evidence->processes[i];
        if (!same_process(&process->first, row))
            continue;
        process->last = *row;
        process->last_ns = wall_ns;
        return;
    }
    if (evidence->process_count == EVIDENCE_PROCESSES_MAX)
        return;
    struct evidence_process *process = &evidence->processes[evidence->process_count++];
    *process = (struct evidence_process){*row, *row, wall_ns, wall_ns};
    if (is_new(row) && evidence->scan_ns > 0) {
        process->first.rss_bytes = 0;
        process->first.swap_bytes = (struct value){0, true};
        process->first_ns = evidence->scan_ns;
    }
}

void evidence_add_processes(struct evidence *evidence, const struct process_row *rows, size_t count,
                            uint64_t wall_ns)
{
    for (size_t i = 0; i < count; i++)
        add_process(evidence, &rows[i], wall_ns);
    evidence->scan_ns = wall_ns;
}

static double held_bytes(const struct process_row *row)
{
    return (double)row->rss_bytes + (row->swap_bytes.present ? (double)row->swap_bytes.number : 0);
}

double evidence_growth_bytes(const struct evidence_process *process)
{
    return held_bytes(&process->last) - held_bytes(&process->first);
}

double evidence_growth_seconds(const struct evidence_process *process)
{
    if (process->last_ns < process->first_ns)
        return NAN;
    return (double)(process->last_ns - process->first_ns) / (double)NS_PER_SECOND;
}

static double holding(const struct evidence *evidence, const struct evidence_process *process)
{
    return process->last_ns == evidence->scan_ns ? held_bytes(&process->last) : 0;
}

static double growing(const struct evidence *evidence, const struct evidence_process *process)
{
    (void)evidence;
    return evidence_growth_bytes(process);
}

/* Those with the most by MEASURE, above 0, the most first. */
static size_t rank(const struct evidence *evidence, const struct evidence_process **list,
                   double (*measure)(const struct evidence *evidence, const struct evidence_process *process))
{
    size_t count = 0;

    for (size_t i = 0; i < evidence->process_count; i++) {
        const struct evidence_process *process = &evidence->processes[i];
        double amount = measure(evidence, process);
        size_t place = count;
        if (!(amount > 0))
            continue;
        while (place > 0 && measure(evidence, list[place - 1]) < amount)
            place--;
        if (place == EVIDENCE_HOLDERS_MAX)
            continue;
        count += count < EVIDENCE_HOLDERS_MAX;
        for (size_t last = count - 1; last > place; last--)
            list[last] = list[last - 1];
        list[place] = process;
    }
    return count;
}

size_t evidence_holders(const struct evidence *evidence,
                        const struct evidence_process *list[EVIDENCE_HOLDERS_MAX])
{
    return rank(evidence, list, holding);
}

size_t evidence_growers(const struct evidence *evidence,
                        const struct evidence_process *list[EVIDENCE_HOLDERS_MAX])
{
    return rank(evidence, list, growing);
}
