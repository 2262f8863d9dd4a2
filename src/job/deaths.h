/*
 * What ended a job's processes, when they did not end by themselves: what the kernel's OOM killer says, what
 * the program on the tree of processes says (kernel/process_deaths.h), and what waiting for them gives, put
 * together by their pids.
 */
#pragma once

#include "base/text.h"
#include "kernel/file_system.h"
#include "kernel/oom_kill.h"
#include "kernel/process.h"
#include "kernel/process_deaths.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { JOB_DEATHS_MAX = 32 };

enum death_cause {
    DEATH_BY_SIGNAL, /* nothing else is known of it */
    DEATH_BY_ITSELF, /* it sent the signal, or its own fault was the cause: abort(3), a bad address */
    DEATH_BY_PROCESS,
    DEATH_BY_KERNEL,   /* SIGKILL, and not for want of memory: a limit of processor time, for one */
    DEATH_BY_SOMEBODY, /* SIGKILL, which no process of the job is known to have sent, and the kernel neither
                        */
    DEATH_BY_FULL_FILE_SYSTEM,
    DEATH_BY_OWN_LIMIT, /* from here on the OOM killer's: the limit of the job's own cgroup */
    DEATH_BY_LIMIT_ABOVE,
    DEATH_BY_MACHINE, /* it was out of memory as a whole */
    DEATH_BY_NODES,   /* of a cpuset or a memory policy */
    DEATH_BY_OOM,     /* the kernel does not say which */
};

/* Who tells of a death, each once. */
enum death_teller { TOLD_BY_OOM_KILLER, TOLD_BY_END, TOLD_BY_STATUS, DEATH_TELLERS };

struct job_death {
    pid_t pid;
    bool told[DEATH_TELLERS]; /* one that is told again is another's, as pids are used again */
    char comm[OOM_COMM_MAX];  /* any bytes, terminated */
    int signal;
    bool core;
    bool probably; /* the cause is concluded from what else happened */
    enum death_cause cause;

    /* of the OOM killer's */
    struct value rss_bytes;
    struct value limit_bytes;
    char limit_cgroup[OOM_CGROUP_MAX]; /* "": not known */

    /* of a process's signal */
    pid_t sender; /* 0: not known */
    uint64_t sender_uid;
    bool sender_inside; /* it is of the job itself */
    char sender_comm[PROCESS_COMM_MAX];

    /* of SIGBUS */
    bool behind_end; /* of the file, which was cut short after it had been mapped, as a rule */
    char file[FILE_SYSTEM_PATH_MAX]; /* that it was on; "": not known */
    struct file_system full;         /* of DEATH_BY_FULL_FILE_SYSTEM */
};

/* Start from one that is zeroed but for what is not its own. */
struct job_deaths {
    const char *cgroup; /* of the job's own, as the kernel's log calls it; NULL: none */
    pid_t command;
    pid_t keeper;      /* whose signals end what the command left behind: they are not told */
    bool sees_senders; /* process_deaths is there */

    struct job_death list[JOB_DEATHS_MAX];
    size_t count;
    uint64_t beyond;    /* that there was no room for: at least so many */
    uint64_t oom_kills; /* of the job, those without a name among them */
    uint64_t unnamed;   /* of them */
    uint64_t suspected; /* may have been of the job; not among them */

    /* its own */
    uint64_t beyond_of[DEATH_TELLERS];
};

/*
 * The OOM killer took a process of the job. Returns the death, or NULL where there is no room. Where that is
 * short, its victims and the command come before others.
 */
const struct job_death *job_deaths_add_kill(struct job_deaths *deaths, const struct oom_kill *kill);
void job_deaths_add_unnamed_kills(struct job_deaths *deaths, uint64_t kills);

/* It took somebody on this machine, who may have been of the job: one that was ended by SIGKILL then, and
 * nobody knows why, probably was. */
void job_deaths_add_suspected_kills(struct job_deaths *deaths, uint64_t kills);

/* What the program in the kernel tells of; SENDER_INSIDE: its sender is of the job. */
void job_deaths_add_end(struct job_deaths *deaths, const struct process_death *end, bool sender_inside);

/* What waiting for it gave; FULL: the file system that is full at that time, or NULL. Of one that ended by
 * itself, with a status, nothing becomes. */
void job_deaths_add_status(struct job_deaths *deaths, pid_t pid, const char *comm, int status,
                           const struct file_system *full);

/* When all has been told: what is still open is decided, and they are put in the order of their weight. */
void job_deaths_settle(struct job_deaths *deaths);

bool job_death_is_oom(const struct job_death *death);

/* That of the command; NULL where it ended by itself. */
const struct job_death *job_deaths_of_command(const struct job_deaths *deaths);

/* "python3[4250] 912M resident, by the kernel, at the job's own limit of 1.0G". */
void job_death_put(struct text *text, const struct job_death *death, const struct job_deaths *deaths);

/* Whose limit a cgroup's is, by the way that batch systems and containers name theirs: "Slurm", "Kubernetes";
 * NULL. */
const char *job_limit_owner(const char *cgroup);
