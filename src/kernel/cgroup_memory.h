/*
 * What one memory cgroup says of itself, read below the descriptor of its folder.
 *
 *     v2    memory.stat, memory.events, memory.pressure, memory.current, memory.max, memory.swap.current
 *     v1    memory.stat, memory.usage_in_bytes, memory.oom_control
 *
 * Formats: Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst, Documentation/accounting/psi.rst;
 * mm/memcontrol.c (memory_stat_format(), memcg_stat_show(), mem_cgroup_oom_control_read()).
 *
 * Since 5.15 the kernel adds up what its CPUs have counted of a group every 2 seconds, and at a read only
 * where that is much (64 events a CPU): smaller increments of faults may show that much later.
 */
#pragma once

#include "kernel/scan.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * Counters since the group was made, and amounts as they are now, of the group and those below it if not said
 * otherwise. Minor faults are all but the major ones: absent where the kernel gives more of these than of
 * all. v1 knows nothing of stalls; of v2 they are there with PSI. Swap is there where it is accounted for.
 */
struct cgroup_memory {
    struct value minor_faults;
    struct value major_faults;
    struct value some_stall_us;
    struct value full_stall_us;
    struct value usage_bytes;
    struct value limit_bytes; /* absent: none. v2: its own; v1: the least of its own and of those above it */
    struct value swap_bytes;
    struct value kills; /* by the OOM killer. v2: with those below from 5.2; v1: its own alone, from 4.13 */
};

/*
 * Reads the group of VERSION (CGROUP_V1, CGROUP_V2) in FOLDER_FD. What a file or a line is missing for is
 * absent: another kernel, a group without the memory controller, v2's root. Each file is opened, read and
 * closed; nothing is allocated. Returns 0 where any file could be read, else a negative errno (-EINVAL of
 * another version), and all is absent then.
 */
int cgroup_memory_read(int folder_fd, int version, struct cgroup_memory *memory);

/* Whether ERROR, of the function above, means that there is no such group any more, or that it has nothing
 * to do with memory, which looks the same. */
bool cgroup_memory_is_gone(int error);

/*
 * What the texts of the files say. They set their fields of *MEMORY, absent where the text does not have
 * them, and leave the others. Of lines with the same key the first counts; a last line without its newline
 * may be cut short, and does not.
 */

/* memory.stat: faults; of v1 limit_bytes and swap_bytes as well. */
void cgroup_memory_parse_stat_v2(const char *bytes, size_t length, struct cgroup_memory *memory);
void cgroup_memory_parse_stat_v1(const char *bytes, size_t length, struct cgroup_memory *memory);

/* memory.pressure: some_stall_us, full_stall_us. */
void cgroup_memory_parse_pressure(const char *bytes, size_t length, struct cgroup_memory *memory);

/* memory.events, memory.oom_control: kills. */
void cgroup_memory_parse_kills(const char *bytes, size_t length, struct cgroup_memory *memory);

/* The files of one number. "max", no limit, is absent. */
struct value cgroup_memory_amount(const char *bytes, size_t length);
