/*
 * The process between faultline and a job. It starts the job's command, is who inherits the processes that
 * leave their parents (PR_SET_CHILD_SUBREAPER, since 3.4), waits for them, and ends what is left: at the end
 * of the job, and at once where faultline itself is killed.
 *
 *     keeper_start; the command waits, so that what counts it can be put in place; keeper_release; then
 * notes, up to KEEPER_DONE; keeper_close
 *
 * The command stays in faultline's own process group, so that the terminal, and whoever signals the group,
 * reach it as if it had been started without faultline. The keeper is in one of its own. Where the command
 * stops, the keeper stops faultline, for the shell to see, and continues it when the command goes on.
 */
#pragma once

#include "kernel/cgroup_job.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/resource.h>
#include <sys/types.h>

enum {
    KEEPER_COMM_MAX = 64,
    KEEPER_GRACE_SECONDS = 2, /* between the SIGTERM and the SIGKILL to what the command left behind */
};

struct keeper_settings {
    char *const *command; /* terminated; the first is looked for in PATH */
    const sigset_t *mask; /* the signals that are blocked for the job */
    struct cgroup_job
        *cgroup; /* of the job's own, or NULL: what is in it is ended, and it is removed at last */
    bool waits;  /* until all processes have ended, not the command alone */
};

struct keeper {
    pid_t pid;     /* its own */
    pid_t command; /* that of the command */
    int fd;        /* to be waited for with EPOLLIN */

    /* its own */
    int gate_fd;
    int exec_fd;
};

#define KEEPER_CLOSED                                                                                        \
    {                                                                                                        \
        .fd = -1, .gate_fd = -1, .exec_fd = -1                                                               \
    }

/* Starts the keeper, which starts the command. All signals have to be blocked. Returns 0 or a negative errno;
 * nothing is left then. */
int keeper_start(struct keeper *keeper, const struct keeper_settings *settings);

/*
 * Lets the command begin; returns when it has become itself. *BEFORE is what its process had used up before,
 * as a fork of faultline. Returns 0, or the negative errno of execve(2): -ENOENT, -EACCES; KEEPER_DONE comes
 * all the same.
 */
int keeper_release(struct keeper *keeper, struct rusage *before);

enum keeper_note_kind {
    KEEPER_STARTED, /* for keeper_start() alone */
    KEEPER_ENDED,   /* the command: STATUS */
    KEEPER_ORPHAN,  /* a process that had left its parent was ended by a signal: STATUS */
    KEEPER_DONE,    /* nothing is left: USAGE */
};

struct keeper_note {
    enum keeper_note_kind kind;
    pid_t pid;
    int status;                 /* as of waitpid(2) */
    char comm[KEEPER_COMM_MAX]; /* any bytes, terminated */
    struct rusage usage;        /* of all that were waited for, by the keeper or within the job */
    unsigned ended_by_us;       /* processes that the command left behind, and that were told to end */
    unsigned left;              /* that could not be ended: somebody else's, or still in the kernel */
};

/* Takes the next note. Returns 1, 0 where there is none yet, or -EPIPE where the keeper has gone. */
int keeper_read(struct keeper *keeper, struct keeper_note *note);

/* Sends SIGNAL to the command, unless it has ended. */
void keeper_signal(struct keeper *keeper, int signal);

/* What the command has left is ended, though it should be waited for. */
void keeper_finish(struct keeper *keeper);

/* Waits until the keeper has removed the job's cgroup and gone. One that is not done by now ends the job. Of
 * a closed one nothing becomes. */
void keeper_close(struct keeper *keeper);

/* Ends all processes below ROOT, but for EXCEPT: they are stopped first, so that none of them forks, and
 * killed again and again. Returns whether none is left. Those that ROOT is the parent of are to be waited
 * for. */
bool keeper_kill_below(pid_t root, pid_t except);
