#include "base/memory.h"

#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum {
    STACK_BYTES = 64 * 1024, /* several times what the deepest call needs */
    PAGE_MIN = 4096,         /* on every architecture */
};

void memory_touch(void *memory, size_t size)
{
    volatile char *byte = memory;

    for (size_t at = 0; at < size; at += PAGE_MIN)
        byte[at] = 0;
    if (size > 0)
        byte[size - 1] = 0;
}

void *memory_new(size_t size)
{
    void *memory = malloc(size);

    if (memory)
        memory_touch(memory, size);
    return memory;
}

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
