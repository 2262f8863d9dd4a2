/*
 * cold_faults FILE TOUCHES: makes FILE, drops it from the page cache, maps it and touches every fourth page.
 * Each touch is one major fault. Prints how many the kernel counted for this process.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

enum { STRIDE_PAGES = 4, CHUNK_BYTES = 1 << 20 };

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static int make_cold_file(const char *path, size_t bytes)
{
    static char chunk[CHUNK_BYTES];
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0)
        die(path);
    memset(chunk, 'x', sizeof(chunk));
    for (size_t done = 0; done < bytes; done += sizeof(chunk)) {
        if (write(fd, chunk, sizeof(chunk)) != sizeof(chunk))
            die(path);
    }
    if (fsync(fd) < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
        die(path);
    return fd;
}

static long major_faults(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) < 0)
        die("getrusage");
    return usage.ru_majflt;
}

int main(int argc, char **argv)
{
    if (argc != 3) {
        (void)fprintf(stderr, "usage: cold_faults FILE TOUCHES\n");
        return 2;
    }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t touches = strtoul(argv[2], NULL, 10);
    size_t bytes = touches * STRIDE_PAGES * page;
    int fd = make_cold_file(argv[1], bytes);
    volatile const char *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED || madvise((void *)map, bytes, MADV_RANDOM) < 0)
        die("mmap");

    long before = major_faults();
    for (size_t i = 0; i < touches; i++)
        (void)map[i * STRIDE_PAGES * page];
    printf("%ld\n", major_faults() - before);
    return 0;
}
