/* Keeping page faults of our own out of the steady state. */
#pragma once

/*
 * Touches the program's code and the stack that it will need, so that no later row is the first to do so.
 * Where the kernel does not know how to (MADV_POPULATE_READ, before 5.14), code is faulted in as it is first
 * run: a few minor faults more.
 */
void memory_touch(void);
