/*
 * /proc/pressure/{cpu,memory,io,irq}: for how long tasks stood still for want of a resource. Format:
 * kernel/sched/psi.c, Documentation/accounting/psi.rst. "some" and "full" are read as the microseconds of
 * "total=", which is exact at every read.
 *
 *     some avg10=0.06 avg60=0.95 avg300=0.41 total=1765694
 *     full avg10=0.00 avg60=0.00 avg300=0.00 total=0
 *
 * Since 4.20; cpu has "full" from 5.13; irq, since 6.1, has only "full". With PSI off the files are missing,
 * or reading gives EOPNOTSUPP.
 */
#include "kernel/source_format.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static int locate(const char *name, struct line_place *place)
{
    if (strcmp(name, "some") != 0 && strcmp(name, "full") != 0)
        return -ENOENT;
    return line_place_of_key(name, ' ', place);
}

static void parse(const char *at, const char *end, struct value *values, unsigned fields)
{
    static const char key[] = " total=";
    const char *line_end = scan_line_end(at, end);
    const char *total = memmem(at, (size_t)(line_end - at), key, sizeof(key) - 1);

    (void)fields; /* one a line */
    if (total)
        scan_unsigned(total + sizeof(key) - 1, line_end, values);
}

const struct source_format pressure_cpu_format = {"pressure/cpu", "pressure/cpu", locate, parse, NULL};
const struct source_format pressure_memory_format = {"pressure/memory", "pressure/memory", locate, parse,
                                                     NULL};
const struct source_format pressure_io_format = {"pressure/io", "pressure/io", locate, parse, NULL};
const struct source_format pressure_irq_format = {"pressure/irq", "pressure/irq", locate, parse, NULL};
