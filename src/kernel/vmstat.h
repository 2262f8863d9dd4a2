/* What is known of the keys of /proc/vmstat beyond their names. */
#pragma once

#include <stdbool.h>

/*
 * Whether KEY is a state of now (pages that are free), not a count since boot (pages that were freed). The
 * file does not say; it holds the zone and node states (enum zone_stat_item, enum node_stat_item) first, then
 * the event counters.
 */
bool vmstat_is_gauge(const char *key);
