/* A run of `faultline run`, from its beginning to its summary; what its files share. */
#pragma once

#include "base/loop.h"
#include "base/problem.h"
#include "base/text.h"
#include "base/ticker.h"
#include "commands/run/settings.h"
#include "job/account.h"
#include "job/keeper.h"
#include "job/machine.h"
#include "job/progress.h"
#include "job/relay.h"
#include "job/suspects.h"
#include "kernel/cgroup_job.h"
#include "kernel/perf_inherit.h"
#include "kernel/process_deaths.h"
#include "metric/fault_tally.h"
#include "watch/oom_watch.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

enum { NOTE_MAX = 64 + PROBLEM_TEXT_MAX }; /* what, and a problem's text, whose end is how to mend it */

struct run {
    struct run_settings settings;
    sigset_t mask; /* as faultline was started with */
    int output_fd;
    pid_t recording;

    struct loop loop;
    struct relay relay;
    struct keeper keeper;
    struct loop_source notes;
    struct loop_source look_timer;
    struct ticker every;

    struct cgroup_job cgroup;
    bool has_cgroup;
    struct perf_inherit perf;
    struct process_deaths *deaths_source;
    struct loop_source deaths_ready;
    struct oom_watch *oom_watch;
    char oom_folder[64];
    struct fault_tally tally;
    struct loop_source faults_ready;

    struct footprint footprint;
    struct job_machine machine;
    struct job_deaths deaths;
    struct suspects suspects;
    struct job_account account;
    struct job_instant first;
    struct job_instant last;  /* when the last row was printed */
    struct rusage before;     /* of the command's process before it began */
    struct keeper_note ended; /* the last note of the keeper */
    uint64_t began_ns;
    uint64_t ended_ns; /* when its last process had */
    char left_out[JOB_LEFT_OUT_MAX][NOTE_MAX];
    uint64_t rows_untaken; /* that nobody read in time */
    int error;
};

/* -- run.c -- */

/* What could not be told, for the summary: "who sends signals: ...". */
void run_leave_out(struct run *run, const char *what, const char *why);

/* Where the summary and the rows go. While the job runs nobody is waited for: false where it is not taken. At
 * its end whoever reads slowly is, until a signal asks for the end. */
bool run_put_now(struct run *run, const struct text *text);
void run_put(struct run *run, const struct text *text);

/* The job's own cgroup, or NULL. */
const struct cgroup_job *run_cgroup(const struct run *run);

/* What is known of the job now. */
void run_take_instant(const struct run *run, struct job_instant *instant);

/* -- beginning.c -- */

/* Opens all that counts the job, and starts its keeper; the command waits to be released. Returns 0, or a
 * negative errno with *PROBLEM set where it has a story. */
int run_begin(struct run *run, struct problem *problem);

/* -- meanwhile.c -- */

/* OOM kills are told of from here on, within the loop. As oom_watch_open(). */
int run_watch_oom_kills(struct run *run, struct problem *problem);

/* What else happens is taken in within the loop: the keeper's notes, signals, processes that end, faults,
 * looks at its memory; rows. Returns 0 or a negative errno. */
int run_watch(struct run *run);
int run_start_rows(struct run *run);

/* Takes in the processes that have ended by now. */
void run_take_deaths(struct run *run);

/* -- summary.c -- */

/* At the end of the job: makes its account, and prints its summary. Returns 0 or a negative errno. */
int run_summarize(struct run *run);
