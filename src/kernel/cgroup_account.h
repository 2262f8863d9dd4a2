/*
 * What one memory cgroup says of itself in detail: the bill of a job that has it to itself. cgroup_memory.h
 * is what all groups of a machine are asked for again and again.
 *
 *     v2    memory.stat, memory.peak, io.pressure, cpu.pressure, cpu.stat, and the files of cgroup_memory.h
 *     v1    memory.stat, memory.max_usage_in_bytes, and the files of cgroup_memory.h; of a group of v2, which
 * has the same processes and no memory controller, memory.pressure, io.pressure, cpu.pressure, cpu.stat
 *
 * Formats: Documentation/admin-guide/cgroup-v2.rst, cgroup-v1/memory.rst, Documentation/accounting/psi.rst.
 */
#pragma once

#include "kernel/cgroup_memory.h"

/* As in cgroup_memory.h: counters since the group was made, of it and those below it; the page cache that it
 * shares with others is on the bill of who touched it first. */
struct cgroup_account {
    struct cgroup_memory memory; /* of v1 the stalls are those of the group of v2 */
    struct value peak_bytes;     /* the most that usage_bytes has been; of v2 since 5.19 */
    struct value refaults_file;  /* pages that were read in again soon after they had been evicted */
    struct value refaults_anon;  /* likewise from swap; since 5.9 */
    struct value anon_bytes;     /* now; v1: without what is swapped out, as v2 */
    struct value file_bytes;     /* now; page cache, tmpfs and shared memory among it */
    struct value io_some_stall_us;
    struct value io_full_stall_us;
    struct value cpu_some_stall_us;
    struct value cpu_us; /* processor time, of user and system */
};

/*
 * Reads the group of VERSION (CGROUP_V1, CGROUP_V2) in MEMORY_FD, and stalls and processor time of the group
 * of v2 in STALL_FD: MEMORY_FD once more of v2, -1 where there is none. What a file or a line is missing for
 * is absent, stalls where PSI is off (EOPNOTSUPP). Nothing stays open; nothing is allocated. Returns as
 * cgroup_memory_read() does, and all is absent where that fails.
 */
int cgroup_account_read(int memory_fd, int version, int stall_fd, struct cgroup_account *account);

/* What the texts of the files say; as in cgroup_memory.h. */

/* memory.stat: refaults_file, refaults_anon, anon_bytes, file_bytes. */
void cgroup_account_parse_stat_v2(const char *bytes, size_t length, struct cgroup_account *account);
void cgroup_account_parse_stat_v1(const char *bytes, size_t length, struct cgroup_account *account);

/* io.pressure: io_some_stall_us, io_full_stall_us; cpu.pressure: cpu_some_stall_us. */
void cgroup_account_parse_io_pressure(const char *bytes, size_t length, struct cgroup_account *account);
void cgroup_account_parse_cpu_pressure(const char *bytes, size_t length, struct cgroup_account *account);

/* cpu.stat: cpu_us. */
void cgroup_account_parse_cpu_stat(const char *bytes, size_t length, struct cgroup_account *account);
