/* What a file of src/kernel says about the one kernel interface it knows. source.c does the reading. */
#pragma once

#include "kernel/scan.h"

enum { LINE_START_MAX = 64 }; /* the longest key of a 6.18 /proc/vmstat has 34 bytes */

/* Where a named value stands: on the line that starts so, as its n-th field. */
struct line_place {
    char start[LINE_START_MAX]; /* terminated */
    unsigned fields;            /* how many values parse() takes from such a line */
    unsigned field;
};

struct source_format {
    const char *name; /* as in "vmstat.pgfault" */
    const char *path; /* below /proc, or below the folder of a cgroup */

    /* Finds the place of the value NAME. Returns 0, -ENOENT where the file has no such value, -ENAMETOOLONG.
     */
    int (*locate)(const char *name, struct line_place *place);

    /* Reads the FIELDS values of a line from what follows its start; END is the end of the file, not of the
     * line. */
    void (*parse)(const char *at, const char *end, struct value *values, unsigned fields);

    /* All the names that locate() knows, NULL at the end; NULL where it takes what a line begins with, up to
     * a blank or a colon. */
    const char *const *names;
};

/* locate() for the common case, one value a line: the line starts with NAME and TERMINATOR. */
int line_place_of_key(const char *name, char terminator, struct line_place *place);

/* locate() and parse() of files made of lines "KEY NUMBER". */
int key_number_locate(const char *name, struct line_place *place);
void key_number_parse(const char *at, const char *end, struct value *values, unsigned fields);

extern const struct source_format stat_format;
extern const struct source_format vmstat_format;
extern const struct source_format meminfo_format;
extern const struct source_format pressure_cpu_format;
extern const struct source_format pressure_memory_format;
extern const struct source_format pressure_io_format;
extern const struct source_format pressure_irq_format;
extern const struct source_format loadavg_format;
extern const struct source_format memory_events_format;
