/* faultline run: a job, what it costs, and what ends it. */
#include "commands/run/run.h"

#include "base/clock.h"
#include "base/file.h"
#include "base/protect.h"
#include "commands/commands.h"
#include "commands/outcome.h"
#include "commands/run/recording.h"

#include <errno.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* As of env(1), timeout(1) and the like: faultline itself failed, the command cannot be executed, is not
 * there. */
enum { STATUS_RUN_FAILED = 125, STATUS_NOT_EXECUTABLE = 126, STATUS_NOT_FOUND = 127, STATUS_KILLED = 137 };

void run_leave_out(struct run *run, const char *what, const char *why)
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

static bool takes(int fd)
{
    struct pollfd reader = {fd, POLLOUT, 0};
    return poll(&reader, 1, 0) == 1; /* a pipe then has room for PIPE_BUF */
}

bool run_put_now(struct run *run, const struct text *text)
{
    bool taken = text->length <= PIPE_BUF && takes(run->output_fd);

    if (taken && file_write_all(run->output_fd, text->bytes, text->length) < 0)
        taken = false;
    return taken;
}

/* The job is over, and signals are faultline's alone: they get through to it while nobody reads. */
static bool await_reader(struct run *run)
{
    struct pollfd fds[] = {{run->output_fd, POLLOUT, 0}, {run->relay.source.fd, POLLIN, 0}};

    while (poll(fds, 2, -1) > 0 && !fds[0].revents) {
        if (relay_wants_end(&run->relay))
            return false;
    }
    return fds[0].revents != 0;
}

void run_put(struct run *run, const struct text *text)
{
    size_t length;

    for (size_t at = 0; at < text->length && await_reader(run); at += length) {
        length = text->length - at < PIPE_BUF ? text->length - at : PIPE_BUF;
        if (file_write_all(run->output_fd, text->bytes + at, length) < 0)
            return; /* who would have read it has gone */
    }
}

const struct cgroup_job *run_cgroup(const struct run *run)
{
    return run->has_cgroup ? &run->cgroup : NULL;
}

void run_take_instant(const struct run *run, struct job_instant *instant)
{
    *instant = (struct job_instant){.monotonic_ns = clock_monotonic_ns()};
    perf_inherit_read(&run->perf, &instant->counts);
    if (run->has_cgroup)
        (void)cgroup_job_read(&run->cgroup, &instant->account);
    if (!instant->counts.cpu_ns.present)
        instant->counts.cpu_ns = value_times(instant->account.cpu_us, NS_PER_SECOND / 1000000);
}

/* -- the end -- */

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
    int error = run_begin(run, problem);
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
    error = run_summarize(run);
    return error < 0 ? error : exit_status(run);
}

static void release(struct run *run)
{
    ticker_stop(&run->every, &run->loop);
    recording_end(run->recording);
    oom_watch_close(run->oom_watch);
    keeper_close(&run->keeper);
    if (run->has_cgroup && run->error < 0)
        (void)cgroup_job_remove(&run->cgroup); /* else the keeper has */
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

/* Set here, as all of what is not zero from the start would stand in the program's file: 100 KB. */
static void set_closed(struct run *run)
{
    run->loop.epoll_fd = -1;
    run->keeper = (struct keeper)KEEPER_CLOSED;
    run->perf = (struct perf_inherit)PERF_INHERIT_CLOSED;
    run->account.peak_anon_bytes = NAN;
    run->output_fd = -1;
}

int command_run(int argc, char **argv)
{
    struct problem problem = {0};
    static struct run run;

    set_closed(&run);
    int error = run_settings_parse(&run.settings, argc, argv, &problem);
    int status =
        outcome_of_words(error, run.settings.help, run.settings.version, run_settings_put_help, &problem);
    if (status != STATUS_GO_ON)
        return status;
    (void)protect_from_oom_killer(); /* an ordinary user's job may take faultline with it */
    relay_block(&run.mask);
    status = run_job(&run, &problem);
    if (status < 0) {
        (void)outcome_failed(&problem, status);
        status = STATUS_RUN_FAILED;
    }
    release(&run);
    end_as_interrupted(&run);
    return status;
}
