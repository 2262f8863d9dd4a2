/* How a message names a process. */
#pragma once

#include "base/text.h"

/* Appends "python3[4242]". COMM's bytes stay as they are: whoever shows the message makes them harmless. */
void process_name_put(struct text *text, const char *comm, uint64_t pid);
