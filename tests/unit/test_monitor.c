#include "base/clock.h"
#include "commands/monitor.h"
#include "support.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/* In the order in which they came: i(nterval), s(torm in it), a(lert), k(ill), f(lush); in capitals where a
 * command of --on-event was running by then. */
enum { TOLD_MAX = 64 };

/* A monitor over a /proc and a cgroup of the test's own. Real kills of the machine are not of that cgroup.
 * What it says on standard error is caught. */
struct stage {
    struct folder folder;
    char proc_path[80];
    char group_path[80];
    char command[PATH_MAX];
    struct monitor_settings settings;
    struct monitor monitor;
    char told[TOLD_MAX];
    size_t count;
    uint64_t kills; /* of the last kill that was told */
    double switches[TOLD_MAX];
    size_t intervals;
    unsigned resized;
    unsigned hung_up;

    /* what the listener does */
    int (*on_told)(struct stage *stage, char what);
    struct ticker own;
};

static int note(struct stage *stage, char what)
{
    assert_true(stage->count < TOLD_MAX - 1);
    stage->told[stage->count++] = what;
    return stage->on_told ? stage->on_told(stage, what) : 0;
}

static int on_interval(void *context, const struct interval *interval, bool storm)
{
    struct stage *stage = context;

    assert_true(interval->seconds >= stage->settings.beat.delay_seconds / 2);
    stage->switches[stage->intervals++] = interval->values[M_context_switches_per_second] * interval->seconds;
    return note(stage, storm ? 's' : 'i');
}

static int on_event(void *context, const struct event *event)
{
    struct stage *stage = context;
    bool busy = hook_busy(&stage->monitor.hook);

    if (event->kind == EVENT_ALERT)
        return note(stage, busy ? 'A' : 'a');
    stage->kills = event->kills;
    return note(stage, busy ? 'K' : 'k');
}

static int on_flush(void *context)
{
    struct stage *stage = context;
    return note(stage, hook_busy(&stage->monitor.hook) ? 'F' : 'f');
}

static void on_resized(void *context)
{
    struct stage *stage = context;

    stage->resized++;
    monitor_end(&stage->monitor);
}

static void on_hung_up(void *context)
{
    struct stage *stage = context;
    stage->hung_up++;
}

static void put_proc(const struct stage *stage, unsigned faults, unsigned switches)
{
    TEXT(text, 128);

    text_format(&text, "pgmajfault %u\noom_kill 5\n", faults);
    folder_put_bytes(&stage->folder, "proc/vmstat", text.bytes, text.length);
    text.length = 0;
    text_format(&text, "ctxt %u\nprocs_running 3\n", switches);
    folder_put_bytes(&stage->folder, "proc/stat", text.bytes, text.length);
}

static int stage_setup(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    if (!stage)
        return -1;
    *state = stage;
    folder_make(&stage->folder);
    put_proc(stage, 10, 1000);
    folder_put(&stage->folder, "group/memory.events", "oom_kill 2\n");
    snprintf(stage->proc_path, sizeof(stage->proc_path), "%s/proc", stage->folder.path);
    snprintf(stage->group_path, sizeof(stage->group_path), "%s/group", stage->folder.path);
    stage->settings = (struct monitor_settings){
        .beat = {.delay_seconds = 0.02},
        .proc_path = stage->proc_path,
        .cgroup_path = stage->group_path,
        .watch = WATCH_DEFAULTS,
    };
    return 0;
}

static int stage_teardown(void **state)
{
    struct stage *stage = *state;

    ticker_stop(&stage->own, &stage->monitor.loop);
    monitor_release(&stage->monitor);
    folder_remove(&stage->folder);
    free(stage);
    return 0;
}

/* COMMAND of --on-event is run in the stage's folder. */
static void set_command(struct stage *stage, const char *command)
{
    snprintf(stage->command, sizeof(stage->command), "cd %s; %s", stage->folder.path, command);
    stage->settings.on_event = stage->command;
}

static void open_with(struct stage *stage, const struct monitor_listener *listener)
{
    struct monitor *monitor = &stage->monitor;
    struct problem problem = {0};

    assert_int_equal(monitor_init(monitor, &stage->settings, listener), 0);
    assert_int_equal(sampler_want(monitor->series.sampler, &metric_table[M_context_switches_per_second],
                                  NULL),
                     0);
    if (monitor_open(monitor, &problem) < 0)
        fail_msg("monitor_open: %s", problem.text);
}

/* Until the loop is about to run. Returns what was said meanwhile, to be freed. */
static char *start(struct stage *stage)
{
    const struct monitor_listener listener = {.interval = on_interval,
                                              .event = on_event,
                                              .flush = on_flush,
                                              .resized = on_resized,
                                              .context = stage};
    struct columns none = {0};
    struct capture capture;

    capture_begin(&capture, STDERR_FILENO);
    open_with(stage, &listener);
    monitor_start(&stage->monitor, &none);
    return capture_end(&capture);
}

/* Returns what was said meanwhile, to be freed. */
static char *run(struct stage *stage)
{
    struct capture capture;

    free(start(stage));
    capture_begin(&capture, STDERR_FILENO);
    int error = monitor_run(&stage->monitor);
    char *said = capture_end(&capture);
    assert_int_equal(error, 0);
    return said;
}

/* So many faults and switches that both alert, before the first interval ends. */
static int rush(struct stage *stage, char what)
{
    (void)what;
    if (stage->count == 1)
        put_proc(stage, 10000000, 50000000);
    return 0;
}

static int one_thousand_switches(struct stage *stage, char what)
{
    (void)what;
    put_proc(stage, 10, 1000 + 1000 * (unsigned)(stage->intervals + 1));
    return 0;
}

static uint64_t kills_before(const struct stage *stage)
{
    const struct series *series = &stage->monitor.series;
    return sampler_total(series->sampler, M_oom_kills, series->before).number;
}

static void intervals_are_told_and_counted(void **state)
{
    struct stage *stage = *state;

    stage->settings.beat.count = 3;
    stage->settings.watch.context_switches = 1e9;
    stage->on_told = one_thousand_switches;
    free(run(stage));
    assert_string_equal(stage->told, "fififif");
    for (size_t i = 0; i < 3; i++)
        assert_near(stage->switches[i], 1000);
    assert_int_equal(stage->monitor.error, 0);
}

static int keep_kills(struct stage *stage, char what)
{
    if (what == 'f' && stage->count == 1)
        folder_put(&stage->folder, "proc/vmstat", "oom_kill 7\n");
    else if (what == 'i')
        stage->kills = kills_before(stage);
    return 0;
}

static void the_raw_numbers_of_the_start_and_of_an_interval_are_at_hand(void **state)
{
    struct stage *stage = *state;

    stage->settings.beat.count = 1;
    stage->on_told = keep_kills;
    free(start(stage));
    assert_int_equal(kills_before(stage), 5);
    assert_int_equal(monitor_run(&stage->monitor), 0);
    assert_string_equal(stage->told, "fif");
    assert_int_equal(stage->kills, 7);
}

static int late_once(struct stage *stage, char what)
{
    if (what == 'f' && stage->intervals == 1)
        usleep(35000); /* 1.75 beats */
    return 0;
}

/* on_interval() looks at how long they are. */
static void a_beat_right_behind_a_late_one_is_served_with_the_next(void **state)
{
    struct stage *stage = *state;

    stage->settings.beat.count = 4;
    stage->on_told = late_once;
    free(run(stage));
    assert_string_equal(stage->told, "fifififif");
}

static void an_interval_then_its_alerts_then_the_command_then_the_flush(void **state)
{
    struct stage *stage = *state;

    stage->settings.beat.count = 1;
    set_command(stage, "cat >> log");
    stage->on_told = rush;
    free(run(stage));
    assert_string_equal(stage->told, "fsaaF");
    char *log = folder_get(&stage->folder, "log"); /* it was waited for */
    const char *faults = strstr(log, "\"major_faults\"");
    const char *switches = strstr(log, "\"context_switches\"");
    bool both = faults && switches && faults < switches && strchr(log, '\n') < switches;
    free(log);
    assert_true(both);
}

static int rush_on(struct stage *stage, char what)
{
    TEXT(text, 128);

    if (what != 'f' && what != 'F')
        return 0;
    put_proc(stage, 10000000 * (unsigned)(stage->intervals + 1), 1000);
    text_format(&text, "4242 (a\"b\n) S 1 1 1 0 -1 0 0 0 %zu 0 0 0 0 0 20 0 1 0 5 0 0 0\n",
                1000 * stage->intervals);
    folder_put_bytes(&stage->folder, "proc/4242/stat", text.bytes, text.length);
    return 0;
}

static void who_is_behind_major_faults_is_told_to_the_command(void **state)
{
    struct stage *stage = *state;

    stage->settings.beat.count = 2;
    set_command(stage, "cat >> log");
    stage->on_told = rush_on;
    free(run(stage));
    assert_int_equal(strcasecmp(stage->told, "fiafiaf"), 0); /* the first command may run on */
    char *log = folder_get(&stage->folder, "log");
    bool named = strstr(log, "\"state\":\"continue\"") &&
                 strstr(log, "\"processes\":[{\"pid\":4242,\"comm\":\"a\\\"b\\u000a\",");
    free(log);
    assert_true(named);
}

static void without_alerts_there_are_intervals_alone(void **state)
{
    struct stage *stage = *state;

    stage->settings.beat.count = 1;
    stage->settings.no_alerts = true;
    stage->on_told = rush;
    free(run(stage));
    assert_string_equal(stage->told, "fif");
    assert_near(stage->switches[0], 50000000 - 1000);
    assert_false(sampler_wants(stage->monitor.series.sampler, M_oom_kills));
    assert_null(stage->monitor.oom_watch);
    assert_null(stage->monitor.culprits);
}

static int kill_three(struct stage *stage, char what)
{
    if (what == 'i')
        folder_put(&stage->folder, "group/memory.events", "oom_kill 5\n");
    return 0;
}

static void kills_that_are_counted_are_told_before_the_end(void **state)
{
    struct stage *stage = *state;

    stage->settings.beat.count = 1;
    set_command(stage, "cat >> log");
    stage->on_told = kill_three;
    free(run(stage));
    assert_string_equal(stage->told, "fifkF");
    assert_int_equal(stage->kills, 3);
    char *log = folder_get(&stage->folder, "log");
    bool told = strstr(log, "\"kills\":3") != NULL;
    free(log);
    assert_true(told);
}

static int fail_at_first(struct stage *stage, char what)
{
    (void)what;
    return stage->count == 1 ? -EPIPE : 0;
}

static int fail_at_interval(struct stage *stage, char what)
{
    return what == 'i' ? -ENOSPC : stage->intervals > 0 ? -EIO : 0;
}

static int fail_at_alert(struct stage *stage, char what)
{
    rush(stage, what);
    return what == 'a' ? -EINTR : 0;
}

static void what_a_listener_returns_ends_the_run_and_is_kept(void **state)
{
    static const struct {
        int (*fail)(struct stage *stage, char what);
        const char *told;
        int error;
    } cases[] = {
        {fail_at_first, "f", -EPIPE},
        {fail_at_interval, "fif", -ENOSPC}, /* the first one */
        {fail_at_alert, "fsaaf", -EINTR},
    };
    struct stage *stage = *state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        put_proc(stage, 10, 1000);
        memset(stage->told, 0, sizeof(stage->told));
        stage->count = stage->intervals = 0;
        stage->on_told = cases[i].fail;
        free(run(stage));
        assert_string_equal(stage->told, cases[i].told);
        assert_int_equal(stage->monitor.error, cases[i].error);
        monitor_release(&stage->monitor);
    }
}

static int terminate(struct stage *stage, char what)
{
    (void)stage;
    if (what == 'i')
        raise(SIGTERM);
    return 0;
}

static void a_signal_ends_it_in_order(void **state)
{
    struct stage *stage = *state;

    stage->on_told = terminate;
    char *said = run(stage);
    assert_string_equal(stage->told, "fif");
    assert_string_equal(said, "");
    free(said);
    assert_int_equal(stage->monitor.error, 0);
}

static int rush_and_terminate(struct stage *stage, char what)
{
    if (what == 'F')
        raise(SIGTERM);
    return rush(stage, what);
}

static void a_signal_waits_for_the_command(void **state)
{
    struct stage *stage = *state;

    set_command(stage, "sleep 0.2; echo ran >> log");
    stage->settings.beat.delay_seconds = 0.5; /* so that no other interval is due by then */
    stage->settings.watch.context_switches = 1e12;
    stage->on_told = rush_and_terminate;
    char *said = run(stage);
    assert_string_equal(stage->told, "fiaF");
    assert_string_equal(said,
                        "faultline: waiting up to 10 s for --on-event; a second signal ends it at once\n");
    free(said);
    char *log = folder_get(&stage->folder, "log");
    assert_string_equal(log, "ran\n");
    free(log);
}

static void add_own_source(struct stage *stage, void (*ready)(void *context))
{
    assert_int_equal(ticker_start(&stage->own, &stage->monitor.loop, clock_monotonic_ns(), NS_PER_SECOND / 50,
                                  ready, stage),
                     0);
}

static void terminate_while_busy(void *context)
{
    struct stage *stage = context;

    if (hook_busy(&stage->monitor.hook))
        raise(SIGINT);
}

static void a_second_signal_does_not_wait(void **state)
{
    struct stage *stage = *state;
    struct capture capture;

    set_command(stage, "sleep 1000");
    stage->on_told = rush;
    free(start(stage));
    add_own_source(stage, terminate_while_busy);
    capture_begin(&capture, STDERR_FILENO);
    int error = monitor_run(&stage->monitor);
    char *said = capture_end(&capture);
    assert_int_equal(error, 0);
    assert_string_equal(said,
                        "faultline: waiting up to 10 s for --on-event; a second signal ends it at once\n");
    free(said);
}

static int resize(struct stage *stage, char what)
{
    (void)stage;
    if (what == 'i')
        raise(SIGWINCH);
    return 0;
}

static void a_new_size_of_the_terminal_is_told(void **state)
{
    struct stage *stage = *state;

    stage->on_told = resize;
    free(run(stage));
    assert_string_equal(stage->told, "fif");
    assert_int_equal(stage->resized, 1);
}

static int hang_up(struct stage *stage, char what)
{
    (void)stage;
    if (what == 'i')
        raise(SIGHUP);
    return 0;
}

static void who_hangs_up_ends_it_where_nobody_listens(void **state)
{
    struct stage *stage = *state;

    stage->on_told = hang_up;
    free(run(stage));
    assert_string_equal(stage->told, "fif");
    assert_int_equal(stage->hung_up, 0);
}

static void who_hangs_up_is_told_of_and_it_goes_on(void **state)
{
    struct stage *stage = *state;
    const struct monitor_listener listener = {.interval = on_interval,
                                              .event = on_event,
                                              .flush = on_flush,
                                              .hung_up = on_hung_up,
                                              .context = stage};
    struct columns none = {0};
    struct capture capture;

    stage->settings.beat.count = 3;
    stage->on_told = hang_up;
    capture_begin(&capture, STDERR_FILENO);
    open_with(stage, &listener);
    monitor_start(&stage->monitor, &none);
    free(capture_end(&capture));
    assert_int_equal(monitor_run(&stage->monitor), 0);
    assert_string_equal(stage->told, "fififif");
    assert_in_range(stage->hung_up, 2, 3); /* of the last one nobody may read any more */
    assert_int_equal(stage->monitor.error, 0);
}

/* For who runs its loop as part of another one. */
static void it_is_begun_and_its_loop_turned_by_others(void **state)
{
    struct stage *stage = *state;

    stage->settings.beat.count = 2;
    free(start(stage));
    assert_string_equal(stage->told, "");
    assert_int_equal(monitor_begin(&stage->monitor), 0);
    assert_string_equal(stage->told, "f");
    while (!stage->monitor.loop.stopping) {
        struct pollfd poll_fd = {.fd = stage->monitor.loop.epoll_fd, .events = POLLIN};
        assert_int_equal(poll(&poll_fd, 1, -1), 1);
        assert_int_equal(loop_turn(&stage->monitor.loop), 0);
    }
    assert_string_equal(stage->told, "fifif");
}

static void flush_and_resized_may_be_left_out(void **state)
{
    struct stage *stage = *state;
    const struct monitor_listener listener = {on_interval, on_event, .context = stage};
    struct columns none = {0};
    struct capture capture;

    stage->settings.beat.count = 3;
    stage->on_told = resize;
    capture_begin(&capture, STDERR_FILENO);
    open_with(stage, &listener);
    monitor_start(&stage->monitor, &none);
    free(capture_end(&capture));
    assert_int_equal(monitor_run(&stage->monitor), 0);
    assert_string_equal(stage->told, "iii");
}

static void end_after_two(void *context)
{
    struct stage *stage = context;

    if (stage->intervals >= 2)
        monitor_end(&stage->monitor);
}

static void a_source_of_the_commands_own_may_end_it(void **state)
{
    struct stage *stage = *state;

    free(start(stage));
    add_own_source(stage, end_after_two);
    assert_int_equal(monitor_run(&stage->monitor), 0);
    assert_true(stage->intervals >= 2);
    assert_int_equal(stage->monitor.error, 0);
}

static void fail_by_itself(void *context)
{
    struct stage *stage = context;

    monitor_check(&stage->monitor, 0); /* nothing becomes of it */
    if (stage->intervals >= 1)
        monitor_check(&stage->monitor, -EDQUOT);
}

static void a_source_of_the_commands_own_may_fail(void **state)
{
    struct stage *stage = *state;

    free(start(stage));
    add_own_source(stage, fail_by_itself);
    assert_int_equal(monitor_run(&stage->monitor), 0);
    assert_true(stage->intervals >= 1);
    assert_int_equal(stage->monitor.error, -EDQUOT);
}

static void cpus_that_a_threshold_needs_are_missed_aloud(void **state)
{
    struct stage *stage = *state;
    char expected[256];

    snprintf(expected, sizeof(expected),
             "faultline: %s/stat: has no CPUs for --alert-cs N/cpu: what comes from it is absent\n",
             stage->proc_path);
    stage->settings.watch.context_switches_per_cpu = true;
    char *said = start(stage);
    bool missed = strstr(said, expected) != NULL;
    free(said);
    assert_true(missed);
}

static void one_that_does_not_open_and_one_that_is_zeroed_are_released(void **state)
{
    struct stage *stage = *state;
    const struct monitor_listener listener = {on_interval, on_event, .context = stage};
    struct monitor zeroed = {0};
    struct problem problem = {0};

    stage->settings.proc_path = "/no/such/proc";
    assert_int_equal(monitor_init(&stage->monitor, &stage->settings, &listener), 0);
    assert_int_equal(monitor_open(&stage->monitor, &problem), -ENOENT);
    assert_non_null(strstr(problem.text, "/no/such/proc"));
    monitor_release(&stage->monitor);
    monitor_release(&stage->monitor);
    monitor_release(&zeroed);
    assert_true(fcntl(STDIN_FILENO, F_GETFD) >= 0);
}

#define on_stage(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_stage(intervals_are_told_and_counted),
        on_stage(the_raw_numbers_of_the_start_and_of_an_interval_are_at_hand),
        on_stage(a_beat_right_behind_a_late_one_is_served_with_the_next),
        on_stage(an_interval_then_its_alerts_then_the_command_then_the_flush),
        on_stage(who_is_behind_major_faults_is_told_to_the_command),
        on_stage(without_alerts_there_are_intervals_alone),
        on_stage(kills_that_are_counted_are_told_before_the_end),
        on_stage(what_a_listener_returns_ends_the_run_and_is_kept),
        on_stage(a_signal_ends_it_in_order),
        on_stage(a_signal_waits_for_the_command),
        on_stage(a_second_signal_does_not_wait),
        on_stage(a_new_size_of_the_terminal_is_told),
        on_stage(who_hangs_up_ends_it_where_nobody_listens),
        on_stage(who_hangs_up_is_told_of_and_it_goes_on),
        on_stage(it_is_begun_and_its_loop_turned_by_others),
        on_stage(flush_and_resized_may_be_left_out),
        on_stage(a_source_of_the_commands_own_may_end_it),
        on_stage(a_source_of_the_commands_own_may_fail),
        on_stage(cpus_that_a_threshold_needs_are_missed_aloud),
        on_stage(one_that_does_not_open_and_one_that_is_zeroed_are_released),
    };
    signal(SIGHUP, SIG_DFL); /* under nohup, too */
    return cmocka_run_group_tests_name("monitor", tests, NULL, NULL);
}
