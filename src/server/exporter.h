/*
 * What /metrics says: the metric table as the kernel counts now, what happened since the start, and processes
 * and cgroups where they are asked for.
 *
 *     exporter_open, exporter_take_interval and exporter_take_event as they come, exporter_put at a scrape
 */
#pragma once

#include "base/problem.h"
#include "metric/interval.h"
#include "render/openmetrics_family.h"
#include "watch/event.h"

struct exporter_settings {
    const char *proc_path;
    size_t processes;    /* names with a place of their own, up to COMM_COUNTERS_MAX; 0: no processes */
    const char *cgroups; /* a pattern, or NULL: no cgroups */
    bool node_exporter_names;
};

/* What the server counts of itself. */
struct exporter_server {
    uint64_t connections;
    uint64_t requests;
    struct exporter_drop {
        const char *reason;
        uint64_t count;
    } drops[4];
    bool records;
    uint64_t record_failures;
};

struct exporter;

/* Sets *EXPORTER. Returns 0 or a negative errno with *PROBLEM set where it has a story. Words of SETTINGS
 * stay the caller's. */
int exporter_open(struct exporter **exporter, const struct exporter_settings *settings,
                  struct problem *problem);
void exporter_close(struct exporter *exporter); /* NULL is allowed */

/* A row of the machine, by the metric table's places. */
void exporter_take_interval(struct exporter *exporter, const struct interval *interval);
void exporter_take_event(struct exporter *exporter, const struct event *event);

/*
 * Reads the kernel and puts it all. *TEXT, and *SPANS of what is packed already in it, are valid until the
 * next call. Returns 0, or -ENOMEM. What else could not be read is absent.
 */
int exporter_put(struct exporter *exporter, enum openmetrics_format format,
                 const struct exporter_server *server, const struct text **text,
                 const struct openmetrics_spans **spans);
