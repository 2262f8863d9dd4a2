/* spawns COUNT: starts so many processes, one after the other, each of which ends at once. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char *const nothing[] = {argv[0], NULL};
    char *const environment[] = {NULL};

    for (long left = argc > 1 ? strtol(argv[1], NULL, 10) : 0; left > 0; left--) {
        pid_t child;
        if (posix_spawn(&child, "/proc/self/exe", NULL, NULL, nothing, environment) != 0 ||
            waitpid(child, NULL, 0) != child) {
            perror("spawns");
            return 1;
        }
    }
    return 0;
}
