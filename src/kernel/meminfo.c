/*
 * /proc/meminfo: "Key:   NUMBER kB" lines, read as bytes; lines without the unit are counts. Format:
 * fs/proc/meminfo.c. The "kB" are KiB.
 */
#include "kernel/source_format.h"

#include <string.h>

static int locate(const char *name, struct line_place *place)
{
    return line_place_of_key(name, ':', place);
}

static void parse(const char *at, const char *end, struct value *values, unsigned fields)
{
    (void)fields; /* one a line */
    at = scan_unsigned(at, end, values);
    if (end - at >= 3 && memcmp(at, " kB", 3) == 0 &&
        __builtin_mul_overflow(values->number, UINT64_C(1024), &values->number))
        values->present = false;
}

const struct source_format meminfo_format = {"meminfo", "meminfo", locate, parse};
