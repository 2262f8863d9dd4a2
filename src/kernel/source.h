/*
 * The files of /proc that faultline reads at every row, as numbers by name.
 *
 * A reader says once which values it wants. The first read learns where their lines stand; later reads look
 * there, check that the line starts as it should, and follow lines that moved because a number before them
 * gained or lost a digit. What cannot be found so is learned anew: a value is found under its own key, or it
 * is absent.
 *
 * A key that was missing is looked for again when the text ends differently: the keys of a kernel do not
 * change while it runs, but a text may have been cut short.
 */
#pragma once

#include "kernel/scan.h"

#include <stddef.h>

enum source_id {
    SOURCE_STAT,
    SOURCE_VMSTAT,
    SOURCE_MEMINFO,
    SOURCE_PRESSURE_CPU,
    SOURCE_PRESSURE_MEMORY,
    SOURCE_PRESSURE_IO,
    SOURCE_PRESSURE_IRQ,
    SOURCE_LOADAVG,
    SOURCE_MEMORY_EVENTS, /* of a cgroup: see cgroup.h */
    SOURCE_COUNT,
};

struct source;

const char *source_name(enum source_id id); /* "vmstat" */
const char *source_path(enum source_id id); /* "vmstat", "pressure/memory": below /proc */

/* Without opening anything: 0 where the format could have a value of this name, else -ENOENT or
 * -ENAMETOOLONG. */
int source_knows(enum source_id id, const char *name);

/*
 * Tells of every value that the file has now, below the directory PROC_FD: the keys of this very kernel. A
 * key that is longer than source_want() takes is left out. What TELL returns other than 0 ends it and is
 * returned; else 0 or a negative errno.
 */
int source_each_name(enum source_id id, int proc_fd, int (*tell)(void *context, const char *name),
                     void *context);

/* A source that wants nothing yet and is not open. NULL without memory. Free with source_free(). */
struct source *source_new(enum source_id id);
void source_free(struct source *source);

/* Asks for the value NAME. Returns its place in the values of every later read, or a negative errno. */
int source_want(struct source *source, const char *name);

/* How many values a read gives: some more than were asked for, as lines are read whole. */
size_t source_value_count(const struct source *source);

/* Opens the file below the directory PROC_FD and reads it once. Returns 0 or a negative errno (no PSI:
 * ENOENT, EOPNOTSUPP). */
int source_open(struct source *source, int proc_fd);

/* Reads the file. Fills VALUES[source_value_count()]; all are absent where that fails. Returns 0 or a
 * negative errno. */
int source_read(struct source *source, struct value *values);

/* source_read() on bytes that are at hand: for tests, fuzzing, and what else has the text of such a file. */
void source_parse(struct source *source, const char *bytes, size_t length, struct value *values);
