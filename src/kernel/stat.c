/*
 * /proc/stat: CPU time by what it was spent on, and counts since boot. Format: fs/proc/stat.c, proc(5).
 *
 *  - "cpu  2541 0 1415 131888 337 0 32 9 0 0": ticks of sysconf(_SC_CLK_TCK), summed over all possible CPUs
 *  - "cpu0 964 0 461 66706 10 0 3 2 0 0": the same for each CPU that is online
 *  - "intr 143383 0 0 ...": all interrupts, then a number for each
 *  - "ctxt 323570", "processes 4735", "procs_running 2": one number a line
 *
 * The idle time of a CPU that is offline comes from another clock than while it was online (get_idle_time()),
 * so that the sums on the first line jump, either way, when the number of online CPUs changes. Hence
 * "cpu.online".
 */
#include "kernel/source_format.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

/* The fields of the line "cpu", in its order, then the counts, each with a line of its own. */
static const char *const names[] = {
    "cpu.user",    "cpu.nice",  "cpu.system", "cpu.idle",       "cpu.iowait",    "cpu.irq",
    "cpu.softirq", "cpu.steal", "cpu.guest",  "cpu.guest_nice", "cpu.online",    "intr",
    "ctxt",        "btime",     "processes",  "procs_running",  "procs_blocked", NULL,
};

enum {
    CPU_TIMES = 10,
    CPU_FIELDS = CPU_TIMES + 1, /* "cpu.online" counts lines */
};

static int locate(const char *name, struct line_place *place)
{
    for (unsigned i = 0; names[i]; i++) {
        if (strcmp(name, names[i]) != 0)
            continue;
        if (i >= CPU_FIELDS)
            return line_place_of_key(name, ' ', place);
        *place = (struct line_place){.start = "cpu ", .fields = CPU_FIELDS, .field = i};
        return 0;
    }
    return -ENOENT;
}

static struct value count_online(const char *at, const char *end)
{
    uint64_t online = 0;

    for (at = scan_line_end(at, end); end - at > 4 && memcmp(at, "\ncpu", 4) == 0;
         at = scan_line_end(at + 1, end))
        online++;
    return (struct value){online, online > 0};
}

static void parse(const char *at, const char *end, struct value *values, unsigned fields)
{
    if (fields < CPU_FIELDS) {
        scan_unsigneds(at, end, values, fields);
        return;
    }
    at = scan_unsigneds(at, end, values, CPU_TIMES);
    values[CPU_TIMES] = count_online(at, end);
}

const struct source_format stat_format = {"stat", "stat", locate, parse, names};
