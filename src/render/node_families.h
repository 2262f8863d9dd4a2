/*
 * The families of Prometheus's node_exporter, of its collectors vmstat, meminfo, pressure and stat, under its
 * own names, types and meanings, so that dashboards and alerts made for those work with what is read here.
 *
 * https://github.com/prometheus/node_exporter, 1.5: collector/vmstat_linux.go, meminfo_linux.go,
 * pressure_linux.go, stat_linux.go
 */
#pragma once

#include "metric/sampler.h"
#include "render/openmetrics_family.h"

struct node_families;

/* Of a sampler that wants all (sampler_want_all()) and is open or arranged. NULL without memory. Free with
 * node_families_free(), NULL is allowed. */
struct node_families *node_families_new(const struct sampler *sampler);
void node_families_free(struct node_families *families);

/* All of them; none of a value that is absent in the snapshot. */
void node_families_put(const struct node_families *families, struct text *text,
                       struct openmetrics_spans *spans, enum openmetrics_format format,
                       const struct snapshot *snapshot);

/* How many there are at most. */
size_t node_families_count(const struct node_families *families);
