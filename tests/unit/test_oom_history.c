#include "support.h"
#include "watch/oom_history.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define KILL_OF(pid)                                                                                         \
    "Memory cgroup out of memory: Killed process " #pid " (eater) total-vm:100kB, anon-rss:80kB, "           \
    "file-rss:4kB, shmem-rss:0kB, UID:0 pgtables:8kB oom_score_adj:0"

/* What was told, in the place of a list on standard output. */
struct stage {
    int log[2]; /* a pipe in the place of /dev/kmsg: a record at each read */
    char path[40];
    struct oom_history *history;
    unsigned told;
    uint64_t pid;
    struct oom_moment moment;
    int answer;
};

static int tell(void *context, const struct oom_kill *kill, const struct oom_moment *moment)
{
    struct stage *stage = context;

    stage->told++;
    stage->pid = kill->pid.number;
    stage->moment = *moment;
    return stage->answer;
}

static int stage_setup(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    if (!stage || pipe2(stage->log, O_DIRECT | O_NONBLOCK | O_CLOEXEC) < 0)
        return -1;
    snprintf(stage->path, sizeof(stage->path), "/proc/self/fd/%d", stage->log[0]);
    *state = stage;
    return oom_history_open(&stage->history, stage->path, tell, stage);
}

static int stage_teardown(void **state)
{
    struct stage *stage = *state;

    oom_history_close(stage->history);
    close(stage->log[0]);
    close(stage->log[1]);
    free(stage);
    return 0;
}

static void log_record(struct stage *stage, const char *record)
{
    assert_int_equal(write(stage->log[1], record, strlen(record)), (ssize_t)strlen(record));
}

static void kills_are_told_and_forgeries_are_not(void **state)
{
    struct stage *stage = *state;

    log_record(stage, "11,0,100,-;" KILL_OF(1) "\n");
    log_record(stage, "3,1,1000000,-;" KILL_OF(42) "\n");
    log_record(stage, "6,2,1000001,-;eth0: link up\n");
    assert_int_equal(oom_history_read(stage->history), 0);
    assert_int_equal(stage->told, 1);
    assert_int_equal(stage->pid, 42);
    log_record(stage, "3,3,2000000,-;" KILL_OF(43) "\n");
    assert_int_equal(oom_history_read(stage->history), 0);
    assert_int_equal(stage->told, 2);
    assert_int_equal(stage->pid, 43);
    assert_true(stage->moment.has_wall);
}

static void a_log_that_is_whole_and_one_that_is_cut(void **state)
{
    struct stage *stage = *state;
    struct oom_moment begin;
    uint64_t lost;

    assert_false(oom_history_is_cut(stage->history, &begin)); /* empty */
    log_record(stage, "6,5,1234567,-;something\n");
    assert_int_equal(oom_history_read(stage->history), 0);
    assert_true(oom_history_is_cut(stage->history, &begin));
    assert_int_equal(begin.monotonic_us, 1234567);
    assert_false(oom_history_lost(stage->history, &lost));
    log_record(stage, "6,9,1234568,-;something\n");
    oom_history_read(stage->history);
    assert_true(oom_history_lost(stage->history, &lost));
    assert_int_equal(lost, 3);
    assert_false(oom_history_lost(stage->history, &lost)); /* asked once */
}

static void whole(void **state)
{
    struct stage *stage = *state;
    struct oom_moment begin;

    log_record(stage, "6,0,100,-;Linux version\n");
    oom_history_read(stage->history);
    assert_false(oom_history_is_cut(stage->history, &begin));
}

static void what_the_listener_says_ends_the_reading(void **state)
{
    struct stage *stage = *state;

    stage->answer = -EPIPE;
    log_record(stage, "3,1,100,-;" KILL_OF(42) "\n");
    log_record(stage, "3,2,200,-;" KILL_OF(43) "\n");
    assert_int_equal(oom_history_read(stage->history), -EPIPE);
    assert_int_equal(stage->told, 1);
}

static int read_saved(struct stage *stage, const char *text, struct oom_saved *saved)
{
    FILE *file = fmemopen((void *)text, strlen(text), "r");

    assert_non_null(file);
    int error = oom_history_read_saved(file, UINT64_C(1795443690000000000), tell, stage, saved);
    fclose(file);
    return error;
}

static void a_saved_log(void **state)
{
    struct stage *stage = *state;
    struct oom_saved saved;

    assert_int_equal(read_saved(stage, "[    9.049181] " KILL_OF(42) "\nno stamp\n", &saved), 0);
    assert_int_equal(stage->told, 1);
    assert_true(stage->moment.has_monotonic);
    assert_int_equal(stage->moment.monotonic_us, 9049181);
    assert_true(saved.dated);
    assert_int_equal(saved.lines, 2);
    assert_int_equal(read_saved(stage, "root:x:0:0:root:/root:/bin/bash\n", &saved), 0);
    assert_false(saved.dated);
    assert_int_equal(saved.lines, 1);
    stage->answer = -ENOSPC;
    assert_int_equal(read_saved(stage, "[    9.049181] " KILL_OF(42) "\n", &saved), -ENOSPC);
}

static void without_a_log(void **state)
{
    struct oom_history *history = NULL;
    (void)state;

    assert_int_equal(oom_history_open(&history, "/no/such/kmsg", tell, NULL), -ENOENT);
    oom_history_close(NULL);
}

#define on_stage(test) cmocka_unit_test_setup_teardown(test, stage_setup, stage_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_stage(kills_are_told_and_forgeries_are_not),
        on_stage(a_log_that_is_whole_and_one_that_is_cut),
        on_stage(whole),
        on_stage(what_the_listener_says_ends_the_reading),
        on_stage(a_saved_log),
        cmocka_unit_test(without_a_log),
    };
    return cmocka_run_group_tests_name("oom_history", tests, NULL, NULL);
}
