#include "server/exported.h"

#include <string.h>

static void put_unsigned(struct text *text, const struct openmetrics_family *family, const char *suffix,
                         const struct openmetrics_labels *labels, uint64_t number)
{
    openmetrics_begin_sample(text, family, suffix, labels);
    text_unsigned(text, number);
    openmetrics_end_sample(text, NULL);
}

static void put_decimal(struct text *text, const struct openmetrics_family *family, const char *suffix,
                        double number, unsigned decimals)
{
    openmetrics_begin_sample(text, family, suffix, NULL);
    text_decimal(text, number, decimals);
    openmetrics_end_sample(text, NULL);
}

/* One that has a single sample, of a whole number. */
static void put_single(struct text *text, enum openmetrics_format format,
                       const struct openmetrics_family *family, uint64_t number)
{
    openmetrics_put_head(text, format, family);
    put_unsigned(text, family, "", NULL, number);
}

static void put_metrics(struct exporter *exporter, struct text *text, enum openmetrics_format format)
{
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++) {
        struct metric_worth worth = metric_total_worth(&metric_table[i]);
        struct value total = sampler_total(exporter->sampler, i, exporter->snapshot);
        total = openmetrics_hold(&metric_table[i], total, &exporter->last_totals[i]);
        total = value_times(total, worth.multiplier);
        if (total.present)
            openmetrics_put_prepared(text, &exporter->spans, format, &exporter->metrics[i], total.number,
                                     worth.divisor);
    }
}

static bool has_one_decimal(double bound)
{
    return bound * 10 == (double)(uint64_t)(bound * 10);
}

/* As OpenMetrics wants them: 1.0, 0.5, 0.25. Prometheus takes each spelling, but for another series. */
static void put_bound(struct text *text, const struct histogram *histogram, size_t at)
{
    if (at == histogram->bound_count)
        text_string(text, "+Inf");
    else
        text_decimal(text, histogram->bounds[at], has_one_decimal(histogram->bounds[at]) ? 1 : 2);
}

static void put_histogram(struct text *text, enum openmetrics_format format,
                          const struct openmetrics_family *family, const struct histogram *histogram)
{
    uint64_t so_far = 0;

    openmetrics_put_head(text, format, family);
    for (size_t i = 0; i <= histogram->bound_count; i++) {
        char bytes[32];
        struct text bound = text_over(bytes, sizeof(bytes) - 1);
        put_bound(&bound, histogram, i);
        bytes[bound.length] = '\0';
        const struct openmetrics_label le = {"le", bytes};
        so_far += histogram->counts[i];
        put_unsigned(text, family, "_bucket", &(struct openmetrics_labels){&le, 1}, so_far);
    }
    put_unsigned(text, family, "_count", NULL, so_far);
    put_decimal(text, family, "_sum", histogram->sum, 6);
}

static void put_histograms(const struct exporter *exporter, struct text *text, enum openmetrics_format format)
{
    static const struct openmetrics_family major_faults = {
        "faultline_major_faults_per_second", OPENMETRICS_HISTOGRAM,
        "major faults a second, of each interval by itself: a burst between two scrapes shows here"};
    static const struct openmetrics_family memory_stall = {
        "faultline_memory_stall_ratio", OPENMETRICS_HISTOGRAM,
        "share of each interval in which some task stood still for memory"};
    static const struct openmetrics_family intervals = {"faultline_intervals", OPENMETRICS_COUNTER,
                                                        "intervals watched since the start"};

    put_histogram(text, format, &major_faults, &exporter->major_faults);
    put_histogram(text, format, &memory_stall, &exporter->memory_stall);
    put_single(text, format, &intervals, exporter->intervals);
}

static void put_alerts(const struct exporter *exporter, struct text *text, enum openmetrics_format format)
{
    static const struct openmetrics_family active = {
        "faultline_alert_active", OPENMETRICS_GAUGE,
        "1 while an episode goes on: the figure is beyond its threshold"};
    static const struct openmetrics_family episodes = {"faultline_alerts", OPENMETRICS_COUNTER,
                                                       "episodes that began since the start"};

    openmetrics_put_head(text, format, &active);
    for (size_t i = 0; i < ALERT_COUNT; i++) {
        const struct openmetrics_label label = {"alert", exporter->alerts[i].name};
        put_unsigned(text, &active, "", &(struct openmetrics_labels){&label, 1}, exporter->alerts[i].active);
    }
    openmetrics_put_head(text, format, &episodes);
    for (size_t i = 0; i < ALERT_COUNT; i++) {
        const struct openmetrics_label label = {"alert", exporter->alerts[i].name};
        put_unsigned(text, &episodes, "", &(struct openmetrics_labels){&label, 1},
                     exporter->alerts[i].episodes);
    }
}

static void put_victims(const struct exporter *exporter, struct text *text, enum openmetrics_format format)
{
    static const struct openmetrics_family last_kill = {
        "faultline_oom_last_kill_timestamp_seconds", OPENMETRICS_GAUGE,
        "when the kernel last killed a process of this name for want of memory, of the ten latest"};

    openmetrics_put_head(text, format, &last_kill);
    for (size_t i = 0; i < exporter->victim_count; i++) {
        const struct victim *victim = &exporter->victims[i];
        const struct openmetrics_label labels[] = {{"comm", victim->comm}, {"cgroup", victim->cgroup}};
        openmetrics_begin_sample(text, &last_kill, "", &(struct openmetrics_labels){labels, 2});
        openmetrics_put_quotient(text, victim->wall_ns / 1000000, 1000);
        openmetrics_end_sample(text, NULL);
    }
}

/* Families with a label whose samples are members of a struct. */
struct member_family {
    struct openmetrics_family family;
    struct value (*value)(const void *item);
    uint64_t divisor;
};

static void put_member(struct text *text, const struct member_family *member, const char *label_name,
                       const char *label_value, const void *item)
{
    const struct openmetrics_label label = {label_name, label_value};
    struct value value = member->value(item);

    if (!value.present)
        return;
    openmetrics_begin_sample(text, &member->family, "", &(struct openmetrics_labels){&label, 1});
    openmetrics_put_quotient(text, value.number, member->divisor);
    openmetrics_end_sample(text, NULL);
}

#define COMM_VALUE(name, expression, known)                                                                  \
    static struct value comm_##name(const void *item)                                                        \
    {                                                                                                        \
        const struct comm_counter *counter = item;                                                           \
        return (struct value){counter->expression, known};                                                   \
    }

COMM_VALUE(minor_faults, minor_faults, true)
COMM_VALUE(major_faults, major_faults, true)
COMM_VALUE(resident, resident_bytes, true)
COMM_VALUE(swap, swap_bytes.number, counter->swap_bytes.present)
COMM_VALUE(processes, processes, true)

static const struct member_family comm_families[] = {
    {{"faultline_comm_minor_faults", OPENMETRICS_COUNTER,
      "minor faults of processes of this name, since it has a series of its own"},
     comm_minor_faults,
     1},
    {{"faultline_comm_major_faults", OPENMETRICS_COUNTER,
      "major faults of processes of this name, since it has a series of its own"},
     comm_major_faults,
     1},
    {{"faultline_comm_resident_bytes", OPENMETRICS_GAUGE,
      "memory resident in processes of this name; what they share counts for each"},
     comm_resident,
     1},
    {{"faultline_comm_swap_bytes", OPENMETRICS_GAUGE, "swap that processes of this name use"}, comm_swap, 1},
    {{"faultline_comm_processes", OPENMETRICS_GAUGE, "processes of this name"}, comm_processes, 1},
};

/* A process may have called itself so; but no process has a name as long as this one (TASK_COMM_LEN). */
static const char *comm_label(const struct comm_counter *counter)
{
    return strcmp(counter->comm, "other") == 0 ? "other (its own name)" : counter->comm;
}

static void put_comms(const struct exporter *exporter, struct text *text, enum openmetrics_format format)
{
    size_t count;
    const struct comm_counter *named = comm_counters_named(exporter->comms, &count);

    for (size_t i = 0; i < sizeof(comm_families) / sizeof(*comm_families); i++) {
        const struct member_family *member = &comm_families[i];
        openmetrics_put_head(text, format, &member->family);
        for (size_t j = 0; j < count; j++)
            put_member(text, member, "comm", comm_label(&named[j]), &named[j]);
        put_member(text, member, "comm", "other", comm_counters_rest(exporter->comms));
    }
}

#define CGROUP_VALUE(name)                                                                                   \
    static struct value cgroup_##name(const void *item)                                                      \
    {                                                                                                        \
        const struct cgroup_chosen *chosen = item;                                                           \
        return chosen->memory.name;                                                                          \
    }

CGROUP_VALUE(minor_faults)
CGROUP_VALUE(major_faults)
CGROUP_VALUE(usage_bytes)
CGROUP_VALUE(limit_bytes)
CGROUP_VALUE(kills)
CGROUP_VALUE(some_stall_us)
CGROUP_VALUE(full_stall_us)

static const struct member_family cgroup_families[] = {
    {{"faultline_cgroup_minor_faults", OPENMETRICS_COUNTER, "minor faults in the cgroup and those below it"},
     cgroup_minor_faults,
     1},
    {{"faultline_cgroup_major_faults", OPENMETRICS_COUNTER, "major faults in the cgroup and those below it"},
     cgroup_major_faults,
     1},
    {{"faultline_cgroup_memory_bytes", OPENMETRICS_GAUGE, "memory charged to the cgroup, its page cache too"},
     cgroup_usage_bytes,
     1},
    {{"faultline_cgroup_memory_limit_bytes", OPENMETRICS_GAUGE, "its limit, where it has one"},
     cgroup_limit_bytes,
     1},
    {{"faultline_cgroup_oom_kills", OPENMETRICS_COUNTER, "processes killed in it for want of memory"},
     cgroup_kills,
     1},
    {{"faultline_cgroup_memory_some_stall_seconds", OPENMETRICS_COUNTER,
      "time in which some task of it stood still for memory (cgroup v2)"},
     cgroup_some_stall_us,
     1000000},
    {{"faultline_cgroup_memory_full_stall_seconds", OPENMETRICS_COUNTER,
      "time in which all its tasks that could run stood still for memory (cgroup v2)"},
     cgroup_full_stall_us,
     1000000},
};

static void put_cgroups(const struct exporter *exporter, struct text *text, enum openmetrics_format format)
{
    static const struct openmetrics_family left_out = {
        "faultline_cgroups_left_out", OPENMETRICS_GAUGE,
        "cgroups that match and have no series, as there are more than 100"};
    size_t count = cgroup_choice_count(exporter->cgroups);

    for (size_t i = 0; i < sizeof(cgroup_families) / sizeof(*cgroup_families); i++) {
        const struct member_family *member = &cgroup_families[i];
        openmetrics_put_head(text, format, &member->family);
        for (size_t j = 0; j < count; j++) {
            const struct cgroup_chosen *chosen = cgroup_choice_at(exporter->cgroups, j);
            put_member(text, member, "cgroup", chosen->path, chosen);
        }
    }
    put_single(text, format, &left_out, cgroup_choice_left_out(exporter->cgroups));
}

static void put_build(struct text *text, enum openmetrics_format format)
{
    static const struct openmetrics_family build = {"faultline_build_info", OPENMETRICS_GAUGE,
                                                    "1, with the version of faultline"};
    const struct openmetrics_label version = {"version", FAULTLINE_VERSION};

    openmetrics_put_head(text, format, &build);
    put_unsigned(text, &build, "", &(struct openmetrics_labels){&version, 1}, 1);
}

static void put_own_cost(const struct exporter *exporter, struct text *text, enum openmetrics_format format)
{
    static const struct openmetrics_family cpu = {"faultline_process_cpu_seconds", OPENMETRICS_COUNTER,
                                                  "CPU time of faultline itself"};
    static const struct openmetrics_family resident = {"faultline_process_resident_memory_bytes",
                                                       OPENMETRICS_GAUGE, "memory resident in faultline"};
    static const struct openmetrics_family start = {"faultline_process_start_time_seconds", OPENMETRICS_GAUGE,
                                                    "when faultline was started"};
    static const struct openmetrics_family scrape = {"faultline_scrape_duration_seconds", OPENMETRICS_GAUGE,
                                                     "how long this scrape took to read the kernel"};
    struct own_cost_figures figures = own_cost_read(&exporter->cost);

    openmetrics_put_head(text, format, &cpu);
    put_decimal(text, &cpu, "", figures.cpu_seconds, 6);
    if (figures.resident_bytes.present)
        put_single(text, format, &resident, figures.resident_bytes.number);
    openmetrics_put_head(text, format, &start);
    put_decimal(text, &start, "", figures.start_seconds, 3);
    openmetrics_put_head(text, format, &scrape);
    put_decimal(text, &scrape, "", exporter->read_seconds, 6);
}

static void put_server(const struct exporter_server *server, struct text *text,
                       enum openmetrics_format format)
{
    static const struct openmetrics_family connections = {"faultline_http_connections", OPENMETRICS_GAUGE,
                                                          "connections that are open"};
    static const struct openmetrics_family requests = {"faultline_http_requests", OPENMETRICS_COUNTER,
                                                       "requests that were read whole"};
    static const struct openmetrics_family drops = {
        "faultline_http_connections_dropped", OPENMETRICS_COUNTER,
        "connections that faultline closed: others wanted the place, it was too slow, it broke the rules"};
    static const struct openmetrics_family failures = {
        "faultline_recording_failures", OPENMETRICS_COUNTER,
        "samples and events that could not be recorded when they came"};

    put_single(text, format, &connections, server->connections);
    put_single(text, format, &requests, server->requests);
    openmetrics_put_head(text, format, &drops);
    for (size_t i = 0; i < sizeof(server->drops) / sizeof(*server->drops) && server->drops[i].reason; i++) {
        const struct openmetrics_label reason = {"reason", server->drops[i].reason};
        put_unsigned(text, &drops, "", &(struct openmetrics_labels){&reason, 1}, server->drops[i].count);
    }
    if (server->records)
        put_single(text, format, &failures, server->record_failures);
}

void exported_put(struct exporter *exporter, enum openmetrics_format format,
                  const struct exporter_server *server)
{
    struct text *text = &exporter->output;

    text->length = 0;
    text->lost = 0;
    exporter->spans.count = 0;
    put_metrics(exporter, text, format);
    if (exporter->node_families)
        node_families_put(exporter->node_families, text, &exporter->spans, format, exporter->snapshot);
    put_histograms(exporter, text, format);
    put_alerts(exporter, text, format);
    put_victims(exporter, text, format);
    if (exporter->comms)
        put_comms(exporter, text, format);
    if (exporter->cgroups)
        put_cgroups(exporter, text, format);
    put_build(text, format);
    put_own_cost(exporter, text, format);
    put_server(server, text, format);
    openmetrics_put_end(text, format);
}
