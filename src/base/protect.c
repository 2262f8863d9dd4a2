#include "base/protect.h"

#include "base/memory.h"
#include "base/problem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static const char score_path[] = "/proc/self/oom_score_adj";
static const char protected_score[] = "-999";
enum { HURRIED_NICE = -20 };

/* It is the process that has it, and so there is one. */
static char given_score[16];
static bool lowered;
static int given_nice;
static bool hurried;
static bool locks_ahead; /* what will be mapped */
static struct rlimit given_limit;
static bool unlimited;

static void say(const char *what, int error, const char *mend)
{
    struct problem problem = {0};
    problem_set(&problem, 0, "%s: %s: it goes on without: %s", what, strerror(error), mend);
    problem_print(&problem);
}

static int read_score(void)
{
    int fd = open(score_path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    ssize_t got = read(fd, given_score, sizeof(given_score) - 1);
    int error = got < 0 ? -errno : 0;
    close(fd);
    if (error == 0)
        given_score[strcspn(given_score, "\n")] = '\0';
    return error;
}

static int write_score(const char *score)
{
    int fd = open(score_path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return -errno;
    int error = write(fd, score, strlen(score)) < 0 ? -errno : 0;
    close(fd);
    return error;
}

int protect_from_oom_killer(void)
{
    int error = read_score();
    if (error == 0)
        error = write_score(protected_score);
    lowered = error == 0;
    return error;
}

/* A machine that thrashes has more that want to run than it has CPUs: who is one of many waits for half a
 * second in the middle of reading a second's processes. Refused, it is told nowhere: it watches all the same.
 */
static void hurry(void)
{
    errno = 0;
    given_nice = getpriority(PRIO_PROCESS, 0);
    hurried = errno == 0 && setpriority(PRIO_PROCESS, 0, HURRIED_NICE) == 0;
}

void protect_self(void)
{
    int error = memory_settle();
    if (error == 0 && mlockall(MCL_FUTURE) < 0)
        error = -errno;
    locks_ahead = error == 0;
    if (error < 0)
        say("locking memory", -error, "raise the limit (ulimit -l), or grant CAP_IPC_LOCK");
    error = protect_from_oom_killer();
    if (error < 0)
        say(score_path, -error, "grant CAP_SYS_RESOURCE, which root has not everywhere");
    hurry();
}

/* An allocation beyond the limit, often of 8 MiB, would fail. */
void protect_outlive_root(void)
{
    const struct rlimit without_end = {RLIM_INFINITY, RLIM_INFINITY};

    if (!locks_ahead)
        return;
    unlimited = getrlimit(RLIMIT_MEMLOCK, &given_limit) == 0 && setrlimit(RLIMIT_MEMLOCK, &without_end) == 0;
    if (!unlimited)
        (void)mlockall(MCL_CURRENT | MCL_ONFAULT);
}

void protect_give_back(void)
{
    if (lowered) {
        /* Of who has changed its user the file is root's; the child's memory is another one in a moment. */
        (void)prctl(PR_SET_DUMPABLE, 1);
        write_score(given_score);
    }
    if (unlimited)
        setrlimit(RLIMIT_MEMLOCK, &given_limit);
    if (hurried)
        setpriority(PRIO_PROCESS, 0, given_nice);
}
