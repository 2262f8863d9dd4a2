/*
 * sleepers COUNT [FAULTING]: so many processes that sleep, FAULTING of which take some thousand minor faults
 * a second in between. Prints "ready" when all of them are there, and ends them when its standard input ends,
 * or with itself.
 */
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

static void fault(void)
{
    enum { PAGES = 16, PAUSE_US = 10000 };
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *memory = mmap(NULL, PAGES * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    while (memory != MAP_FAILED) {
        for (size_t i = 0; i < PAGES; i++)
            memory[i * page] = 1;
        madvise(memory, PAGES * page, MADV_DONTNEED);
        usleep(PAUSE_US);
    }
}

static pid_t start_one(pid_t parent, bool faulting)
{
    pid_t pid = fork();

    if (pid != 0)
        return pid;
    /* Its parent may have ended before it asked to end with it. */
    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || getppid() != parent)
        _exit(1);
    if (faulting)
        fault();
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
    size_t wanted = argc >= 2 ? strtoul(argv[1], NULL, 10) : 0;
    size_t faulting = argc == 3 ? strtoul(argv[2], NULL, 10) : 0;
    pid_t *pids = calloc(wanted + 1, sizeof(*pids));
    size_t count = 0;

    if (wanted == 0 || !pids) {
        (void)fputs("Usage: sleepers COUNT [FAULTING]\n", stderr);
        free(pids);
        return 2;
    }
    while (count < wanted && (pids[count] = start_one(getpid(), count < faulting)) > 0)
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
