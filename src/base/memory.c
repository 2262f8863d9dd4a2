#include "base/memory.h"

#include "base/file.h"

#include <elf.h>
#include <errno.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
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

/* -- what is locked -- */

/* Of the linker: the program's own head, and by guests.ld, where it was linked with that, what stands apart.
 */
extern const ElfW(Ehdr) __ehdr_start __attribute__((weak, visibility("hidden")));
extern const char guest_code_begin[] __attribute__((weak, visibility("hidden")));
extern const char guest_code_end[] __attribute__((weak, visibility("hidden")));
extern const char guest_constants_begin[] __attribute__((weak, visibility("hidden")));

struct range {
    const char *begin;
    const char *end;
};

static bool has(struct range range, const char *place)
{
    return place >= range.begin && place < range.end;
}

static int lock_range(const char *begin, const char *end)
{
    return mlock(begin, (size_t)(end - begin)) < 0 ? -errno : 0;
}

/* Behind the constants of guests stands what debuggers read alone. */
static int lock_segment(struct range segment)
{
    if (has(segment, guest_constants_begin))
        return lock_range(segment.begin, guest_constants_begin);
    if (!has(segment, guest_code_begin))
        return lock_range(segment.begin, segment.end);
    int error = lock_range(segment.begin, guest_code_begin);
    return error < 0 ? error : lock_range(guest_code_end, segment.end);
}

static int lock_segments(void)
{
    const char *base = (const char *)&__ehdr_start;
    const ElfW(Phdr) *headers = (const void *)(base + __ehdr_start.e_phoff);
    int error = 0;

    for (size_t i = 0; error == 0 && i < __ehdr_start.e_phnum; i++) {
        const char *begin = base + headers[i].p_vaddr;
        if (headers[i].p_type == PT_LOAD)
            error = lock_segment((struct range){begin, begin + headers[i].p_memsz});
    }
    return error;
}

/* "55d0c8e00000-55d0c8e21000 rw-p 00000000 00:00 0    [heap]" (fs/proc/task_mmu.c): what no file is behind,
 * whose inode is 0. What is the kernel's own in it cannot be locked. */
static void lock_anonymous(const char *line)
{
    enum { FIELDS_BEFORE_INODE = 3 };
    char *at;
    uintptr_t begin = strtoul(line, &at, 16);
    uintptr_t end = *at == '-' ? strtoul(at + 1, &at, 16) : 0;

    for (int i = 0; i < FIELDS_BEFORE_INODE; i++) {
        at += strspn(at, " ");
        at += strcspn(at, " ");
    }
    if (begin < end && strtoul(at, NULL, 10) == 0)
        (void)mlock((const void *)begin, end - begin); // NOLINT(performance-no-int-to-ptr)
}

/* Heap, stack and the memory of threads. */
static int lock_memory(void)
{
    char *maps;
    int error = file_read_whole("/proc/self/maps", &maps);

    if (error < 0)
        return error;
    char *rest = maps;
    for (char *line = strsep(&rest, "\n"); line; line = strsep(&rest, "\n"))
        lock_anonymous(line);
    free(maps);
    return 0;
}

/* MCL_ONFAULT is there since 4.4. */
static int lock_own(void)
{
    if (mlockall(MCL_CURRENT | MCL_ONFAULT) < 0)
        return -errno;
    int error = lock_segments();
    return error < 0 ? error : lock_memory();
}

static int lock_all(void)
{
    return mlockall(MCL_CURRENT) < 0 ? -errno : 0;
}

int memory_settle(void)
{
    bool stands_apart = &__ehdr_start && guest_code_begin;
    int error = stands_apart ? lock_own() : lock_all();

    if (stands_apart && error < 0)
        error = lock_all();
    touch_stack();
    return error;
}
