#include "job/keeper.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A job of a shell's script, and what is told of it. Signals are blocked as they are for faultline. */
struct job {
    sigset_t before;
    struct keeper keeper;
    struct keeper_note notes[16];
    size_t count;
    int ends[2]; /* a pipe, whose number for writing the script has as $1 */
};

static int job_setup(void **state)
{
    static struct job job;
    sigset_t all;

    if (access("/bin/sh", X_OK) != 0)
        return -1;
    setenv("PATH", "/usr/bin:/bin", 1); /* of folders that all may look into, or -EACCES it is */
    job = (struct job){.keeper = KEEPER_CLOSED};
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &job.before);
    assert_int_equal(pipe(job.ends), 0);
    *state = &job;
    return 0;
}

static bool has_children(void)
{
    return waitpid(-1, NULL, WNOHANG) >= 0 || errno != ECHILD;
}

/* Whatever a case has left behind, nothing of it stays. */
static int job_teardown(void **state)
{
    struct job *job = *state;

    keeper_close(&job->keeper);
    close(job->ends[0]);
    if (job->ends[1] >= 0)
        close(job->ends[1]);
    sigprocmask(SIG_SETMASK, &job->before, NULL);
    assert_false(has_children());
    return 0;
}

static void start(struct job *job, char *const *command, bool waits)
{
    const struct keeper_settings settings = {.command = command, .mask = &job->before, .waits = waits};

    assert_int_equal(keeper_start(&job->keeper, &settings), 0);
    assert_true(job->keeper.pid > 0);
    assert_true(job->keeper.command > 0);
}

/* $1 is the descriptor to be written to; a script that wants to be heard writes a line there. */
static void start_script(struct job *job, const char *script, bool waits)
{
    char number[16];
    char *const command[] = {"sh", "-c", (char *)script, "sh", number, NULL};
    struct rusage before;

    snprintf(number, sizeof(number), "%d", job->ends[1]);
    start(job, command, waits);
    assert_int_equal(keeper_release(&job->keeper, &before), 0);
    assert_true(before.ru_maxrss > 0);
    close(job->ends[1]); /* the end of what writes there is seen from here on */
    job->ends[1] = -1;
}

/* The next line that the script wrote, as a number; -1 when nobody can write any more. */
static int heard(const struct job *job)
{
    struct pollfd fd = {job->ends[0], POLLIN, 0};
    char line[32] = "";
    size_t length = 0;
    int number;

    while (length < sizeof(line) - 1) {
        assert_int_equal(poll(&fd, 1, 30000), 1);
        if (read(job->ends[0], line + length, 1) != 1 || line[length++] == '\n')
            break;
    }
    return sscanf(line, "%d", &number) == 1 ? number : -1;
}

/* The keeper, which has what faultline had open, is the last of them. */
static void nobody_is_left(struct job *job)
{
    keeper_close(&job->keeper);
    assert_int_equal(heard(job), -1);
}

/* Waits for the next note. */
static const struct keeper_note *next(struct job *job)
{
    struct pollfd fd = {job->keeper.fd, POLLIN, 0};
    struct keeper_note *note = &job->notes[job->count++];

    assert_true(job->count <= COUNT_OF(job->notes));
    assert_int_equal(poll(&fd, 1, 30000), 1);
    assert_int_equal(keeper_read(&job->keeper, note), 1);
    return note;
}

static const struct keeper_note *next_is(struct job *job, enum keeper_note_kind kind)
{
    const struct keeper_note *note = next(job);

    assert_int_equal(note->kind, kind);
    return note;
}

static const struct keeper_note *command_ends(struct job *job)
{
    const struct keeper_note *note = next_is(job, KEEPER_ENDED);

    assert_int_equal(note->pid, job->keeper.command);
    return note;
}

static bool is_there(pid_t pid)
{
    return kill(pid, 0) == 0;
}

/* -- the command -- */

static void its_status_its_name_and_what_it_used_up(void **state)
{
    struct job *job = *state;

    start_script(job, "exit 7", false);
    const struct keeper_note *note = command_ends(job);
    assert_true(WIFEXITED(note->status));
    assert_int_equal(WEXITSTATUS(note->status), 7);
    assert_string_equal(note->comm, "sh");
    assert_true(note->usage.ru_minflt > 0);
    note = next_is(job, KEEPER_DONE);
    assert_true(note->usage.ru_minflt > 0 && note->usage.ru_maxrss > 0);
    assert_int_equal(note->ended_by_us, 0);
    assert_int_equal(note->left, 0);
    assert_int_equal(keeper_read(&job->keeper, &job->notes[0]),
                     0); /* there is no other, and it is there yet */
    keeper_close(&job->keeper);
    assert_int_equal(job->keeper.fd, -1);
    keeper_close(&job->keeper); /* of a closed one nothing becomes */
}

static void a_signal_that_ended_it(void **state)
{
    struct job *job = *state;

    start_script(job, "kill -SEGV $$", false);
    const struct keeper_note *note = command_ends(job);
    assert_true(WIFSIGNALED(note->status));
    assert_int_equal(WTERMSIG(note->status), SIGSEGV);
    next_is(job, KEEPER_DONE);
}

static void what_cannot_be_executed(void **state)
{
    static const struct {
        char *name;
        int error;
    } cases[] = {
        {"/nonexistent/command", -ENOENT},
        {"nonexistent-command-of-a-test", -ENOENT},
        {"", -ENOENT},
        {"/", -EACCES},
        {"/dev/null", -EACCES},
        {"/proc/self/status/x", -ENOTDIR},
    };
    struct job *job = *state;
    struct rusage before;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        start(job, (char *[]){cases[i].name, NULL}, false);
        assert_int_equal(keeper_release(&job->keeper, &before), cases[i].error);
        const struct keeper_note *note = command_ends(job);
        assert_true(WIFEXITED(note->status));
        next_is(job, KEEPER_DONE);
        keeper_close(&job->keeper);
        assert_false(has_children());
        job->count = 0;
    }
}

static void it_waits_to_be_released(void **state)
{
    struct job *job = *state;
    char path[64], comm[64] = "";
    struct rusage before;

    start(job, (char *[]){"true", NULL}, false);
    snprintf(path, sizeof(path), "/proc/%d/comm", (int)job->keeper.command);
    FILE *file = fopen(path, "r");
    assert_non_null(file);
    assert_non_null(fgets(comm, sizeof(comm), file));
    fclose(file);
    assert_string_not_equal(comm, "true\n");
    assert_int_equal(keeper_read(&job->keeper, &job->notes[0]), 0);
    assert_int_equal(keeper_release(&job->keeper, &before), 0);
    command_ends(job);
}

static void one_that_is_never_released_ends(void **state)
{
    struct job *job = *state;

    start(job, (char *[]){"sh", "-c", "echo 1 >&$0", NULL}, false);
    pid_t command = job->keeper.command;
    keeper_close(&job->keeper);
    assert_false(is_there(command));
}

/* The mask, and what it does on SIGCHLD, is as faultline was started with; the group is faultline's own. */
static void what_it_finds(void **state)
{
    struct job *job = *state;

    sigdelset(&job->before, SIGUSR1);
    sigaddset(&job->before, SIGUSR2);
    start_script(job, "kill -USR2 $$; set -- $1 $(cut -d' ' -f5 /proc/$$/stat); echo $2 >&$1; kill -USR1 $$",
                 false);
    assert_int_equal(heard(job), getpgrp());
    assert_int_equal(WTERMSIG(command_ends(job)->status), SIGUSR1);
}

/* -- signals -- */

static void a_signal_is_handed_to_the_command_alone(void **state)
{
    struct job *job = *state;

    start_script(job, "sleep 1000 & trap 'exit 5' TERM; echo 1 >&$1; wait", false);
    assert_int_equal(heard(job), 1);
    keeper_signal(&job->keeper, SIGTERM);
    assert_int_equal(WEXITSTATUS(command_ends(job)->status), 5);
    next_is(job, KEEPER_DONE);
    keeper_signal(&job->keeper, SIGTERM); /* to one that has ended: nothing */
    keeper_finish(&job->keeper);
    assert_int_equal(keeper_read(&job->keeper, &job->notes[0]), 0);
}

static void where_the_keeper_is_killed_its_end_is_told_and_the_command_ends(void **state)
{
    struct job *job = *state;
    struct pollfd fd;

    start_script(job, "echo 1 >&$1; exec sleep 1000", false);
    assert_int_equal(heard(job), 1);
    fd = (struct pollfd){job->keeper.fd, POLLIN, 0};
    kill(job->keeper.pid, SIGKILL);
    assert_int_equal(poll(&fd, 1, 30000), 1);
    assert_int_equal(keeper_read(&job->keeper, &job->notes[0]), -EPIPE);
    keeper_signal(&job->keeper, SIGTERM); /* nobody is there: no SIGPIPE */
    nobody_is_left(job);
}

/* -- those that leave their parents -- */

static void an_orphan_that_a_signal_ended_is_told(void **state)
{
    struct job *job = *state;

    start_script(job,
                 "(sh -c 'echo $$ >&'$1'; kill -SEGV $$' & exit 0); (sh -c 'exit 3' & exit 0); "
                 "(sleep 0.2; exit 0); exit 0",
                 true);
    int orphan = heard(job);
    bool told = false;
    for (bool done = false; !done;) {
        const struct keeper_note *note = next(job);
        done = note->kind == KEEPER_DONE;
        if (note->kind == KEEPER_ORPHAN) {
            assert_false(told); /* of the one that ended by itself nothing is told */
            told = true;
            assert_int_equal(note->pid, orphan);
            assert_int_equal(WTERMSIG(note->status), SIGSEGV);
            assert_string_equal(note->comm, "sh");
        }
    }
    assert_true(told);
}

static void what_is_left_is_asked_to_end(void **state)
{
    struct job *job = *state;

    start_script(job,
                 "sh -c \"trap 'exit 0' TERM; echo \\$\\$ >&$1; sleep 1000 & wait\" & "
                 "sleep 1000 & read x < /proc/self/stat; sleep 0.3; exit 9",
                 false);
    int left = heard(job);
    assert_int_equal(WEXITSTATUS(command_ends(job)->status), 9);
    const struct keeper_note *note = next_is(job, KEEPER_DONE);
    assert_int_equal(note->ended_by_us, 3);
    assert_int_equal(note->left, 0);
    assert_false(is_there(left));
    nobody_is_left(job);
}

static void what_does_not_end_is_killed_after_the_grace(void **state)
{
    struct job *job = *state;

    start_script(job,
                 "sh -c \"trap '' TERM; echo \\$\\$ >&$1; while :; do sleep 1000; done\" & "
                 "kill -STOP $!; kill -CONT $!; read x < /dev/null; sleep 0.3; exit 0",
                 false);
    int left = heard(job);
    command_ends(job);
    assert_true(is_there(left));
    const struct keeper_note *note = next_is(job, KEEPER_DONE);
    assert_true(note->ended_by_us > 0);
    assert_int_equal(note->left, 0);
    assert_false(is_there(left));
    nobody_is_left(job);
}

static void one_that_is_stopped_goes_on_and_ends_by_itself(void **state)
{
    struct job *job = *state;

    start_script(
        job, "sh -c \"trap 'echo 2 >&$1; exit 0' TERM; echo 1 >&$1; kill -STOP \\$\\$; exit 0\" & sleep 0.3",
        false);
    command_ends(job);
    assert_int_equal(next_is(job, KEEPER_DONE)->ended_by_us, 1);
    assert_int_equal(heard(job), 1);
    assert_int_equal(heard(job), 2);
    nobody_is_left(job);
}

static void all_are_waited_for_where_that_is_asked_for(void **state)
{
    struct job *job = *state;

    start_script(job, "sh -c 'trap \"exit 4\" TERM; sleep 0.5; echo 5 >&'$1 & exit 0", true);
    command_ends(job);
    assert_int_equal(heard(job), 5);
    const struct keeper_note *note = next_is(job, KEEPER_DONE);
    assert_int_equal(note->ended_by_us, 0);
    assert_int_equal(note->left, 0);
}

static void until_they_are_to_be_ended_after_all(void **state)
{
    struct job *job = *state;

    start_script(job, "sleep 1000 & exit 0", true);
    command_ends(job);
    struct pollfd fd = {job->keeper.fd, POLLIN, 0};
    assert_int_equal(poll(&fd, 1, 200), 0);
    keeper_finish(&job->keeper);
    assert_int_equal(next_is(job, KEEPER_DONE)->ended_by_us, 1);
    nobody_is_left(job);
}

/* As when faultline is killed: the socket is closed, and nobody says anything. */
static void where_faultline_goes_all_are_killed(void **state)
{
    struct job *job = *state;

    start_script(job,
                 "trap '' TERM HUP INT; sh -c 'trap \"\" TERM; echo 1 >&'$1'; sleep 1000' & "
                 "(sh -c 'sleep 1000' & exit 0); wait; sleep 1000",
                 true);
    assert_int_equal(heard(job), 1);
    pid_t command = job->keeper.command;
    close(job->keeper.fd);
    job->keeper.fd = -1;
    assert_int_equal(waitpid(job->keeper.pid, NULL, 0), job->keeper.pid);
    job->keeper.pid = 0;
    nobody_is_left(job);
    assert_false(is_there(command));
}

static void closing_ends_what_is_not_done(void **state)
{
    struct job *job = *state;

    start_script(job, "trap '' TERM; echo $$ >&$1; sleep 1000; sleep 1000", false);
    int command = heard(job);
    assert_int_equal(command, job->keeper.command);
    keeper_close(&job->keeper);
    assert_false(is_there(command));
    nobody_is_left(job);
}

/* -- the rest -- */

static void all_below_one_are_killed_but_for_the_excepted(void **state)
{
    struct job *job = *state;
    int told;

    pid_t root = fork();
    if (root == 0) {
        pid_t excepted = fork();
        if (excepted == 0) {
            char byte;
            dup2(job->ends[1], 100);
            (void)!read(0, &byte, 0);
            for (;;)
                pause();
        }
        for (int i = 0; i < 3; i++) {
            if (fork() == 0) {
                (void)fork();
                for (;;)
                    pause();
            }
        }
        bool none = keeper_kill_below(getpid(), excepted);
        told = none && kill(excepted, 0) == 0 && waitpid(-1, NULL, WNOHANG) == 0;
        none = keeper_kill_below(getpid(), 0);
        _exit(told && none && waitpid(-1, NULL, WNOHANG) < 0 ? 0 : 1);
    }
    assert_int_equal(waitpid(root, &told, 0), root);
    assert_true(WIFEXITED(told));
    assert_int_equal(WEXITSTATUS(told), 0);
}

static void nothing_stays_open(void **state)
{
    struct job *job = *state;
    int before = open_descriptors();
    struct rusage usage;

    start(job, (char *[]){"/nonexistent/command", NULL}, false);
    keeper_release(&job->keeper, &usage);
    keeper_close(&job->keeper);
    assert_int_equal(open_descriptors(), before);
}

/* It is asked for while none can be had. */
static void without_descriptors_nothing_is_started(void **state)
{
    struct job *job = *state;
    const struct keeper_settings settings = {.command = (char *[]){"true", NULL}, .mask = &job->before};
    struct rlimit limit, few;

    assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
    for (int room = 0; room < 6; room++) {
        few = limit;
        int lowest = dup(0);
        close(lowest);
        few.rlim_cur = (rlim_t)(lowest + room);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
        int error = keeper_start(&job->keeper, &settings);
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        assert_int_equal(error, -EMFILE);
        int after = dup(0);
        close(after);
        assert_int_equal(after, lowest);
        assert_false(has_children());
        job->keeper = (struct keeper)KEEPER_CLOSED;
    }
}

#define of_job(test) cmocka_unit_test_setup_teardown(test, job_setup, job_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        of_job(its_status_its_name_and_what_it_used_up),
        of_job(a_signal_that_ended_it),
        of_job(what_cannot_be_executed),
        of_job(it_waits_to_be_released),
        of_job(one_that_is_never_released_ends),
        of_job(what_it_finds),
        of_job(a_signal_is_handed_to_the_command_alone),
        of_job(where_the_keeper_is_killed_its_end_is_told_and_the_command_ends),
        of_job(an_orphan_that_a_signal_ended_is_told),
        of_job(what_is_left_is_asked_to_end),
        of_job(what_does_not_end_is_killed_after_the_grace),
        of_job(one_that_is_stopped_goes_on_and_ends_by_itself),
        of_job(all_are_waited_for_where_that_is_asked_for),
        of_job(until_they_are_to_be_ended_after_all),
        of_job(where_faultline_goes_all_are_killed),
        of_job(closing_ends_what_is_not_done),
        of_job(all_below_one_are_killed_but_for_the_excepted),
        of_job(nothing_stays_open),
        of_job(without_descriptors_nothing_is_started),
    };
    return cmocka_run_group_tests_name("keeper", tests, NULL, NULL);
}
