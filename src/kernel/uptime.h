/* /proc/uptime: "350735.47 234388.90": seconds since boot, sleep included, and idle seconds of all CPUs
 * together. Format: fs/proc/uptime.c. */
#pragma once

#include <stdint.h>

/* The time since boot, as the file below PROC_PATH tells it: above 0. Returns 0 or a negative errno. */
int uptime_read(const char *proc_path, uint64_t *uptime_ns);
