/* ping_pong SECONDS: two threads that wake each other through pipes as fast as they can: a storm of context
 * switches. */
#include <pthread.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static int there[2];
static int back[2];

static void *answer(void *unused)
{
    char byte;
    (void)unused;
    while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1)
        ;
    return NULL;
}

int main(int argc, char **argv)
{
    double seconds = argc > 1 ? strtod(argv[1], NULL) : 1;
    pthread_t thread;
    char byte = 0;

    if (pipe(there) < 0 || pipe(back) < 0 || pthread_create(&thread, NULL, answer, NULL) != 0)
        return 1;
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    for (;;) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        if ((double)(now.tv_sec - start.tv_sec) + (double)(now.tv_nsec - start.tv_nsec) / 1e9 > seconds)
            return 0;
        if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
            return 1;
    }
}
