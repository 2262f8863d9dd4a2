#include "base/memory.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22 /* include/uapi/asm-generic/mman-common.h */
#endif

enum { STACK_BYTES = 64 * 1024 }; /* several times what the deepest call needs */

/* Set by the linker: where the program's image and its code end. */
extern const char __executable_start[];
extern const char etext[];

static void touch_code(uintptr_t page)
{
    uintptr_t start = (uintptr_t)__executable_start & ~(page - 1);
    uintptr_t end = ((uintptr_t)etext + page - 1) & ~(page - 1);

    madvise((void *)start, end - start, MADV_POPULATE_READ);
}

static void touch_stack(uintptr_t page)
{
    volatile char stack[STACK_BYTES];

    for (size_t at = 0; at < sizeof(stack); at += page)
        stack[at] = 0;
}

void memory_settle(void)
{
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);

    if (mlockall(MCL_CURRENT) == 0)
        return;
    touch_code(page);
    touch_stack(page);
}
