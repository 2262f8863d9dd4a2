#include "base/memory.h"

#include <stddef.h>
#include <sys/mman.h>
#include <unistd.h>

enum { STACK_BYTES = 64 * 1024 }; /* several times what the deepest call needs */

static void touch_stack(void)
{
    volatile char stack[STACK_BYTES];
    size_t page = (size_t)sysconf(_SC_PAGESIZE);

    for (size_t at = 0; at < sizeof(stack); at += page)
        stack[at] = 0;
}

void memory_settle(void)
{
    if (mlockall(MCL_CURRENT) < 0)
        touch_stack();
}
