#include "server/exporter.h"

#include "base/clock.h"
#include "kernel/cgroup.h"
#include "server/exported.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_MIN = 64 * 1024 };

static const double major_fault_bounds[] = {0, 1, 10, 50, 100, 500, 1000, 5000, 10000};
static const double stall_bounds[] = {0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 1};

/* -- opening -- */

static int open_sampler(struct exporter *exporter, struct problem *problem)
{
    const struct exporter_settings *settings = &exporter->settings;

    exporter->sampler = sampler_new();
    if (!exporter->sampler)
        return -ENOMEM;
    int error = sampler_want_table(exporter->sampler);
    if (error == 0 && settings->node_exporter_names)
        error = sampler_want_all(exporter->sampler, settings->proc_path);
    if (error == 0)
        error = sampler_open(exporter->sampler, settings->proc_path, problem);
    if (error < 0)
        return error;
    exporter->snapshot = snapshot_new(exporter->sampler);
    if (settings->node_exporter_names)
        exporter->node_families = node_families_new(exporter->sampler);
    return exporter->snapshot && (exporter->node_families || !settings->node_exporter_names) ? 0 : -ENOMEM;
}

static int prepare_metrics(struct exporter *exporter)
{
    int error = 0;

    exporter->spans.room =
        METRIC_TABLE_SIZE + (exporter->node_families ? node_families_count(exporter->node_families) : 0);
    exporter->spans.list = calloc(exporter->spans.room, sizeof(*exporter->spans.list));
    if (!exporter->spans.list)
        return -ENOMEM;
    for (size_t i = 0; error == 0 && i < METRIC_TABLE_SIZE; i++)
        error = openmetrics_prepare_metric(&exporter->metrics[i], &metric_table[i]);
    return error;
}

static int open_processes(struct exporter *exporter, struct problem *problem)
{
    const struct exporter_settings *settings = &exporter->settings;

    if (settings->processes == 0)
        return 0;
    exporter->comms = comm_counters_new(settings->processes);
    if (!exporter->comms)
        return -ENOMEM;
    int error = comm_counters_open(exporter->comms, settings->proc_path);
    if (error < 0 && error != -ENOMEM)
        return problem_set(problem, -error, "--processes: %s: %s", settings->proc_path, strerror(-error));
    return error;
}

static int open_cgroups(struct exporter *exporter, struct problem *problem)
{
    const struct exporter_settings *settings = &exporter->settings;
    char folder[PATH_MAX];
    int version = 0;

    if (!settings->cgroups)
        return 0;
    exporter->cgroups = cgroup_choice_new(settings->cgroups);
    if (!exporter->cgroups)
        return -ENOMEM;
    int error = cgroup_memory_find(folder, sizeof(folder), &version);
    if (error == 0)
        error = cgroup_choice_open(exporter->cgroups, folder, version);
    if (error < 0 && error != -ENOMEM)
        return problem_set(problem, -error, "--cgroups: the hierarchy of memory cgroups: %s",
                           strerror(-error));
    return error;
}

static void name_alerts(struct exporter *exporter)
{
    for (size_t i = 0; i < ALERT_COUNT; i++)
        exporter->alerts[i].name = watch_alert_name((enum alert_id)i);
}

int exporter_open(struct exporter **exporter, const struct exporter_settings *settings,
                  struct problem *problem)
{
    struct exporter *opened = calloc(1, sizeof(*opened));

    if (!opened)
        return -ENOMEM;
    opened->settings = *settings;
    opened->output = text_new(OUTPUT_MIN);
    histogram_init(&opened->major_faults, major_fault_bounds, sizeof(major_fault_bounds) / sizeof(double));
    histogram_init(&opened->memory_stall, stall_bounds, sizeof(stall_bounds) / sizeof(double));
    name_alerts(opened);
    own_cost_open(&opened->cost);
    int error = opened->output.bytes ? open_sampler(opened, problem) : -ENOMEM;
    if (error == 0)
        error = prepare_metrics(opened);
    if (error == 0)
        error = open_processes(opened, problem);
    if (error == 0)
        error = open_cgroups(opened, problem);
    if (error < 0)
        exporter_close(opened);
    else
        *exporter = opened;
    return error;
}

void exporter_close(struct exporter *exporter)
{
    if (!exporter)
        return;
    own_cost_close(&exporter->cost);
    cgroup_choice_free(exporter->cgroups);
    comm_counters_free(exporter->comms);
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
        openmetrics_prepared_free(&exporter->metrics[i]);
    node_families_free(exporter->node_families);
    free(exporter->spans.list);
    free(exporter->snapshot);
    sampler_free(exporter->sampler);
    text_free(&exporter->output);
    free(exporter);
}

/* -- what happens meanwhile -- */

void exporter_take_interval(struct exporter *exporter, const struct interval *interval)
{
    exporter->intervals++;
    histogram_add(&exporter->major_faults, interval->values[M_major_faults_per_second]);
    histogram_add(&exporter->memory_stall, interval->values[M_memory_some_stall_percent] / 100);
}

static bool is_same_victim(const struct victim *victim, const struct oom_kill *kill)
{
    return strcmp(victim->comm, kill->comm) == 0 && strcmp(victim->cgroup, kill->cgroup) == 0;
}

/* The latest goes to the front, and out of its old place; the oldest one falls off. */
static void note_victim(struct exporter *exporter, const struct oom_kill *kill, uint64_t wall_ns)
{
    struct victim *victims = exporter->victims;
    size_t at = 0;

    while (at < exporter->victim_count && !is_same_victim(&victims[at], kill))
        at++;
    if (at == exporter->victim_count && exporter->victim_count < VICTIMS_MAX)
        exporter->victim_count++;
    else if (at == VICTIMS_MAX)
        at--;
    memmove(&victims[1], &victims[0], at * sizeof(*victims));
    victims[0].wall_ns = wall_ns;
    memcpy(victims[0].comm, kill->comm, sizeof(kill->comm));
    memcpy(victims[0].cgroup, kill->cgroup, sizeof(kill->cgroup));
}

static void note_alert(struct exporter *exporter, const struct event *event)
{
    for (size_t i = 0; i < ALERT_COUNT; i++) {
        struct alert_state *alert = &exporter->alerts[i];
        if (strcmp(alert->name, event->alert) != 0)
            continue;
        alert->active = event->state != STATE_END;
        alert->episodes += event->state == STATE_BEGIN;
    }
}

void exporter_take_event(struct exporter *exporter, const struct event *event)
{
    if (event->kind == EVENT_ALERT)
        note_alert(exporter, event);
    else if (event->kill && event->kill->comm[0] != '\0')
        note_victim(exporter, event->kill, event->wall_ns);
}

/* -- a scrape -- */

static void read_kernel(struct exporter *exporter)
{
    uint64_t begin_ns = clock_monotonic_ns();

    sampler_read(exporter->sampler, exporter->snapshot);
    if (exporter->comms)
        (void)comm_counters_look(exporter->comms); /* what could not be read stays as it was */
    if (exporter->cgroups)
        (void)cgroup_choice_look(exporter->cgroups);
    exporter->read_seconds = (double)(clock_monotonic_ns() - begin_ns) / (double)NS_PER_SECOND;
}

static int grow(struct exporter *exporter)
{
    size_t capacity = (exporter->output.length + exporter->output.lost) * 2;

    text_free(&exporter->output);
    exporter->output = text_new(capacity);
    return exporter->output.bytes ? 0 : -ENOMEM;
}

int exporter_put(struct exporter *exporter, enum openmetrics_format format,
                 const struct exporter_server *server, const struct text **text,
                 const struct openmetrics_spans **spans)
{
    read_kernel(exporter);
    exported_put(exporter, format, server);
    if (exporter->output.lost > 0) {
        int error = grow(exporter);
        if (error < 0)
            return error;
        exported_put(exporter, format, server);
    }
    *text = &exporter->output;
    *spans = &exporter->spans;
    return 0;
}
