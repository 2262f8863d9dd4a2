/*
 * cold_faults FILE TOUCHES [PASSES]: makes FILE, drops it from the page cache, maps it and touches every
 * fourth page; all that so many times, but for the making: once where PASSES is not given. Each touch is one
 * major fault. Prints how many the kernel counted for this process.
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

static int make_file(const char *path, size_t bytes)
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
    if (fsync(fd) < 0)
        die(path);
    return fd;
}

/* What is mapped stays in the page cache. */
static void make_cold(int fd, void *map, size_t bytes)
{
    if (madvise(map, bytes, MADV_DONTNEED) < 0 || posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED) != 0)
        die("madvise");
}

static void touch(volatile const char *map, size_t touches, size_t stride)
{
    for (size_t i = 0; i < touches; i++)
        (void)map[i * stride];
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
    if (argc < 3 || argc > 4) {
        (void)fprintf(stderr, "usage: cold_faults FILE TOUCHES [PASSES]\n");
        return 2;
    }
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t touches = strtoul(argv[2], NULL, 10);
    unsigned long passes = argc > 3 ? strtoul(argv[3], NULL, 10) : 1;
    size_t bytes = touches * STRIDE_PAGES * page;
    int fd = make_file(argv[1], bytes);
    void *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED || madvise(map, bytes, MADV_RANDOM) < 0)
        die("mmap");

    long before = major_faults();
    for (unsigned long pass = 0; pass < passes; pass++) {
        make_cold(fd, map, bytes);
        touch(map, touches, STRIDE_PAGES * page);
    }
    printf("%ld\n", major_faults() - before);
    return 0;
}
