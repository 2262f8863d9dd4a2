/*
 * minor_storm FAULTS: a program that takes so many minor page faults, on memory that it gives back again and
 * again, with 0 one that takes none, but counts. Prints the CPU time of that in nanoseconds, and how many
 * faults the kernel counted.
 */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { PAGES = 8192, COUNTS = 100000000 };

static uint64_t cpu_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static long minor_faults(void)
{
    struct rusage usage;

    (void)getrusage(RUSAGE_SELF, &usage);
    return usage.ru_minflt;
}

/* Reads, so that each finds the page of zeroes: no page is allocated, and there is no cheaper fault. */
static void touch(volatile const char *memory, size_t pages, size_t page_size)
{
    for (size_t i = 0; i < pages; i++)
        (void)memory[i * page_size];
}

static void storm(size_t faults)
{
    size_t page_size = (size_t)sysconf(_SC_PAGESIZE);
    void *memory = mmap(NULL, PAGES * page_size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED || madvise(memory, PAGES * page_size, MADV_NOHUGEPAGE) < 0)
        exit(1);
    for (size_t done = 0; done < faults; done += PAGES) {
        touch(memory, PAGES, page_size);
        (void)madvise(memory, PAGES * page_size, MADV_DONTNEED);
    }
}

static void count(void)
{
    for (volatile unsigned i = 0; i < COUNTS; i++) {
    }
}

int main(int argc, char **argv)
{
    size_t faults = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    long before = minor_faults();
    uint64_t begin_ns = cpu_ns();

    if (faults > 0)
        storm(faults);
    else
        count();
    printf("%" PRIu64 " %ld\n", cpu_ns() - begin_ns, minor_faults() - before);
    return 0;
}
