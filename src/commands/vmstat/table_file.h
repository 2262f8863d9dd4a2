/* A file of /proc that holds a table, and is read at every turn: opened, and its lines that are not
 * understood. */
#pragma once

#include "base/problem.h"
#include "kernel/proc_file.h"
#include "kernel/span.h"

struct table_file {
    struct proc_file file;
    const char *proc_path;
    const char *name;
    struct problem *problem;
    bool told; /* that a line was left out */
};

/* Returns 0 or a negative errno with *PROBLEM set, as reading does later; MEND is what helps where it may not
 * be read. */
int table_file_open(struct table_file *table, const char *proc_path, const char *name, const char *mend,
                    struct problem *problem);
void table_file_close(struct table_file *table);

/* Reads it as it is now. */
int table_file_read(struct table_file *table, struct span *text);

/* Says, once, that a line was not understood. */
void table_file_left_out(struct table_file *table);
