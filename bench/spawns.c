/* spawns COUNT: starts so many processes, one after the other, each of which ends at once. Prints how long
 * that took, in nanoseconds, and COUNT. */
#include <inttypes.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static void spawn_one(char *program)
{
    char *const words[] = {program, NULL};
    char *const environment[] = {NULL};
    pid_t child;

    if (posix_spawn(&child, "/proc/self/exe", NULL, NULL, words, environment) != 0 ||
        waitpid(child, NULL, 0) != child) {
        perror("spawns");
        exit(1);
    }
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return 0;
    long count = strtol(argv[1], NULL, 10);
    uint64_t begin_ns = now_ns();
    for (long i = 0; i < count; i++)
        spawn_one(argv[0]);
    printf("%" PRIu64 " %ld\n", now_ns() - begin_ns, count);
    return 0;
}
