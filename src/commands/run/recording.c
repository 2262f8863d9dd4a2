#include "commands/run/recording.h"

#include "base/signals.h"
#include "commands/commands.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* In a process group of its own, as Ctrl-C is for the job, and what comes then should be recorded, too. */
static _Noreturn void become_record(const char *path, pid_t parent, const sigset_t *mask)
{
    char *words[] = {"record", "-f", (char *)path, NULL};

    prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (getppid() != parent)
        exit(EXIT_FAILURE);
    setpgid(0, 0);
    sigset_t own = *mask;
    sigdelset(&own, SIGTERM); /* which ends it, whoever ignores it */
    (void)signal(SIGTERM, SIG_DFL);
    sigprocmask(SIG_SETMASK, &own, NULL);
    exit(command_record(3, words));
}

pid_t recording_start(const char *path, const sigset_t *mask)
{
    pid_t parent = getpid();
    pid_t pid = fork();

    if (pid == 0)
        become_record(path, parent, mask);
    return pid < 0 ? -errno : pid;
}

void recording_end(pid_t pid)
{
    if (pid <= 0)
        return;
    kill(pid, SIGTERM);
    (void)waitpid(pid, NULL, 0);
}
