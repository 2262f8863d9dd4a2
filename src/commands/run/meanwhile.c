/* What happens while a job runs, and what becomes of it. */
#include "base/clock.h"
#include "commands/run/run.h"
#include "kernel/cgroup.h"
#include "kernel/process_tree.h"
#include "render/job_listing.h"

#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

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
    if (poll(&(struct pollfd){STDERR_FILENO, POLLOUT, 0}, 1, 0) == 1) /* else the summary has it */
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

/* Counted, of the job's own cgroup or of the machine; the kernel's log may not be read. */
static void take_unnamed(struct run *run, uint64_t kills)
{
    if (run->has_cgroup)
        job_deaths_add_unnamed_kills(&run->deaths, kills);
    else
        job_deaths_add_suspected_kills(&run->deaths, kills);
}

static void on_oom_kill(void *context, const struct event *event)
{
    struct run *run = context;

    if (!event->kill) {
        take_unnamed(run, event->kills);
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

/* Of a signal that was handed on the keeper is the sender to the kernel. */
static void name_who_sent(const struct run *run, struct process_death *death)
{
    const struct relay_passed *passed = &run->relay.passed;

    if ((pid_t)death->sender.pid != run->keeper.pid || (pid_t)death->pid != run->keeper.command ||
        death->signal != passed->signal)
        return;
    death->sender.pid = (uint32_t)passed->pid;
    death->sender.uid = passed->uid;
    death->sender.comm[0] = '\0'; /* it may have gone */
}

void run_take_deaths(struct run *run)
{
    struct process_death death;

    while (process_deaths_read(run->deaths_source, &death)) {
        name_who_sent(run, &death);
        bool inside = death.sender.seen && !death.sender.kernel && is_inside(run, (pid_t)death.sender.pid);
        job_deaths_add_end(&run->deaths, &death, inside);
        settle_suspicion(run, (pid_t)death.pid, death.signal);
    }
}

static void on_deaths(void *context)
{
    run_take_deaths(context);
}

static void on_faults(void *context)
{
    struct run *run = context;

    (void)fault_tally_read(&run->tally); /* what fails is told at the end */
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
        run->ended_ns = clock_monotonic_ns();
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
    footprint_look(&run->footprint, run_cgroup(run), run->keeper.pid);
    look_at_anon(run);
    set_look_timer(run);
}

/* -- rows -- */

static const struct listing_style row_style = {.unit = SIZE_K};

static void put_headings(struct run *run)
{
    char bytes[1024];
    struct text text = text_over(bytes, sizeof(bytes));

    if (run->settings.json)
        return;
    listing_put_headings(&text, &job_listing, &row_style);
    (void)run_put_now(run, &text);
}

static void on_every(void *context)
{
    struct run *run = context;
    char bytes[2048];
    struct text text = text_over(bytes, sizeof(bytes));
    union listing_cell cells[JOB_CELLS];
    struct job_instant now;
    struct job_row row;

    run_take_instant(run, &now);
    footprint_look(&run->footprint, run_cgroup(run), run->keeper.pid);
    job_row_make(&row, &run->last, &now, &run->footprint, run->began_ns);
    job_listing_fill(cells, &row);
    if (run->settings.json)
        listing_put_json(&text, &job_listing, cells, clock_wall_ns());
    else
        listing_put_row(&text, &job_listing, &row_style, cells, clock_wall_ns());
    run->rows_untaken += !run_put_now(run, &text);
    run->last = now;
}

/* -- beginning -- */

int run_watch_oom_kills(struct run *run, struct problem *problem)
{
    struct oom_watch_settings settings = OOM_WATCH_DEFAULTS;

    if (run->has_cgroup) {
        (void)snprintf(run->oom_folder, sizeof(run->oom_folder), "/proc/self/fd/%d", run->cgroup.memory.fd);
        settings.cgroup_path = run->oom_folder;
    }
    return oom_watch_open(&run->oom_watch, &run->loop, &settings, on_oom_kill, run, problem);
}

static int add_source(struct run *run, struct loop_source *source, int fd, void (*ready)(void *context))
{
    *source = (struct loop_source){fd, ready, run};
    return loop_add(&run->loop, source, EPOLLIN);
}

int run_watch(struct run *run)
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

int run_start_rows(struct run *run)
{
    uint64_t period_ns = (uint64_t)(run->settings.every_seconds * (double)NS_PER_SECOND + 0.5);

    set_look_timer(run);
    if (period_ns == 0)
        return 0;
    put_headings(run);
    return ticker_start(&run->every, &run->loop, run->began_ns, period_ns, on_every, run);
}
