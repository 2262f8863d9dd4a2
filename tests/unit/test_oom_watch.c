#include "base/clock.h"
#include "base/ticker.h"
#include "support.h"
#include "watch/oom_watch.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TOLD_MAX = 16 };

/* A watch over a /proc of the test's own and over a pipe in the place of /dev/kmsg, which hands out a record
 * at each read. What it says on standard error is caught. */
struct stage {
    struct folder folder;
    char proc_path[80];
    char kmsg_path[80];
    int kmsg[2]; /* the pipe's ends */
    uint64_t sequence;
    struct loop loop;
    struct ticker end;
    struct oom_watch *watch;
    struct {
        uint64_t kills;
        uint64_t pid; /* 0: no victim */
        char message[EVENT_MESSAGE_MAX];
    } told[TOLD_MAX];
    size_t count;
};

static void tell(void *context, const struct event *event)
{
    struct stage *stage = context;

    assert_true(stage->count < TOLD_MAX);
    assert_int_equal(event->kind, EVENT_OOM_KILL);
    stage->told[stage->count].kills = event->kills;
    stage->told[stage->count].pid = event->kill ? event->kill->pid.number : 0;
    memcpy(stage->told[stage->count].message, event->message, sizeof(event->message));
    stage->count++;
}

static int stage_setup(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    if (!stage)
        return -1;
    folder_make(&stage->folder);
    folder_put(&stage->folder, "proc/vmstat", "oom_kill 5\n");
    snprintf(stage->kmsg_path, sizeof(stage->kmsg_path), "%s/kmsg", stage->folder.path);
    stage->kmsg[0] = stage->kmsg[1] = -1;
    *state = stage;
    return loop_open(&stage->loop);
}

static int stage_teardown(void **state)
{
    struct stage *stage = *state;

    oom_watch_close(stage->watch);
    for (int i = 0; i < 2; i++) {
        if (stage->kmsg[i] >= 0)
            close(stage->kmsg[i]);
    }
    loop_close(&stage->loop);
    folder_remove(&stage->folder);
    free(stage);
    return 0;
}

static int open_watch(struct stage *stage, const char *cgroup_path)
{
    struct problem problem;
    struct oom_watch_settings settings = OOM_WATCH_DEFAULTS;

    snprintf(stage->proc_path, sizeof(stage->proc_path), "%s/proc", stage->folder.path);
    settings.proc_path = stage->proc_path;
    settings.kmsg_path = stage->kmsg_path;
    settings.tracefs_path = "/no/such/tracefs";
    settings.cgroup_path = cgroup_path;
    return oom_watch_open(&stage->watch, &stage->loop, &settings, tell, stage, &problem);
}

static void open_with_log(struct stage *stage)
{
    assert_int_equal(pipe2(stage->kmsg, O_DIRECT | O_NONBLOCK | O_CLOEXEC), 0);
    snprintf(stage->kmsg_path, sizeof(stage->kmsg_path), "/proc/self/fd/%d", stage->kmsg[0]);
    assert_int_equal(open_watch(stage, NULL), 0);
}

/* Without a log: what it says of that is returned, to be freed. */
static char *open_without_log(struct stage *stage, const char *cgroup_path)
{
    struct capture capture;

    capture_begin(&capture, STDERR_FILENO);
    int error = open_watch(stage, cgroup_path);
    char *said = capture_end(&capture);
    assert_int_equal(error, 0);
    return said;
}

static void stop(void *context)
{
    struct stage *stage = context;
    loop_stop(&stage->loop);
}

static void run_for_ms(struct stage *stage, uint64_t ms)
{
    ticker_start(&stage->end, &stage->loop, clock_monotonic_ns(), ms * (NS_PER_SECOND / 1000), stop, stage);
    assert_int_equal(loop_run(&stage->loop), 0);
    ticker_stop(&stage->end, &stage->loop);
}

/* A record that nobody reads yet. */
static void leave_record(struct stage *stage, unsigned priority, const char *text)
{
    char record[512];
    int length = snprintf(record, sizeof(record), "%u,%llu,%llu,-;%s\n", priority,
                          (unsigned long long)stage->sequence++,
                          (unsigned long long)(clock_monotonic_ns() / 1000), text);

    assert_int_equal(write(stage->kmsg[1], record, (size_t)length), length);
}

static void write_record(struct stage *stage, unsigned priority, const char *text)
{
    leave_record(stage, priority, text);
    run_for_ms(stage, 20);
}

/* The machine's count since boot is KILLS, and a row tells of it. */
static void count_to(struct stage *stage, unsigned kills)
{
    char text[32];

    snprintf(text, sizeof(text), "oom_kill %u\n", kills);
    folder_put(&stage->folder, "proc/vmstat", text);
    oom_watch_count(stage->watch, (struct value){kills, true});
}

static void leave_kill(struct stage *stage, unsigned pid)
{
    char text[256];

    snprintf(
        text, sizeof(text),
        "Memory cgroup out of memory: Killed process %u (eater) total-vm:100kB, anon-rss:80kB, file-rss:4kB, "
        "shmem-rss:0kB, UID:0 pgtables:8kB oom_score_adj:0",
        pid);
    leave_record(stage, 3, text);
}

static void write_kill(struct stage *stage, unsigned pid)
{
    leave_kill(stage, pid);
    run_for_ms(stage, 20);
}

static void a_kill_with_its_name_is_told_once(void **state)
{
    struct stage *stage = *state;

    open_with_log(stage);
    write_kill(stage, 42);
    assert_int_equal(stage->count, 1); /* before any row */
    assert_int_equal(stage->told[0].pid, 42);
    assert_int_equal(stage->told[0].kills, 1);
    count_to(stage, 6);
    count_to(stage, 7); /* and one whose row comes before its name */
    write_kill(stage, 43);
    run_for_ms(stage, 1200);
    oom_watch_finish(stage->watch);
    assert_int_equal(stage->count, 2);
    assert_int_equal(stage->told[1].pid, 43);
}

static void what_user_space_wrote_names_nobody(void **state)
{
    struct stage *stage = *state;

    open_with_log(stage);
    write_record(stage, 11,
                 "Killed process 1 (init) total-vm:1kB, anon-rss:1kB, file-rss:0kB, shmem-rss:0kB");
    assert_int_equal(stage->count, 0);
}

static void a_kill_without_a_name_is_told_after_a_second(void **state)
{
    struct stage *stage = *state;

    open_with_log(stage);
    count_to(stage, 6);
    run_for_ms(stage, 200);
    assert_int_equal(stage->count, 0);
    run_for_ms(stage, 1100);
    assert_int_equal(stage->count, 1);
    assert_int_equal(stage->told[0].kills, 1);
    assert_int_equal(stage->told[0].pid, 0);
    count_to(stage, 8);
    oom_watch_finish(stage->watch); /* there is no second more */
    assert_int_equal(stage->count, 2);
    assert_int_equal(stage->told[1].kills, 2);
}

static void three_kills_two_of_them_named(void **state)
{
    struct stage *stage = *state;

    open_with_log(stage);
    write_kill(stage, 42);
    write_kill(stage, 43);
    count_to(stage, 8);
    oom_watch_finish(stage->watch);
    assert_int_equal(stage->count, 3);
    assert_int_equal(stage->told[2].kills, 1);
    assert_non_null(strstr(stage->told[2].message, " (3 kills, 2 named)"));
}

static void the_victim_that_is_counted_twice_is_no_kill_without_a_name(void **state)
{
    struct stage *stage = *state;

    open_with_log(stage);
    write_kill(stage, 42);
    write_record(stage, 6, "Tasks in /pod are going to be killed due to memory.oom.group set");
    write_kill(stage, 42);
    write_kill(stage, 43);
    count_to(stage, 8);
    oom_watch_finish(stage->watch);
    assert_int_equal(stage->count, 2);
}

static void a_name_from_before_the_first_count_is_forgiven(void **state)
{
    struct stage *stage = *state;

    open_with_log(stage);
    write_kill(stage, 42); /* its count was in the first snapshot already */
    run_for_ms(stage, 1100);
    count_to(stage, 5);
    count_to(stage, 6);
    oom_watch_finish(stage->watch);
    assert_int_equal(stage->count, 2);
    assert_int_equal(stage->told[1].pid, 0);
}

static void what_was_overwritten_is_said_and_counted_at_once(void **state)
{
    struct stage *stage = *state;
    struct capture capture;

    open_with_log(stage);
    write_record(stage, 6, "something");
    folder_put(&stage->folder, "proc/vmstat", "oom_kill 7\n");
    stage->sequence += 100;
    capture_begin(&capture, STDERR_FILENO);
    write_record(stage, 6, "something else");
    char *said = capture_end(&capture);
    bool told =
        strstr(said, ": 100 records were overwritten before they could be read: OOM kills among them");
    free(said);
    assert_true(told);
    run_for_ms(stage, 1200);
    assert_int_equal(stage->count, 1);
    assert_int_equal(stage->told[0].kills, 2);
    count_to(stage, 7); /* the row tells of the same */
    oom_watch_finish(stage->watch);
    assert_int_equal(stage->count, 1);
}

static void without_a_log_the_counter_is_looked_at(void **state)
{
    struct stage *stage = *state;

    char *said = open_without_log(stage, NULL);
    bool told = strstr(said, "/kmsg: No such file or directory: OOM kills are counted, not named\n");
    free(said);
    assert_true(told);
    folder_put(&stage->folder, "proc/vmstat", "oom_kill 6\n");
    run_for_ms(stage, 150);
    assert_int_equal(stage->count, 1);
    assert_int_equal(stage->told[0].kills, 1);
    count_to(stage, 6); /* it has been told */
    oom_watch_finish(stage->watch);
    assert_int_equal(stage->count, 1);
}

/* A read of the counter that fails is made up for by the next. */
static void a_count_that_is_absent_for_a_while(void **state)
{
    struct stage *stage = *state;

    free(open_without_log(stage, NULL));
    folder_put(&stage->folder, "proc/vmstat", "");
    run_for_ms(stage, 150);
    folder_put(&stage->folder, "proc/vmstat", "oom_kill 8\n");
    run_for_ms(stage, 150);
    assert_int_equal(stage->count, 1);
    assert_int_equal(stage->told[0].kills, 3);
}

/* More than is read at a time, and a signal that asks for the end. */
static void what_waits_in_the_log_is_told_at_the_end(void **state)
{
    struct stage *stage = *state;

    open_with_log(stage);
    assert_true(fcntl(stage->kmsg[1], F_SETPIPE_SZ, 1 << 20) > 0);
    for (unsigned i = 0; i < 200; i++)
        leave_record(stage, 6, "something else");
    leave_kill(stage, 42);
    folder_put(&stage->folder, "proc/vmstat", "oom_kill 7\n");
    oom_watch_finish(stage->watch);
    assert_int_equal(stage->count, 2);
    assert_int_equal(stage->told[0].pid, 42);
    assert_int_equal(stage->told[1].kills, 1);
    assert_non_null(strstr(stage->told[1].message, " (2 kills, 1 named)"));
}

/* Patience was over while faultline itself was held up: what the log says by then is heard first. */
static void a_name_that_waited_is_told_before_the_number(void **state)
{
    struct stage *stage = *state;

    open_with_log(stage);
    count_to(stage, 6);
    usleep(1100000);
    leave_kill(stage, 42);
    count_to(stage, 6);
    assert_int_equal(stage->count, 1);
    assert_int_equal(stage->told[0].pid, 42);
}

static void one_cgroup_alone(void **state)
{
    struct stage *stage = *state;
    char group[80];

    snprintf(group, sizeof(group), "%s/group", stage->folder.path);
    folder_put(&stage->folder, "group/memory.events", "oom 0\noom_kill 0\n");
    free(open_without_log(stage, group));
    folder_put(&stage->folder, "proc/vmstat", "oom_kill 6\n");
    run_for_ms(stage, 150);
    assert_int_equal(stage->count, 0);
    folder_put(&stage->folder, "group/memory.events", "oom 1\noom_kill 2\n");
    run_for_ms(stage, 20);
    assert_int_equal(stage->count, 1);
    assert_int_equal(stage->told[0].kills, 2);
}

/* Of v1, whose count nobody tells of: it is looked at when the machine's has grown, and once more, as it
 * grows later; always where the machine's is not known. */
static void a_group_is_looked_at_when_there_may_be_something(void **state)
{
    struct stage *stage = *state;
    char group[80];

    snprintf(group, sizeof(group), "%s/group", stage->folder.path);
    folder_put(&stage->folder, "group/memory.oom_control", "under_oom 0\noom_kill 0\n");
    free(open_without_log(stage, group));
    folder_put(&stage->folder, "group/memory.oom_control", "under_oom 0\noom_kill 1\n");
    count_to(stage, 5);
    assert_int_equal(stage->count, 0);
    count_to(stage, 6);
    assert_int_equal(stage->count, 1);
    folder_put(&stage->folder, "group/memory.oom_control", "under_oom 0\noom_kill 2\n");
    count_to(stage, 6); /* it grew behind the machine's */
    assert_int_equal(stage->count, 2);
    folder_put(&stage->folder, "group/memory.oom_control", "under_oom 0\noom_kill 3\n");
    count_to(stage, 6);
    assert_int_equal(stage->count, 2);
    oom_watch_count(stage->watch, (struct value){0, false});
    assert_int_equal(stage->count, 3);
}

/* Who dies with its group is told by its own one, where /proc still has it. */
static void the_own_group_of_one_that_dies_with_others(void **state)
{
    struct stage *stage = *state;

    folder_put(&stage->folder, "proc/43/comm", "eater\n");
    folder_put(&stage->folder, "proc/43/cgroup", "0::/pod/b\n");
    open_with_log(stage);
    write_kill(stage, 42);
    write_record(stage, 6, "Tasks in /pod are going to be killed due to memory.oom.group set");
    write_kill(stage, 43);
    write_kill(stage, 44);
    assert_int_equal(stage->count, 3);
    assert_non_null(strstr(stage->told[1].message, "cgroup /pod/b"));
    assert_non_null(strstr(stage->told[2].message, "cgroup /pod,"));
}

/* Nothing tells that a group of v1 is gone but that a kill is looked for there. */
static void a_cgroup_that_is_gone_and_one_in_its_place(void **state)
{
    struct stage *stage = *state;
    struct capture capture;
    char group[80];

    snprintf(group, sizeof(group), "%s/group", stage->folder.path);
    folder_put(&stage->folder, "group/memory.oom_control", "under_oom 0\noom_kill 7\n");
    free(open_without_log(stage, group));
    folder_delete(&stage->folder, "group/memory.oom_control");
    assert_int_equal(rmdir(group), 0);
    capture_begin(&capture, STDERR_FILENO);
    count_to(stage, 6);
    count_to(stage, 7);
    char *said = capture_end(&capture);
    const char *gone = strstr(said, " is gone");
    bool once = gone && !strstr(gone + 1, " is gone");
    free(said);
    assert_true(once);
    assert_int_equal(stage->count, 0);
    folder_put(&stage->folder, "group/memory.oom_control", "under_oom 0\noom_kill 2\n");
    count_to(stage, 9);
    assert_int_equal(stage->count, 1);
    assert_int_equal(stage->told[0].kills, 2);
    folder_put(&stage->folder, "group/memory.oom_control", "under_oom 0\noom_kill 3\n");
    count_to(stage, 10);
    assert_int_equal(stage->count, 2);
    assert_int_equal(stage->told[1].kills, 1);
}

#define on_stage(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_stage(a_kill_with_its_name_is_told_once),
        on_stage(what_user_space_wrote_names_nobody),
        on_stage(a_kill_without_a_name_is_told_after_a_second),
        on_stage(three_kills_two_of_them_named),
        on_stage(the_victim_that_is_counted_twice_is_no_kill_without_a_name),
        on_stage(a_name_from_before_the_first_count_is_forgiven),
        on_stage(what_was_overwritten_is_said_and_counted_at_once),
        on_stage(without_a_log_the_counter_is_looked_at),
        on_stage(a_count_that_is_absent_for_a_while),
        on_stage(what_waits_in_the_log_is_told_at_the_end),
        on_stage(a_name_that_waited_is_told_before_the_number),
        on_stage(one_cgroup_alone),
        on_stage(a_cgroup_that_is_gone_and_one_in_its_place),
        on_stage(a_group_is_looked_at_when_there_may_be_something),
        on_stage(the_own_group_of_one_that_dies_with_others),
    };
    return cmocka_run_group_tests_name("oom_watch", tests, NULL, NULL);
}
