/*
 * cold_faults FILE TOUCHES [THREADS [PASSES]]: makes FILE, drops it from the page cache, maps it and touches
 * every fourth page, in each of the THREADS (1); all that so many times (1), but for the making. The first
 * touch of a page is a major fault. Prints how many the kernel counted for this process; where THREADS are
 * given also the time of the touches of all threads in the last pass, and their median, in nanoseconds.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

enum { STRIDE_PAGES = 4, CHUNK_BYTES = 1 << 20, THREADS_MAX = 64 };

struct toucher {
    pthread_t thread;
    volatile const char *map;
    size_t step;
    size_t touches;
    uint64_t *took_ns; /* each touch */
};

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

static long major_faults(void)
{
    struct rusage usage;
    if (getrusage(RUSAGE_SELF, &usage) < 0)
        die("getrusage");
    return usage.ru_majflt;
}

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void *touch_all(void *argument)
{
    struct toucher *toucher = argument;

    for (size_t i = 0; i < toucher->touches; i++) {
        uint64_t begin_ns = now_ns();
        (void)toucher->map[i * toucher->step];
        toucher->took_ns[i] = now_ns() - begin_ns;
    }
    return NULL;
}

static int compare(const void *left, const void *right)
{
    uint64_t a = *(const uint64_t *)left;
    uint64_t b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

static void print_times(uint64_t *took_ns, size_t count)
{
    uint64_t total_ns = 0;

    for (size_t i = 0; i < count; i++)
        total_ns += took_ns[i];
    qsort(took_ns, count, sizeof(*took_ns), compare);
    printf("%" PRIu64 " %" PRIu64 "\n", total_ns, count > 0 ? took_ns[(count - 1) / 2] : 0);
}

static void run_all(struct toucher *touchers, size_t threads)
{
    for (size_t i = 0; i < threads; i++) {
        if (threads == 1)
            (void)touch_all(&touchers[i]);
        else if (pthread_create(&touchers[i].thread, NULL, touch_all, &touchers[i]) != 0)
            die("pthread_create");
    }
    for (size_t i = 0; threads > 1 && i < threads; i++)
        (void)pthread_join(touchers[i].thread, NULL);
}

static size_t number(int argc, char **argv, int place, size_t otherwise)
{
    return argc > place ? strtoul(argv[place], NULL, 10) : otherwise;
}

int main(int argc, char **argv)
{
    size_t touches = number(argc, argv, 2, 0);
    size_t threads = number(argc, argv, 3, 1);
    size_t passes = number(argc, argv, 4, 1);

    if (argc < 3 || argc > 5 || threads < 1 || threads > THREADS_MAX) {
        (void)fprintf(stderr, "usage: cold_faults FILE TOUCHES [THREADS [PASSES]]\n");
        return 2;
    }
    size_t step = STRIDE_PAGES * (size_t)sysconf(_SC_PAGESIZE);
    size_t bytes = touches * step;
    int fd = make_file(argv[1], bytes);
    struct toucher touchers[THREADS_MAX];
    uint64_t *took_ns = calloc(touches * threads + 1, sizeof(*took_ns));
    void *map = mmap(NULL, bytes, PROT_READ, MAP_SHARED, fd, 0);
    if (!took_ns || map == MAP_FAILED || madvise(map, bytes, MADV_RANDOM) < 0)
        die("mmap");
    memset(took_ns, 1, touches * threads * sizeof(*took_ns)); /* none of its faults comes later */
    for (size_t i = 0; i < threads; i++)
        touchers[i] = (struct toucher){0, map, step, touches, took_ns + i * touches};

    long before = major_faults();
    while (passes-- > 0) {
        make_cold(fd, map, bytes);
        run_all(touchers, threads);
    }
    printf("%ld\n", major_faults() - before);
    if (argc > 3)
        print_times(took_ns, touches * threads);
    free(took_ns);
    return 0;
}
