/* faultline run: a job, what it costs, and what ends it. */
#include "base/clock.h"
#include "base/file.h"
#include "base/loop.h"
#include "base/memory.h"
#include "base/protect.h"
#include "base/ticker.h"
#include "commands/commands.h"
#include "commands/outcome.h"
#include "commands/run/recording.h"
#include "commands/run/settings.h"
#include "job/account.h"
#include "job/keeper.h"
#include "job/machine.h"
#include "job/progress.h"
#include "job/relay.h"
#include "job/suspects.h"
#include "kernel/bpf.h"
#include "kernel/cgroup.h"
#include "kernel/cgroup_job.h"
#include "kernel/process_tree.h"
#include "metric/fault_tally.h"
#include "render/job_listing.h"
#include "render/job_summary.h"
#include "render/json_trace.h"
#include "watch/oom_watch.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* As of env(1), timeout(1) and the like: faultline itself failed, the command cannot be executed, is not
 * there. */
enum { STATUS_RUN_FAILED = 125, STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127, STATUS_KILLED = 137 };

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
    uint64_t ended_ns; /* when the command did */
    char left_out[JOB_LEFT_OUT_MAX][NOTE_MAX];
    int error;
};

/* -- what has to be done without -- */

static void leave_out(struct run *run, const char *what, const char *why)
{
    struct job_account *account = &run->account;

    if (account->left_out_count == JOB_LEFT_OUT_MAX)
        return;
    char *note = run->left_out[account->left_out_count];
    struct text text = text_over(note, NOTE_MAX - 1);
    text_format(&text, "%s: %s", what, why);
    note[text.length] = '\0';
    account->left_out[account->left_out_count++] = note;
}

/* -- what happens meanwhile -- */

static void stop(struct run *run, int error)
{
    if (run->error == 0)
        run->error = error;
    loop_stop(&run->loop);
}

static void say_death(const struct run *run, const struct job_death *death)
{
    struct problem problem;
    struct text text = text_over(problem.text, sizeof(problem.text) - 1);

    text_string(&text, "OOM KILL: ");
    job_death_put(&text, death, &run->deaths);
    problem.text[text.length] = '\0';
    problem_print(&problem);
}

static void take_kill(struct run *run, const struct oom_kill *kill)
{
    const struct job_death *death = job_deaths_add_kill(&run->deaths, kill);

    if (death)
        say_death(run, death);
}

/*
 * A limit that faultline shares with the job, as in a batch system's cgroup: what the victim had is given
 * back to the kernel's count some 10 ms after the victim is gone (6.18), and whoever asks for memory before
 * that, be it for opening a file, is the next to be killed.
 */
static void let_memory_come_back(const struct run *run, const struct oom_kill *kill)
{
    const struct timespec pause = {0, 100000000};
    bool is_ours_alone = run->has_cgroup && cgroup_is_within(kill->limit_cgroup, run->cgroup.path);

    if (kill->constraint == OOM_CONSTRAINT_MEMCG && !is_ours_alone)
        (void)nanosleep(&pause, NULL);
}

static bool is_inside(const struct run *run, pid_t pid)
{
    return footprint_has(&run->footprint, pid) || process_tree_has(run->keeper.pid, pid);
}

static bool is_of_job(const struct run *run, const struct oom_kill *kill)
{
    pid_t pid = (pid_t)kill->pid.number;

    return run->has_cgroup || is_inside(run, pid);
}

static void on_oom_kill(void *context, const struct event *event)
{
    struct run *run = context;

    if (!event->kill) {
        if (run->has_cgroup)
            job_deaths_add_unnamed_kills(&run->deaths, event->kills);
        return;
    }
    let_memory_come_back(run, event->kill);
    if (is_of_job(run, event->kill))
        take_kill(run, event->kill);
    else
        suspects_add(&run->suspects, event->kill);
}

/* A process of the job was ended by SIGNAL. */
static void settle_suspicion(struct run *run, pid_t pid, int signal)
{
    struct oom_kill kill;

    if (signal == SIGKILL && suspects_take(&run->suspects, pid, &kill))
        take_kill(run, &kill);
}

static void on_deaths(void *context)
{
    struct run *run = context;
    struct process_death death;

    while (process_deaths_read(run->deaths_source, &death)) {
        bool inside = death.sender.seen && !death.sender.kernel && is_inside(run, (pid_t)death.sender.pid);
        job_deaths_add_end(&run->deaths, &death, inside);
        settle_suspicion(run, (pid_t)death.pid, death.signal);
    }
}

static void on_faults(void *context)
{
    struct run *run = context;

    if (fault_tally_read(&run->tally) < 0)
        leave_out(run, "some major faults", strerror(ENOMEM));
}

/* What is full now, or was when /dev/shm was looked at. */
static const struct file_system *find_full(const struct run *run, int status, struct file_system *full)
{
    if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGBUS)
        return NULL;
    if (file_system_find_full(full, 0) > 0)
        return full;
    *full = run->footprint.shared_memory;
    return full->size_bytes > 0 && file_system_is_full(full) ? full : NULL;
}

static void take_status(struct run *run, const struct keeper_note *note)
{
    struct file_system full;

    job_deaths_add_status(&run->deaths, note->pid, note->comm, note->status,
                          find_full(run, note->status, &full));
    if (WIFSIGNALED(note->status))
        settle_suspicion(run, note->pid, WTERMSIG(note->status));
}

static void take_note(struct run *run, const struct keeper_note *note)
{
    switch (note->kind) {
    case KEEPER_STARTED:
        break;
    case KEEPER_ENDED:
        run->ended_ns = clock_monotonic_ns();
        run->account.status = note->status;
        if (WIFEXITED(note->status))
            run->deaths.command = 0; /* its number may be another's from here on */
        run->relay.over = true;
        take_status(run, note);
        break;
    case KEEPER_ORPHAN:
        take_status(run, note);
        break;
    case KEEPER_DONE:
        run->ended = *note;
        stop(run, 0);
        break;
    }
}

static void on_notes(void *context)
{
    struct run *run = context;
    struct keeper_note note;
    int more;

    while (!run->loop.stopping && (more = keeper_read(&run->keeper, &note)) != 0) {
        if (more < 0)
            stop(run, more);
        else
            take_note(run, &note);
    }
}

/* The recording may have ended, which it says itself; of the keeper its socket tells. */
static void on_child(void *context)
{
    struct run *run = context;

    if (run->recording > 0 && waitpid(run->recording, NULL, WNOHANG) == run->recording)
        run->recording = 0;
}

/* -- looking at it -- */

static const struct cgroup_job *cgroup_of(const struct run *run)
{
    return run->has_cgroup ? &run->cgroup : NULL;
}

static void take_instant(const struct run *run, struct job_instant *instant)
{
    *instant = (struct job_instant){.monotonic_ns = clock_monotonic_ns()};
    perf_inherit_read(&run->perf, &instant->counts);
    if (run->has_cgroup)
        (void)cgroup_job_read(&run->cgroup, &instant->account);
}

static void set_look_timer(struct run *run)
{
    const struct itimerspec when = {.it_value = {(time_t)(run->footprint.next_ns / NS_PER_SECOND),
                                                 (long)(run->footprint.next_ns % NS_PER_SECOND)}};
    timerfd_settime(run->look_timer.fd, TFD_TIMER_ABSTIME, &when, NULL);
}

static void look_at_anon(struct run *run)
{
    double *peak = &run->account.peak_anon_bytes;
    struct cgroup_account account;

    if (!run->has_cgroup || cgroup_job_read(&run->cgroup, &account) < 0 || !account.anon_bytes.present)
        return;
    if (isnan(*peak) || (double)account.anon_bytes.number > *peak)
        *peak = (double)account.anon_bytes.number;
}

static void on_look(void *context)
{
    struct run *run = context;
    uint64_t times;

    if (read(run->look_timer.fd, &times, sizeof(times)) < 0)
        return;
    footprint_look(&run->footprint, cgroup_of(run), run->keeper.pid);
    look_at_anon(run);
    set_look_timer(run);
}

/* -- rows -- */

static const struct listing_style row_style = {.unit = SIZE_K};

static void put(struct run *run, const struct text *text)
{
    if (file_write_all(run->output_fd, text->bytes, text->length) < 0) {
        /* nobody reads it; the job goes on */
    }
}

static void put_headings(struct run *run)
{
    char bytes[1024];
    struct text text = text_over(bytes, sizeof(bytes));

    if (run->settings.json)
        return;
    listing_put_headings(&text, &job_listing, &row_style);
    put(run, &text);
}

static void on_every(void *context)
{
    struct run *run = context;
    char bytes[2048];
    struct text text = text_over(bytes, sizeof(bytes));
    union listing_cell cells[JOB_CELLS];
    struct job_instant now;
    struct job_row row;

    take_instant(run, &now);
    footprint_look(&run->footprint, cgroup_of(run), run->keeper.pid);
    job_row_make(&row, &run->last, &now, &run->footprint, run->began_ns);
    job_listing_fill(cells, &row);
    if (run->settings.json)
        listing_put_json(&text, &job_listing, cells, clock_wall_ns());
    else
        listing_put_row(&text, &job_listing, &row_style, cells, clock_wall_ns());
    put(run, &text);
    run->last = now;
}

/* -- beginning -- */

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
        leave_out(run, "a cgroup of its own", problem->text);
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
        leave_out(run, "who sends signals", bpf_why(error));
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
        leave_out(run, "failed allocations", strerror(-error));
}

static void open_counters(struct run *run)
{
    int error = perf_inherit_open(&run->perf, run->keeper.command);

    if (error < 0)
        leave_out(run, "faults of processes that nobody waits for (perf)", strerror(-error));
    else if (run->perf.user_mode_only)
        leave_out(run, "faults within system calls of processes that nobody waits for",
                  "kernel.perf_event_paranoid is 2");
    if (error == 0)
        open_allocations(run);
}

static int open_oom_watch(struct run *run, struct problem *problem)
{
    struct oom_watch_settings settings = OOM_WATCH_DEFAULTS;

    if (run->has_cgroup) {
        (void)snprintf(run->oom_folder, sizeof(run->oom_folder), "/proc/self/fd/%d", run->cgroup.memory.fd);
        settings.cgroup_path = run->oom_folder;
    }
    return oom_watch_open(&run->oom_watch, &run->loop, &settings, on_oom_kill, run, problem);
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

static int add_source(struct run *run, struct loop_source *source, int fd, void (*ready)(void *context))
{
    *source = (struct loop_source){fd, ready, run};
    return loop_add(&run->loop, source, EPOLLIN);
}

static int open_sources(struct run *run)
{
    int error = relay_open(&run->relay, &run->loop, &run->keeper);

    run->relay.child_ended = on_child;
    run->relay.context = run;
    if (error == 0)
        error = add_source(run, &run->notes, run->keeper.fd, on_notes);
    if (error == 0 && run->deaths_source)
        error = add_source(run, &run->deaths_ready, process_deaths_fd(run->deaths_source), on_deaths);
    if (error == 0 && run->tally.trace)
        error = add_source(run, &run->faults_ready, fault_trace_fd(run->tally.trace), on_faults);
    int timer_fd = error == 0 ? timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK) : -1;
    if (error == 0)
        error = timer_fd < 0 ? -errno : add_source(run, &run->look_timer, timer_fd, on_look);
    return error;
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
    open_deaths(run);
    error = open_trace(run, problem);
    if (error == 0)
        error = open_oom_watch(run, problem);
    if (error == 0)
        error = job_machine_begin(&run->machine);
    if (error == 0)
        error = start_keeper(run, problem);
    if (error == 0)
        error = open_sources(run);
    return error;
}

static int begin(struct run *run)
{
    uint64_t period_ns = (uint64_t)(run->settings.every_seconds * (double)NS_PER_SECOND + 0.5);
    int error = footprint_init(&run->footprint);

    if (error < 0)
        return error;
    open_counters(run);
    file_let_go_of_inherited(STDERR_FILENO);
    (void)memory_settle(); /* where that is refused, a machine that thrashes may make it late */
    take_instant(run, &run->first);
    run->last = run->first;
    run->began_ns = run->first.monotonic_ns;
    set_look_timer(run);
    if (period_ns == 0)
        return 0;
    put_headings(run);
    return ticker_start(&run->every, &run->loop, run->began_ns, period_ns, on_every, run);
}

/* -- the end -- */

static void take_commitment(struct run *run)
{
    struct job_allocations *allocations = &run->account.allocations;
    struct job_instant now;

    take_instant(run, &now);
    allocations->failed = now.counts.failed_allocations;
}

static void account_for(struct run *run)
{
    struct job_account *account = &run->account;
    struct job_instant now;

    oom_watch_finish(run->oom_watch);
    if (run->deaths_source) {
        on_deaths(run);
        account->ended_processes = (struct value){process_deaths_count(run->deaths_source), true};
    }
    take_instant(run, &now);
    account->command = run->settings.command;
    account->end_wall_ns = clock_wall_ns();
    account->seconds = (double)(run->ended_ns - run->began_ns) / (double)NS_PER_SECOND;
    account->footprint = &run->footprint;
    account->deaths = &run->deaths;
    account->ended_by_us = run->ended.ended_by_us;
    account->left = run->ended.left;
    job_usage_make(&account->usage, &run->ended.usage, &run->before, &now.counts);
    job_machine_end(&run->machine, account);
    if (run->has_cgroup) {
        account->last = now.account;
        job_machine_give_way(account, &run->first.account, &now.account);
    }
    take_commitment(run);
    job_deaths_settle(&run->deaths);
}

static void put_trace_json(struct run *run, struct text *text)
{
    for (size_t i = 0; i < run->tally.rows.count; i++) {
        json_put_fault_latency(text, &run->tally.rows.list[i], FAULTS_BY_PAIR, &run->tally.summary);
        put(run, text);
        text->length = 0;
    }
    json_put_trace(text, &run->tally.rows, &run->tally.summary);
    put(run, text);
}

static_assert(JSON_FAULT_MAX <= JOB_FAULTS_SHOWN * TRACE_TABLE_LINE_MAX,
              "a summary's room is enough for an object of its trace");

static int summarize(struct run *run)
{
    int error = run->tally.trace ? fault_tally_finish(&run->tally, FAULTS_BY_PAIR) : 0;
    if (error < 0)
        return error;
    if (run->tally.trace)
        run->account.faults = &run->tally.rows;
    struct text text = text_new(job_summary_max(&run->account));
    if (!text.bytes)
        return -ENOMEM;
    if (run->settings.json)
        job_summary_put_json(&text, &run->account);
    else
        job_summary_put(&text, &run->account, &run->tally.summary);
    put(run, &text);
    text.length = 0;
    if (run->settings.json && run->tally.trace)
        put_trace_json(run, &text);
    text_free(&text);
    return 0;
}

static int exec_status(const struct run *run, int error)
{
    struct problem problem;

    problem_set(&problem, -error, "run: %s: %s", run->settings.command[0], strerror(-error));
    problem_print(&problem);
    return error == -ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_EXECUTABLE;
}

static int exit_status(const struct run *run)
{
    if (run->settings.fail_on_oom && run->deaths.oom_kills > 0)
        return STATUS_KILLED;
    return job_exit_status(&run->account);
}

/* The keeper was killed: what it kept has come to this process. */
static int take_over(struct run *run, struct problem *problem)
{
    (void)keeper_kill_below(getpid(), run->recording);
    if (run->has_cgroup)
        (void)cgroup_job_kill(&run->cgroup);
    return problem_set(problem, EPIPE, "run: the process that kept the job was killed, and the job with it");
}

/* Returns an exit status, or a negative errno. */
static int run_job(struct run *run, struct problem *problem)
{
    int error = open_all(run, problem);
    if (error == 0)
        error = begin(run);
    if (error < 0)
        return error;
    error = keeper_release(&run->keeper, &run->before);
    if (error < 0)
        return exec_status(run, error);
    error = loop_run(&run->loop);
    if (error == 0 && run->error < 0)
        error = take_over(run, problem);
    if (error < 0)
        return error;
    account_for(run);
    error = summarize(run);
    return error < 0 ? error : exit_status(run);
}

static void release(struct run *run)
{
    ticker_stop(&run->every, &run->loop);
    recording_end(run->recording);
    oom_watch_close(run->oom_watch);
    keeper_close(&run->keeper);
    if (run->has_cgroup)
        (void)cgroup_job_remove(&run->cgroup); /* the keeper has; it is for where that was killed */
    relay_close(&run->relay);
    if (run->look_timer.fd > 0)
        close(run->look_timer.fd);
    loop_close(&run->loop);
    fault_tally_free(&run->tally);
    perf_inherit_close(&run->perf);
    process_deaths_free(run->deaths_source);
    footprint_free(&run->footprint);
    job_machine_free(&run->machine);
}

/* A shell leaves its loop at a Ctrl-C only where what it waits for died of that: 130 alone is a status like
 * others. */
static void end_as_interrupted(const struct run *run)
{
    sigset_t interrupt;

    if (!run->relay.interrupted || !WIFSIGNALED(run->account.status) ||
        WTERMSIG(run->account.status) != SIGINT)
        return;
    sigemptyset(&interrupt);
    sigaddset(&interrupt, SIGINT);
    (void)signal(SIGINT, SIG_DFL);
    sigprocmask(SIG_UNBLOCK, &interrupt, NULL);
    (void)raise(SIGINT);
}

int command_run(int argc, char **argv)
{
    struct problem problem = {0};
    static struct run run = {.loop.epoll_fd = -1,
                             .keeper = KEEPER_CLOSED,
                             .account.peak_anon_bytes = NAN,
                             .output_fd = -1};

    int error = run_settings_parse(&run.settings, argc, argv, &problem);
    if (error < 0)
        return outcome_misused(&problem);
    if (run.settings.help)
        return outcome_print(run_settings_put_help);
    if (run.settings.version)
        return outcome_print(outcome_put_version);
    (void)protect_from_oom_killer(); /* an ordinary user's job may take faultline with it */
    relay_block(&run.mask);
    if (run.settings.record)
        run.recording = recording_start(run.settings.record, &run.mask);
    int status = run_job(&run, &problem);
    if (status < 0) {
        (void)outcome_failed(&problem, status);
        status = STATUS_RUN_FAILED;
    }
    release(&run);
    end_as_interrupted(&run);
    return status;
}
