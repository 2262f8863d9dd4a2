/* What an exporter holds, between exporter.c, which gathers it, and exported.c, which puts it into words. */
#pragma once

#include "metric/cgroup_choice.h"
#include "metric/comm_counters.h"
#include "metric/histogram.h"
#include "render/node_families.h"
#include "render/openmetrics.h"
#include "server/exporter.h"
#include "server/own_cost.h"
#include "watch/watch.h"

enum { VICTIMS_MAX = 10 };

/* Of all that was killed under this name in this cgroup, when it was last. */
struct victim {
    uint64_t wall_ns;
    char comm[OOM_COMM_MAX];
    char cgroup[OOM_CGROUP_MAX];
};

struct alert_state {
    const char *name;
    bool active;
    uint64_t episodes;
};

struct exporter {
    struct exporter_settings settings;
    struct sampler *sampler; /* its own: a scrape is no end of an interval */
    struct snapshot *snapshot;
    struct openmetrics_prepared metrics[METRIC_TABLE_SIZE];
    struct value last_totals[METRIC_TABLE_SIZE];
    struct node_families *node_families;
    struct comm_counters *comms;
    struct cgroup_choice *cgroups;

    struct histogram major_faults;
    struct histogram memory_stall;
    uint64_t intervals;
    struct victim victims[VICTIMS_MAX]; /* the latest first */
    size_t victim_count;
    struct alert_state alerts[ALERT_COUNT];

    struct own_cost cost;
    double read_seconds; /* for this scrape */
    struct text output;
    struct openmetrics_spans spans; /* in it */
};

/* Puts all of it, as it was last read, into exporter->output, in which something may be lost. */
void exported_put(struct exporter *exporter, enum openmetrics_format format,
                  const struct exporter_server *server);
