/*
 * /proc/meminfo: "Key:   NUMBER kB" lines, read as bytes; lines without the unit are counts. Format:
 * fs/proc/meminfo.c. The "kB" are KiB.
 */
#include "kernel/meminfo.h"

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
    if (at < end && *at == '\n')
        return;
    /* Anything but the unit may be a line that was cut short within it. */
    if (end - at < 3 || memcmp(at, " kB", 3) != 0 ||
        __builtin_mul_overflow(values->number, UINT64_C(1024), &values->number))
        values->present = false;
}

bool meminfo_is_count(const char *key)
{
    return strncmp(key, "HugePages_", strlen("HugePages_")) == 0;
}

const struct source_format meminfo_format = {"meminfo", "meminfo", locate, parse, NULL};
