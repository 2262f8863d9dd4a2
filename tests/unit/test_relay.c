#include "job/relay.h"
#include "support.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

/* A keeper and a command that writes down what reaches it: "t" for SIGTERM, "u" for SIGUSR1. */
struct scene {
    sigset_t before;
    struct loop loop;
    struct relay relay;
    struct keeper keeper;
    int ends[2];
    unsigned children;
    unsigned wanted;
};

static void count_child(void *context)
{
    struct scene *scene = context;

    if (++scene->children == scene->wanted)
        loop_stop(&scene->loop);
}

static void start(struct scene *scene, const char *script)
{
    char number[16];
    char *const command[] = {"sh", "-c", (char *)script, "sh", number, NULL};
    const struct keeper_settings settings = {.command = command, .mask = &scene->before, .waits = true};
    struct rusage usage;

    snprintf(number, sizeof(number), "%d", scene->ends[1]);
    assert_int_equal(keeper_start(&scene->keeper, &settings), 0);
    assert_int_equal(keeper_release(&scene->keeper, &usage), 0);
}

static int scene_setup(void **state)
{
    static struct scene scene;

    scene = (struct scene){.keeper = KEEPER_CLOSED};
    relay_block(&scene.before);
    assert_int_equal(pipe(scene.ends), 0);
    assert_int_equal(loop_open(&scene.loop), 0);
    scene.relay.child_ended = count_child;
    scene.relay.context = &scene;
    assert_int_equal(relay_open(&scene.relay, &scene.loop, &scene.keeper), 0);
    *state = &scene;
    return 0;
}

static int scene_teardown(void **state)
{
    struct scene *scene = *state;

    keeper_close(&scene->keeper);
    relay_close(&scene->relay);
    relay_close(&scene->relay);
    loop_close(&scene->loop);
    close(scene->ends[0]);
    close(scene->ends[1]);
    sigprocmask(SIG_SETMASK, &scene->before, NULL);
    assert_true(waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD);
    return 0;
}

static char heard(const struct scene *scene, int patience_ms)
{
    struct pollfd fd = {scene->ends[0], POLLIN, 0};
    char byte = '-';

    if (poll(&fd, 1, patience_ms) == 1 && read(scene->ends[0], &byte, 1) != 1)
        byte = '?';
    return byte;
}

/* What waits is handed on, until the end of as many children as are WANTED was told. */
static void run(struct scene *scene, unsigned wanted)
{
    scene->children = 0;
    scene->wanted = wanted;
    assert_int_equal(loop_run(&scene->loop), 0);
}

/* Another process sends SIGNAL to this one, and ends, which is what is waited for. */
static void signal_from_a_stranger(struct scene *scene, int signal)
{
    pid_t test = getpid();
    pid_t stranger = fork();

    if (stranger == 0) {
        kill(test, signal);
        _exit(0);
    }
    run(scene, 1);
    assert_int_equal(waitpid(stranger, NULL, 0), stranger);
}

#define LISTENER                                                                                             \
    "trap 'echo t >&$1' TERM; trap 'echo u >&$1' USR1; echo r >&$1; while :; do sleep 1000 & wait; kill "    \
    "$!; done"

static void listens(struct scene *scene)
{
    start(scene, LISTENER);
    assert_int_equal(heard(scene, 30000), 'r');
    assert_int_equal(heard(scene, 30000), '\n');
}

static void what_one_process_sends_is_handed_on(void **state)
{
    struct scene *scene = *state;

    listens(scene);
    signal_from_a_stranger(scene, SIGTERM);
    assert_int_equal(heard(scene, 30000), 't');
    assert_int_equal(heard(scene, 30000), '\n');
    signal_from_a_stranger(scene, SIGUSR1);
    assert_int_equal(heard(scene, 30000), 'u');
}

/* `kill 0` in the job, and Ctrl-C in a terminal, have reached the command. */
static void what_has_reached_the_command_is_not(void **state)
{
    struct scene *scene = *state;
    char script[512];

    snprintf(script, sizeof(script), "kill -USR1 %d; " LISTENER, (int)getpid());
    start(scene, script);
    assert_int_equal(heard(scene, 30000), 'r');
    assert_int_equal(heard(scene, 30000), '\n');
    signal_from_a_stranger(scene, SIGTERM); /* behind it */
    assert_int_equal(heard(scene, 30000), 't');
    assert_int_equal(heard(scene, 30000), '\n');
    assert_int_equal(heard(scene, 100), '-');
    alarm(1); /* the kernel's own: not for the command, which would die of it */
    sigset_t alarm_only;
    sigemptyset(&alarm_only);
    while (sigpending(&alarm_only) == 0 && !sigismember(&alarm_only, SIGALRM))
        usleep(20000);
    signal_from_a_stranger(scene, SIGTERM);
    assert_int_equal(heard(scene, 30000), 't');
}

static void when_the_command_has_ended_a_signal_ends_the_others(void **state)
{
    struct scene *scene = *state;
    struct keeper_note note;
    struct pollfd fd;

    start(scene, "sleep 1000 & exit 0");
    fd = (struct pollfd){scene->keeper.fd, POLLIN, 0};
    assert_int_equal(poll(&fd, 1, 30000), 1);
    assert_int_equal(keeper_read(&scene->keeper, &note), 1);
    assert_int_equal(note.kind, KEEPER_ENDED);
    scene->relay.over = true;
    signal_from_a_stranger(scene, SIGUSR1); /* does not ask for it */
    assert_int_equal(poll(&fd, 1, 100), 0);
    signal_from_a_stranger(scene, SIGTERM);
    assert_int_equal(poll(&fd, 1, 30000), 1);
    assert_int_equal(keeper_read(&scene->keeper, &note), 1);
    assert_int_equal(note.kind, KEEPER_DONE);
    assert_int_equal(note.ended_by_us, 1);
}

static void all_are_blocked_but_for_faults(void **state)
{
    static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS};
    static const int others[] = {SIGHUP,  SIGINT,  SIGQUIT, SIGTERM, SIGCHLD, SIGTSTP,
                                 SIGCONT, SIGPIPE, SIGUSR1, SIGALRM, SIGTTOU, SIGWINCH};
    sigset_t now;
    (void)state;

    sigprocmask(SIG_SETMASK, NULL, &now);
    for (size_t i = 0; i < COUNT_OF(faults); i++)
        assert_int_equal(sigismember(&now, faults[i]), 0);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_int_equal(sigismember(&now, others[i]), 1);
    assert_int_equal(sigismember(&((struct scene *)*state)->before, SIGTERM), 0);
}

/* In a child, which the keeper stops: when it goes on, the command does. Exits with 0 then. */
static void stops_and_goes_on(struct scene *scene)
{
    struct keeper_note note;
    struct pollfd fd;
    sigset_t continued;

    sigemptyset(&continued);
    sigaddset(&continued, SIGCONT);
    scene->keeper = (struct keeper)KEEPER_CLOSED;
    start(scene, "kill -STOP $$; exit 3");
    while (sigwaitinfo(&continued, NULL) != SIGCONT) { /* stopping interrupts it */
    }
    keeper_signal(&scene->keeper, SIGCONT);
    fd = (struct pollfd){scene->keeper.fd, POLLIN, 0};
    if (poll(&fd, 1, 30000) != 1 || keeper_read(&scene->keeper, &note) != 1 || note.kind != KEEPER_ENDED)
        _exit(2);
    keeper_close(&scene->keeper);
    _exit(WEXITSTATUS(note.status) == 3 ? 0 : 3);
}

static void where_the_command_stops_so_does_faultline(void **state)
{
    int status;

    pid_t child = fork();
    if (child == 0)
        stops_and_goes_on(*state);
    assert_int_equal(waitpid(child, &status, WUNTRACED), child);
    assert_true(WIFSTOPPED(status));
    assert_int_equal(WSTOPSIG(status), SIGSTOP);
    kill(child, SIGCONT);
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

#define on_scene(test) cmocka_unit_test_setup_teardown(test, scene_setup, scene_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_scene(what_one_process_sends_is_handed_on),
        on_scene(what_has_reached_the_command_is_not),
        on_scene(when_the_command_has_ended_a_signal_ends_the_others),
        on_scene(all_are_blocked_but_for_faults),
        on_scene(where_the_command_stops_so_does_faultline),
    };
    return cmocka_run_group_tests_name("relay", tests, NULL, NULL);
}
