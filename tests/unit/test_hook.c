#include "base/clock.h"
#include "base/signals.h"
#include "support.h"
#include "watch/hook.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

/* A hook in a loop that ends when the hook is idle, and what it and its commands said on standard error. */
struct stage {
    struct folder folder;
    struct loop loop;
    struct signals signals;
    struct hook hook;
    char command[PATH_MAX];
    unsigned idles;
    uint64_t began_ns;
};

static void on_signal(void *context, int signal)
{
    struct stage *stage = context;
    (void)signal;
    hook_reap(&stage->hook);
}

static void on_idle(void *context)
{
    struct stage *stage = context;
    stage->idles++;
    loop_stop(&stage->loop);
}

static int stage_setup(void **state)
{
    static const int signals[] = {SIGCHLD};
    struct stage *stage = calloc(1, sizeof(*stage));

    if (!stage)
        return -1;
    folder_make(&stage->folder);
    *state = stage;
    stage->began_ns = clock_monotonic_ns();
    if (loop_open(&stage->loop) < 0)
        return -1;
    return signals_catch(&stage->signals, &stage->loop, signals, 1, on_signal, stage);
}

static int stage_teardown(void **state)
{
    struct stage *stage = *state;

    hook_close(&stage->hook);
    signals_close(&stage->signals);
    loop_close(&stage->loop);
    folder_remove(&stage->folder);
    free(stage);
    return 0;
}

/* COMMAND is run in the stage's folder. */
static void open_hook(struct stage *stage, const char *command)
{
    snprintf(stage->command, sizeof(stage->command), "cd %s; %s", stage->folder.path, command);
    assert_int_equal(hook_open(&stage->hook, &stage->loop, stage->command, on_idle, stage), 0);
}

static void send(struct stage *stage, const char *line)
{
    TEXT(text, HOOK_LINE_MAX * 2);
    text_string(&text, line);
    hook_send(&stage->hook, &text);
}

static double seconds_since_setup(const struct stage *stage)
{
    return (double)(clock_monotonic_ns() - stage->began_ns) / 1e9;
}

static void check_log(const struct stage *stage, const char *expected, int line)
{
    char *log = folder_get(&stage->folder, "log");
    bool same = strcmp(log, expected) == 0;
    if (!same)
        print_error("got:\n%swant:\n%s", log, expected);
    free(log);
    if (!same)
        _fail(__FILE__, line);
}
#define assert_log(stage, expected) check_log(stage, expected, __LINE__)

static void without_a_command_nothing_happens(void **state)
{
    struct stage *stage = *state;

    assert_int_equal(hook_open(&stage->hook, &stage->loop, NULL, on_idle, stage), 0);
    send(stage, "{}\n");
    hook_reap(&stage->hook);
    assert_false(hook_busy(&stage->hook));
    assert_int_equal(stage->idles, 0);
}

static void the_event_is_on_the_commands_standard_input(void **state)
{
    struct stage *stage = *state;

    open_hook(stage, "cat >> log");
    assert_false(hook_busy(&stage->hook));
    send(stage, "{\"type\":\"oom_kill\",\"kills\":1}\n");
    assert_true(hook_busy(&stage->hook));
    assert_int_equal(loop_run(&stage->loop), 0);
    assert_false(hook_busy(&stage->hook));
    assert_int_equal(stage->idles, 1);
    assert_log(stage, "{\"type\":\"oom_kill\",\"kills\":1}\n");
}

static void commands_run_one_at_a_time_in_order(void **state)
{
    struct stage *stage = *state;

    open_hook(stage, "{ echo begin; sleep 0.03; cat; echo end; } >> log");
    send(stage, "1\n");
    send(stage, "2\n");
    send(stage, "3\n");
    loop_run(&stage->loop);
    assert_int_equal(stage->idles, 1); /* once, behind the last */
    assert_log(stage, "begin\n1\nend\nbegin\n2\nend\nbegin\n3\nend\n");
}

static void sending_does_not_wait_for_the_command(void **state)
{
    struct stage *stage = *state;

    open_hook(stage, "sleep 0.5; cat >> log");
    uint64_t before = clock_monotonic_ns();
    for (int i = 0; i < 3; i++)
        send(stage, "x\n");
    assert_true(clock_monotonic_ns() - before < 400 * UINT64_C(1000000));
    loop_run(&stage->loop);
    assert_log(stage, "x\nx\nx\n");
}

static void a_second_round_after_idle(void **state)
{
    struct stage *stage = *state;

    open_hook(stage, "cat >> log");
    for (int round = 0; round < 3; round++) {
        send(stage, "x\n");
        loop_run(&stage->loop);
    }
    assert_int_equal(stage->idles, 3);
    assert_log(stage, "x\nx\nx\n");
}

/* More rounds than the ring has places. */
static void every_place_of_the_queue_holds_its_own_line(void **state)
{
    struct stage *stage = *state;
    char expected[1024] = "";
    unsigned number = 0;

    open_hook(stage, "cat >> log");
    for (unsigned round = 0; round < 4; round++) {
        for (unsigned i = 0; i < 20; i++) {
            char line[16];
            snprintf(line, sizeof(line), "%u\n", number++);
            strcat(expected, line);
            send(stage, line);
        }
        loop_run(&stage->loop);
    }
    assert_log(stage, expected);
}

static void events_that_find_the_queue_full_are_dropped_counted_and_said(void **state)
{
    struct stage *stage = *state;
    struct capture capture;
    char expected[1024] = "", said[PATH_MAX * 2 + 256];

    open_hook(stage, "cat >> log");
    capture_begin(&capture, STDERR_FILENO);
    for (unsigned i = 0; i < 1 + HOOK_QUEUE_MAX + 5; i++) { /* one runs, as many wait as can */
        char line[16];
        snprintf(line, sizeof(line), "%u\n", i);
        if (i < 1 + HOOK_QUEUE_MAX)
            strcat(expected, line);
        send(stage, line);
    }
    uint64_t dropped = stage->hook.dropped;
    loop_run(&stage->loop);
    char *printed = capture_end(&capture);
    assert_int_equal(dropped, 5);
    assert_int_equal(stage->hook.dropped, 0); /* said, and counted anew */
    assert_log(stage, expected);
    snprintf(
        said, sizeof(said),
        "faultline: --on-event '%s': slower than the events: those that find 32 others waiting are dropped\n"
        "faultline: --on-event '%s': 5 events were dropped\n",
        stage->command, stage->command);
    assert_string_equal(printed, said);
    free(printed);
}

static void a_line_of_the_largest_size_arrives_whole_and_a_larger_one_is_dropped(void **state)
{
    struct stage *stage = *state;
    struct capture capture;
    char line[HOOK_LINE_MAX + 2];

    memset(line, 'x', sizeof(line));
    line[HOOK_LINE_MAX - 1] = '\n';
    line[HOOK_LINE_MAX] = '\0';
    open_hook(stage, "cat >> log");
    send(stage, line);
    loop_run(&stage->loop);
    assert_log(stage, line);

    memset(line, 'y', HOOK_LINE_MAX + 1);
    line[HOOK_LINE_MAX + 1] = '\0';
    capture_begin(&capture, STDERR_FILENO);
    send(stage, line);
    free(capture_end(&capture));
    assert_int_equal(stage->hook.dropped, 1);
    assert_false(hook_busy(&stage->hook));
}

static void a_command_that_does_not_read_its_input_does_no_harm(void **state)
{
    struct stage *stage = *state;

    open_hook(stage, "exec <&-; echo ran >> log");
    for (int i = 0; i < 5; i++)
        send(stage, "x\n");
    loop_run(&stage->loop);
    assert_log(stage, "ran\nran\nran\nran\nran\n");
}

static void a_command_that_fails_does_not_stop_the_next(void **state)
{
    struct stage *stage = *state;
    struct capture capture;

    open_hook(stage, "cat >> log; no-such-command-anywhere; exit 3");
    capture_begin(&capture, STDERR_FILENO);
    send(stage, "1\n");
    send(stage, "2\n");
    loop_run(&stage->loop);
    char *printed = capture_end(&capture);
    assert_log(stage, "1\n2\n");
    assert_non_null(strstr(printed, "no-such-command-anywhere")); /* the shell says so */
    const char *status = strstr(printed, "ended with status 3 (said once)\n");
    assert_non_null(status);
    assert_null(strstr(status + 1, "ended with status"));
    free(printed);
}

static void a_command_that_is_killed_is_told_once(void **state)
{
    struct stage *stage = *state;
    struct capture capture;

    open_hook(stage, "kill -SEGV $$");
    capture_begin(&capture, STDERR_FILENO);
    send(stage, "1\n");
    send(stage, "2\n");
    loop_run(&stage->loop);
    char *printed = capture_end(&capture);
    const char *told = strstr(printed, "was killed by signal 11 (said once)\n");
    bool once = told && !strstr(told + 1, "was killed");
    free(printed);
    assert_true(once);
}

static void a_command_that_cannot_be_started_is_told_and_the_next_is_tried(void **state)
{
    struct stage *stage = *state;
    struct rlimit usual, none;

    open_hook(stage, "cat >> log");
    assert_int_equal(getrlimit(RLIMIT_NOFILE, &usual), 0);
    struct capture capture; /* opened before the limit: only the hook may run into it */
    capture_begin(&capture, STDERR_FILENO);
    none = (struct rlimit){0, usual.rlim_max};
    setrlimit(RLIMIT_NOFILE, &none);
    send(stage, "1\n");
    setrlimit(RLIMIT_NOFILE, &usual);
    char *printed = capture_end(&capture);
    bool told = strstr(printed, "': Too many open files\n") != NULL;
    free(printed);
    assert_true(told);
    assert_false(hook_busy(&stage->hook));
    send(stage, "2\n");
    loop_run(&stage->loop);
    assert_log(stage, "2\n");
}

/* The kernel takes 128 KiB for one argument. */
static void a_command_that_is_too_long_to_start_does_not_stay_running(void **state)
{
    enum { TOO_LONG = 300000 };
    struct stage *stage = *state;
    char *command = malloc(TOO_LONG);

    assert_non_null(command);
    memset(command, ' ', TOO_LONG - 1);
    command[TOO_LONG - 1] = '\0';
    memcpy(command, "true", 4);
    assert_int_equal(hook_open(&stage->hook, &stage->loop, command, on_idle, stage), 0);
    for (int i = 0; i < 2; i++) {
        struct capture capture;
        capture_begin(&capture, STDERR_FILENO);
        send(stage, "x\n");
        loop_run(&stage->loop);
        char *printed = capture_end(&capture);
        bool told = strncmp(printed, "faultline: --on-event 'true ", 28) == 0 &&
                    strstr(printed, "...': Argument list too long\n");
        free(printed);
        assert_true(told);
        assert_false(hook_busy(&stage->hook));
    }
    hook_close(&stage->hook);
    stage->hook = (struct hook){0};
    free(command);
}

static void what_a_command_prints_does_not_mix_with_the_rows(void **state)
{
    struct stage *stage = *state;
    struct capture out, err;

    open_hook(stage, "echo to stdout; echo to stderr >&2");
    capture_begin(&out, STDOUT_FILENO);
    capture_begin(&err, STDERR_FILENO);
    send(stage, "x\n");
    loop_run(&stage->loop);
    char *to_err = capture_end(&err);
    char *to_out = capture_end(&out);
    assert_string_equal(to_out, "");
    assert_string_equal(to_err, "to stdout\nto stderr\n");
    free(to_err);
    free(to_out);
}

/* What of them is ignored already where the tests are started is not faultline's doing. */
static void commands_find_sigpipe_as_usual_and_no_signal_blocked(void **state)
{
    struct stage *stage = *state;
    unsigned long long blocked = 1, ignored = 0;

    open_hook(stage, "grep -E '^Sig(Blk|Ign):' /proc/self/status >> log");
    send(stage, "x\n");
    loop_run(&stage->loop);
    char *log = folder_get(&stage->folder, "log");
    int found = sscanf(log, "SigBlk: %llx SigIgn: %llx", &blocked, &ignored);
    free(log);
    assert_int_equal(found, 2);
    assert_true(blocked == 0);
    assert_true((ignored & 1ULL << (SIGPIPE - 1)) == 0);
}

static unsigned count_inheritable_descriptors(void)
{
    unsigned count = 0;

    for (int fd = 0; fd < 4096; fd++) {
        int flags = fcntl(fd, F_GETFD);
        count += flags >= 0 && !(flags & FD_CLOEXEC);
    }
    return count;
}

static void commands_inherit_none_of_our_descriptors(void **state)
{
    struct stage *stage = *state;
    char expected[16];

    /* ls reads the list through one more. */
    snprintf(expected, sizeof(expected), "%u\n", count_inheritable_descriptors() + 1);
    open_hook(stage, "ls /proc/self/fd > list; wc -l < list >> log");
    send(stage, "x\n");
    send(stage, "x\n");
    loop_run(&stage->loop);
    char *log = folder_get(&stage->folder, "log");
    assert_memory_equal(log, expected, strlen(expected));
    assert_string_equal(log + strlen(expected), expected);
    free(log);
}

static void a_command_has_10_seconds(void **state)
{
    struct stage *stage = *state;
    struct itimerspec left;

    open_hook(stage, "cat >> log");
    send(stage, "x\n");
    assert_int_equal(timerfd_gettime(stage->hook.timeout.fd, &left), 0);
    assert_true(left.it_value.tv_sec == 9 || (left.it_value.tv_sec == 10 && left.it_value.tv_nsec == 0));
    loop_run(&stage->loop);
    assert_int_equal(timerfd_gettime(stage->hook.timeout.fd, &left), 0);
    assert_int_equal(left.it_value.tv_sec, 0); /* and the time ends with it */
    assert_int_equal(left.it_value.tv_nsec, 0);
}

/* Whether the process is gone, or is a zombie that nobody has waited for yet. */
static bool has_ended(long pid)
{
    char path[64], state = 'Z';

    snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
    FILE *file = fopen(path, "re");
    if (!file)
        return true;
    if (fscanf(file, "%*d (%*[^)]) %c", &state) != 1)
        state = 'Z';
    fclose(file);
    return state == 'Z' || state == 'X';
}

static void a_command_that_takes_too_long_is_killed_with_its_children(void **state)
{
    static const struct itimerspec soon = {.it_value.tv_nsec = 300000000};
    struct stage *stage = *state;
    struct capture capture;
    char expected[PATH_MAX + 128];

    open_hook(
        stage,
        "read number; if [ $number = 1 ]; then sleep 1000 & echo $! > child; wait; fi; echo $number >> log");
    capture_begin(&capture, STDERR_FILENO);
    send(stage, "1\n");
    send(stage, "2\n");
    timerfd_settime(stage->hook.timeout.fd, 0, &soon, NULL); /* instead of the 10 s */
    loop_run(&stage->loop);
    char *printed = capture_end(&capture);
    char *child = folder_get(&stage->folder, "child");
    long pid = strtol(child, NULL, 10);
    free(child);
    for (int i = 0; i < 100 && !has_ended(pid); i++)
        usleep(10000);
    bool ended = has_ended(pid);
    if (!ended)
        kill((pid_t)pid, SIGKILL);
    assert_true(ended);
    assert_true(seconds_since_setup(stage) < 9);
    assert_log(stage, "2\n"); /* the next one had its turn */
    snprintf(expected, sizeof(expected),
             "faultline: --on-event '%.80s...': took longer than 10 s and was killed\n", stage->command);
    assert_string_equal(printed, expected);
    free(printed);
}

static void at_the_end_all_have_10_seconds_together(void **state)
{
    static const struct itimerspec soon = {.it_value.tv_nsec = 300000000};
    struct stage *stage = *state;
    struct capture capture;
    struct itimerspec left;

    open_hook(stage, "cat >> log; sleep 0.2");
    capture_begin(&capture, STDERR_FILENO);
    for (int i = 0; i < 9; i++)
        send(stage, "x\n");
    hook_finish(&stage->hook);
    timerfd_gettime(stage->hook.timeout.fd, &left);
    timerfd_settime(stage->hook.timeout.fd, 0, &soon, NULL);
    loop_run(&stage->loop);
    char *printed = capture_end(&capture);
    char *log = folder_get(&stage->folder, "log");
    size_t ran = strlen(log) / 2;
    free(log);
    assert_true(left.it_value.tv_sec >= 9);
    assert_in_range(ran, 1, 8);
    assert_int_equal(stage->idles, 1);
    assert_non_null(strstr(printed, "events were dropped\n"));
    free(printed);
}

static void a_command_that_runs_does_not_outlive_the_hook(void **state)
{
    struct stage *stage = *state;

    open_hook(stage, "sleep 1000");
    send(stage, "x\n");
    pid_t command = stage->hook.running;
    assert_true(command > 0);
    hook_close(&stage->hook);
    stage->hook = (struct hook){0};
    for (int i = 0; i < 100 && !has_ended(command); i++)
        usleep(10000);
    assert_true(has_ended(command));
    waitpid(command, NULL, 0);
}

static void a_command_that_somebody_else_has_waited_for_has_ended(void **state)
{
    struct stage *stage = *state;

    open_hook(stage, "true");
    send(stage, "x\n");
    waitpid(stage->hook.running, NULL, 0);
    hook_reap(&stage->hook);
    assert_false(hook_busy(&stage->hook));
    assert_int_equal(stage->idles, 1);
}

static void a_child_of_somebody_else_is_left_alone(void **state)
{
    struct stage *stage = *state;

    open_hook(stage, "cat >> log; sleep 0.1");
    pid_t other = fork();
    if (other == 0)
        _exit(7);
    send(stage, "x\n");
    loop_run(&stage->loop);
    assert_log(stage, "x\n");
    int status = 0;
    assert_int_equal(waitpid(other, &status, 0), other);
    assert_int_equal(WEXITSTATUS(status), 7);
}

#define on_stage(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_stage(without_a_command_nothing_happens),
        on_stage(the_event_is_on_the_commands_standard_input),
        on_stage(commands_run_one_at_a_time_in_order),
        on_stage(sending_does_not_wait_for_the_command),
        on_stage(a_second_round_after_idle),
        on_stage(every_place_of_the_queue_holds_its_own_line),
        on_stage(events_that_find_the_queue_full_are_dropped_counted_and_said),
        on_stage(a_line_of_the_largest_size_arrives_whole_and_a_larger_one_is_dropped),
        on_stage(a_command_that_does_not_read_its_input_does_no_harm),
        on_stage(a_command_that_fails_does_not_stop_the_next),
        on_stage(a_command_that_is_killed_is_told_once),
        on_stage(a_command_that_cannot_be_started_is_told_and_the_next_is_tried),
        on_stage(a_command_that_is_too_long_to_start_does_not_stay_running),
        on_stage(what_a_command_prints_does_not_mix_with_the_rows),
        on_stage(commands_find_sigpipe_as_usual_and_no_signal_blocked),
        on_stage(commands_inherit_none_of_our_descriptors),
        on_stage(a_command_has_10_seconds),
        on_stage(a_command_that_takes_too_long_is_killed_with_its_children),
        on_stage(at_the_end_all_have_10_seconds_together),
        on_stage(a_command_that_runs_does_not_outlive_the_hook),
        on_stage(a_command_that_somebody_else_has_waited_for_has_ended),
        on_stage(a_child_of_somebody_else_is_left_alone),
    };
    return cmocka_run_group_tests_name("hook", tests, NULL, NULL);
}
