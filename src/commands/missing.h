/* What a run asked for and the kernel does not give, said once at the start. */
#pragma once

#include "metric/series.h"
#include "render/columns.h"

/* Says that what comes from FILE below PROC_PATH is absent, and WHY. */
void missing_note(const char *proc_path, const char *file, const char *why);

/* Goes through the sources of a series that has been started, and the columns that name the kernel's own
 * keys. What a kernel may lack goes without saying; what it has and does not give, or has under no such name,
 * does not. */
void missing_note_all(const struct series *series, const struct columns *columns, const char *proc_path);
