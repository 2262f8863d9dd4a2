/* /proc/loadavg: "0.06 0.03 0.01 2/79 2154". Format: fs/proc/loadavg.c. The three averages are read as
 * hundredths. */
#include "kernel/source_format.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

static const char *const averages[] = {"1m", "5m", "15m", NULL};

enum { AVERAGES = sizeof(averages) / sizeof(*averages) - 1 };

static int locate(const char *name, struct line_place *place)
{
    for (unsigned i = 0; i < AVERAGES; i++) {
        if (strcmp(name, averages[i]) == 0) {
            *place = (struct line_place){.start = "", .fields = AVERAGES, .field = i};
            return 0;
        }
    }
    return -ENOENT;
}

static void parse(const char *at, const char *end, struct value *values, unsigned fields)
{
    for (unsigned i = 0; i < fields; i++)
        at = scan_hundredths(at, end, &values[i]);
}

const struct source_format loadavg_format = {"loadavg", "loadavg", locate, parse, averages};
