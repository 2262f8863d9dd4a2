/*
 * sleepers COUNT: so many processes that sleep. Prints "ready" when all of them are there, and ends them when
 * its standard input ends, or with itself.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static pid_t start_one(pid_t parent)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    /* Its parent may have ended before it asked to end with it. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(1);
    for (;;)
        pause();
}

static void end_all(const pid_t *pids, size_t count)
{
    for (size_t i = 0; i < count; i++)
        kill(pids[i], SIGKILL);
    for (size_t i = 0; i < count; i++)
        waitpid(pids[i], NULL, 0);
}

static void wait_for_end(void)
{
    char byte;

    while (read(STDIN_FILENO, &byte, 1) > 0)
        ;
}

int main(int argc, char **argv)
{
    size_t wanted = argc == 2 ? strtoul(argv[1], NULL, 10) : 0;
    pid_t *pids = calloc(wanted + 1, sizeof(*pids));
    size_t count = 0;

    if (wanted == 0 || !pids) {
        (void)fputs("Usage: sleepers COUNT\n", stderr);
        free(pids);
        return 2;
    }
    while (count < wanted && (pids[count] = start_one(getpid())) > 0)
        count++;
    if (count == wanted) {
        puts("ready");
        (void)fflush(stdout);
        wait_for_end();
    } else {
        perror("sleepers");
    }
    end_all(pids, count);
    free(pids);
    return count == wanted ? EXIT_SUCCESS : EXIT_FAILURE;
}
