/*
 * job WHAT...: what a job may do, at a known cost.
 *
 *     sleep SECONDS COMMAND...     runs it after a while
 *     orphan COMMAND...            leaves it to whoever inherits it, in a session of its own
 *     forget COMMAND...            runs it, ignores SIGCHLD, and waits for nobody until it has ended
 *     anon MIB SECONDS             takes memory, page by page, and keeps it for a while
 *     churn MIB PASSES             takes memory, and writes to each page of it so many times
 *     read FILE MIB PASSES         reads each page of a mapped file so many times, one by one
 *     fill FILE MIB                makes a file of that size, and writes all of it through a mapping
 *     cut FILE                     reads a mapped file behind the end that it has then
 *     allocate MIB                 malloc(3): status 3 where that fails
 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MIB = 1 << 20, PAGE = 4096, STATUS_NO_MEMORY = 3 };

static void die(const char *what)
{
    perror(what);
    exit(1);
}

static void become(char **command)
{
    execvp(command[0], command);
    die(command[0]);
}

static void wait_and_become(char **words)
{
    usleep((useconds_t)(strtod(words[0], NULL) * 1e6));
    become(words + 1);
}

static void leave_orphan(char **command)
{
    if (fork() != 0)
        return;
    setsid();
    if (fork() == 0)
        become(command);
}

/* Its pipe is closed when the last of them has it closed. */
static void forget(char **command)
{
    int ends[2];
    char byte;

    (void)signal(SIGCHLD, SIG_IGN);
    if (pipe(ends) < 0)
        die("pipe");
    if (fork() == 0) {
        (void)signal(SIGCHLD, SIG_DFL);
        close(ends[0]);
        become(command);
    }
    close(ends[1]);
    while (read(ends[0], &byte, 1) < 0 && errno == EINTR) {
    }
}

static void take_memory(char **words)
{
    size_t bytes = strtoul(words[0], NULL, 10) * MIB;
    char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        die("mmap");
    memset(memory, 1, bytes);
    usleep((useconds_t)(strtod(words[1], NULL) * 1e6));
}

static void churn(char **words)
{
    size_t bytes = strtoul(words[0], NULL, 10) * MIB;
    volatile char *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (memory == MAP_FAILED)
        die("mmap");
    for (unsigned long passes = strtoul(words[1], NULL, 10); passes > 0; passes--) {
        for (size_t i = 0; i < bytes; i += PAGE)
            memory[i]++;
    }
}

static char *map_file(const char *path, size_t bytes)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);

    if (fd < 0 || ftruncate(fd, (off_t)bytes) < 0)
        die(path);
    char *map = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (map == MAP_FAILED)
        die("mmap");
    return map;
}

static void read_pages(char **words)
{
    size_t bytes = strtoul(words[1], NULL, 10) * MIB;
    volatile char *map = map_file(words[0], bytes);

    if (madvise((char *)map, bytes, MADV_RANDOM) < 0)
        die("madvise");
    for (unsigned long passes = strtoul(words[2], NULL, 10); passes > 0; passes--) {
        for (size_t i = 0; i < bytes; i += PAGE)
            (void)map[i];
    }
}

static void fill(char **words)
{
    size_t bytes = strtoul(words[1], NULL, 10) * MIB;
    char *map = map_file(words[0], bytes);

    for (size_t i = 0; i < bytes; i += PAGE)
        map[i] = 1;
}

static void cut(char **words)
{
    const volatile char *map = map_file(words[0], MIB);

    if (truncate(words[0], 0) < 0)
        die(words[0]);
    exit(map[PAGE]);
}

static void allocate(char **words)
{
    void *volatile memory = malloc(strtoul(words[0], NULL, 10) * MIB);

    if (!memory)
        exit(STATUS_NO_MEMORY);
    free(memory);
}

static const struct {
    const char *name;
    int words; /* at least */
    void (*run)(char **words);
} works[] = {
    {"sleep", 2, wait_and_become}, {"orphan", 1, leave_orphan}, {"forget", 1, forget},
    {"anon", 2, take_memory},      {"fill", 2, fill},           {"cut", 1, cut},
    {"allocate", 1, allocate},     {"churn", 2, churn},         {"read", 3, read_pages},
};

int main(int argc, char **argv)
{
    for (size_t i = 0; argc > 1 && i < sizeof(works) / sizeof(*works); i++) {
        if (strcmp(argv[1], works[i].name) != 0 || argc < 2 + works[i].words)
            continue;
        works[i].run(argv + 2);
        return 0;
    }
    (void)fprintf(stderr, "job: see the head of its source\n");
    return 2;
}
