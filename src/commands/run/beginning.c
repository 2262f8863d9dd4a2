/* What counts a job, and is there before it begins. */
#include "base/file.h"
#include "base/memory.h"
#include "commands/run/recording.h"
#include "commands/run/run.h"
#include "kernel/bpf.h"
#include "kernel/cgroup.h"
#include "kernel/cgroup_id.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static int open_output(struct run *run, struct problem *problem)
{
    const char *path = run->settings.output;

    run->output_fd = path ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : STDERR_FILENO;
    if (run->output_fd < 0)
        return problem_set(problem, errno, "-o %s: %s", path, strerror(errno));
    return 0;
}

static int make_cgroup(struct run *run, struct problem *problem)
{
    char name[CGROUP_JOB_NAME_MAX];
    uint64_t limit_bytes = run->settings.memory_max_bytes;

    run->cgroup = cgroup_job_none();
    if (run->settings.no_cgroup)
        return 0;
    (void)snprintf(name, sizeof(name), CGROUP_JOB_PREFIX "%d", (int)getpid());
    int error = cgroup_job_make(&run->cgroup, name, problem);
    if (error < 0 && limit_bytes > 0)
        return error;
    if (error < 0) {
        run_leave_out(run, "a cgroup of its own", problem->text);
        *problem = (struct problem){0};
        return 0;
    }
    run->has_cgroup = true;
    run->account.cgroup = run->cgroup.path;
    run->deaths.cgroup = run->cgroup.path;
    error = limit_bytes > 0 ? cgroup_job_limit(&run->cgroup, limit_bytes) : 0;
    if (error < 0)
        return problem_set(problem, -error, "--memory-max: %s", strerror(-error));
    if (limit_bytes > 0)
        run->account.limit_bytes = (struct value){limit_bytes, true};
    return 0;
}

static void open_deaths(struct run *run)
{
    int error = process_deaths_open(&run->deaths_source);

    run->deaths.sees_senders = error == 0;
    if (error < 0)
        run_leave_out(run, "who sends signals", bpf_why(error));
}

static int open_trace(struct run *run, struct problem *problem)
{
    struct fault_trace_settings settings = {.pairs = FAULT_PAIRS};
    char folder[64];

    if (!run->settings.trace)
        return 0;
    if (!run->has_cgroup)
        return problem_set(problem, EPERM,
                           "--trace: it follows a cgroup of the job's own, and there is none: %s",
                           run->account.left_out_count > 0 ? run->account.left_out[0] : "--no-cgroup");
    (void)snprintf(folder, sizeof(folder), "/proc/self/fd/%d", run->cgroup.memory.fd);
    int error = cgroup_id_of(folder, &settings.cgroup);
    if (error == 0)
        error = fault_tally_open(&run->tally, &settings);
    if (error == 0)
        error = fault_tally_start(&run->tally);
    if (error < 0)
        return problem_set(problem, -error, "--trace: %s", bpf_why(error));
    return 0;
}

/* It slows system calls down, and so only where there is a limit that an allocation could fail by. */
static void open_allocations(struct run *run)
{
    struct rlimit space;
    char *word = NULL;
    bool strict = file_read_whole("/proc/sys/vm/overcommit_memory", &word) == 0 && word[0] == '2';

    free(word);
    run->account.allocations.strict = strict;
    bool limited = getrlimit(RLIMIT_AS, &space) == 0 && space.rlim_cur != RLIM_INFINITY;
    if (limited)
        run->footprint.space.limit_bytes = space.rlim_cur; /* until one is seen that is nearer to its own */
    if (!strict && !limited)
        return;
    int error = perf_inherit_open_failed_allocations(&run->perf, run->keeper.command, "/sys/kernel/tracing");
    if (error < 0)
        run_leave_out(run, "failed allocations", strerror(-error));
}

/*
 * Where a program in the kernel counts the faults of all threads as they end, perf is for rows alone: its
 * events cost short processes a few percent of their time.
 */
static void open_counters(struct run *run)
{
    bool wanted = !run->deaths_source || run->settings.every_seconds > 0;
    int error = wanted ? perf_inherit_open(&run->perf, run->keeper.command) : 0;

    if (error < 0)
        run_leave_out(run, "faults of processes that nobody waits for (perf)", strerror(-error));
    else if (run->perf.user_mode_only)
        run_leave_out(run, "faults within system calls of processes that nobody waits for",
                      "kernel.perf_event_paranoid is 2");
    if (error == 0)
        open_allocations(run);
}

static int start_keeper(struct run *run, struct problem *problem)
{
    const struct keeper_settings settings = {
        .command = run->settings.command,
        .mask = &run->mask,
        .cgroup = run->has_cgroup ? &run->cgroup : NULL,
        .waits = run->settings.waits,
    };
    int error = prctl(PR_SET_CHILD_SUBREAPER, 1) < 0 ? -errno : 0; /* for take_over() */

    if (error == 0)
        error = keeper_start(&run->keeper, &settings);
    if (error < 0)
        return problem_set(problem, -error, "run: a process cannot be started: %s", strerror(-error));
    run->deaths.keeper = run->keeper.pid;
    run->deaths.command = run->keeper.command;
    if (run->deaths_source)
        process_deaths_watch(run->deaths_source, (uint32_t)run->keeper.pid);
    error = run->has_cgroup ? cgroup_job_place(&run->cgroup, run->keeper.command) : 0;
    return error < 0 ? problem_set(problem, -error, "run: its cgroup: %s", strerror(-error)) : 0;
}

static int open_all(struct run *run, struct problem *problem)
{
    int error = open_output(run, problem);
    if (error == 0)
        error = loop_open(&run->loop);
    if (error == 0)
        error = make_cgroup(run, problem);
    if (error < 0)
        return error;
    /* Not before: a group that this program is not alone in cannot be parted. */
    if (run->settings.record)
        run->recording = recording_start(run->settings.record, &run->mask);
    open_deaths(run);
    error = open_trace(run, problem);
    if (error == 0)
        error = run_watch_oom_kills(run, problem);
    if (error == 0)
        error = job_machine_begin(&run->machine);
    if (error == 0)
        error = start_keeper(run, problem);
    if (error == 0)
        error = run_watch(run);
    return error;
}

int run_begin(struct run *run, struct problem *problem)
{
    int error = open_all(run, problem);
    if (error == 0)
        error = footprint_init(&run->footprint);
    if (error < 0)
        return error;
    open_counters(run);
    file_let_go_of_inherited(STDERR_FILENO);
    (void)memory_settle(); /* where that is refused, a machine that thrashes may make it late */
    run_take_instant(run, &run->first);
    run->last = run->first;
    run->began_ns = run->first.monotonic_ns;
    return run_start_rows(run);
}
