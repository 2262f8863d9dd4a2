/* What `faultline vmstat` can print. Each prints its turns and returns 0 or a negative errno: -EPIPE where
 * the reader has gone, else with *PROBLEM set. */
#pragma once

#include "commands/vmstat/settings.h"

int vmstat_rows(const struct vmstat_settings *settings, struct problem *problem);      /* without a mode */
int vmstat_disks(const struct vmstat_settings *settings, struct problem *problem);     /* -d */
int vmstat_disk_sum(const struct vmstat_settings *settings, struct problem *problem);  /* -D */
int vmstat_partition(const struct vmstat_settings *settings, struct problem *problem); /* -p */
int vmstat_slabs(const struct vmstat_settings *settings, struct problem *problem);     /* -m */
int vmstat_totals(const struct vmstat_settings *settings, struct problem *problem);    /* -s, -f */
