/* Keeping page faults of our own out of the steady state. */
#pragma once

#include <stddef.h>

/* Memory, each page of it touched by now: none of its page faults comes later. It holds anything. NULL
 * without memory. Free with free(). */
void *memory_new(size_t size);

/* The same of memory that is there. */
void memory_touch(void *memory, size_t size);

/*
 * Locks what the program has mapped so far into memory: its code, constants, data, heap and stack. No later
 * row is then the first to touch a page, and a machine short of memory does not evict the program that should
 * say so. What stands apart of it by guests.ld is locked as soon as it is used. Returns 0, or a negative
 * errno where that is refused (RLIMIT_MEMLOCK): then at least the stack is touched.
 */
int memory_settle(void);
