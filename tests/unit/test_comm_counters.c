#include "metric/comm_counters.h"
#include "support.h"
#include "task_fakes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static int setup(void **state)
{
    memset(&kernel, 0, sizeof(kernel));
    return folder_setup(state);
}

#define with_fakes(test) cmocka_unit_test_setup_teardown(test, setup, folder_teardown)

/* -- what /proc has, made up -- */

struct fake {
    unsigned pid;
    const char *comm;
    unsigned minor_faults, major_faults;
    unsigned rss_pages;
};

static void put(const struct folder *folder, const struct fake *fake)
{
    char name[32], text[256];

    snprintf(name, sizeof(name), "%u/stat", fake->pid);
    snprintf(text, sizeof(text),
             "%u (%s) S 1 1 1 0 -1 4194560 %u 9999 %u 9999 0 0 0 0 20 0 1 0 %u 9999999 %u "
             "18446744073709551615\n",
             fake->pid, fake->comm, fake->minor_faults, fake->major_faults, fake->pid, fake->rss_pages);
    folder_put(folder, name, text);
}

#define PUT(folder, ...) put(folder, &(struct fake){__VA_ARGS__})

static void remove_process(const struct folder *folder, unsigned pid)
{
    char name[32];

    snprintf(name, sizeof(name), "%u/stat", pid);
    folder_delete(folder, name);
    snprintf(name, sizeof(name), "%u", pid);
    folder_delete(folder, name);
}

static struct comm_counters *open_counters(const char *proc_path, size_t groups)
{
    struct comm_counters *counters = comm_counters_new(groups);

    assert_non_null(counters);
    assert_int_equal(comm_counters_open(counters, proc_path), 0);
    return counters;
}

static void look(struct comm_counters *counters)
{
    assert_int_equal(comm_counters_look(counters), 0);
}

static const struct comm_counter *find(const struct comm_counters *counters, const char *comm)
{
    size_t count;
    const struct comm_counter *named = comm_counters_named(counters, &count);

    for (size_t i = 0; i < count; i++) {
        if (strcmp(named[i].comm, comm) == 0)
            return &named[i];
    }
    return NULL;
}

static const struct comm_counter *named(const struct comm_counters *counters, const char *comm)
{
    const struct comm_counter *counter = find(counters, comm);

    if (!counter)
        fail_msg("%s has no place", comm);
    return counter;
}

/* "PROCESSES MINOR/MAJOR PAGES" */
#define assert_counter(counter, expected) check_counter(counter, expected, __LINE__)
static void check_counter(const struct comm_counter *counter, const char *expected, int line)
{
    TEXT(text, 256);

    text_format(&text, "%llu %llu/%llu %llu", (unsigned long long)counter->processes,
                (unsigned long long)counter->minor_faults, (unsigned long long)counter->major_faults,
                (unsigned long long)counter->resident_bytes / (unsigned long long)sysconf(_SC_PAGESIZE));
    check_text(&text, expected, __FILE__, line);
}

static void faults_are_counted_from_the_first_look_on(void **state)
{
    const struct folder *folder = *state;

    PUT(folder, 10, "cc1", 100, 5, 20);
    PUT(folder, 11, "cc1", 200, 7, 30);
    PUT(folder, 12, "ld", 50, 1, 4);
    struct comm_counters *counters = open_counters(folder->path, 5);
    look(counters);
    assert_counter(named(counters, "cc1"), "2 0/0 50");
    assert_counter(named(counters, "ld"), "1 0/0 4");
    PUT(folder, 10, "cc1", 110, 6, 25);
    PUT(folder, 11, "cc1", 203, 7, 30);
    PUT(folder, 13, "cc1", 9, 2, 1); /* new: all that it did */
    look(counters);
    assert_counter(named(counters, "cc1"), "3 22/3 56");
    assert_counter(named(counters, "ld"), "1 0/0 4");
    assert_counter(comm_counters_rest(counters), "0 0/0 0");
    assert_false(named(counters, "cc1")->swap_bytes.present);
    comm_counters_free(counters);
}

static void counters_stay_when_processes_end(void **state)
{
    const struct folder *folder = *state;

    PUT(folder, 10, "cc1", 100, 5, 20);
    PUT(folder, 11, "cc1", 200, 7, 30);
    struct comm_counters *counters = open_counters(folder->path, 5);
    look(counters);
    PUT(folder, 10, "cc1", 101, 6, 20);
    PUT(folder, 11, "cc1", 202, 9, 30);
    look(counters);
    remove_process(folder, 11);
    look(counters);
    assert_counter(named(counters, "cc1"), "1 3/3 20");
    remove_process(folder, 10);
    look(counters);
    assert_counter(named(counters, "cc1"), "0 3/3 0");
    PUT(folder, 11, "cc1", 4, 1, 2); /* the pid again */
    look(counters);
    assert_counter(named(counters, "cc1"), "1 7/4 2");
    comm_counters_free(counters);
}

static void who_has_no_place_is_among_the_rest(void **state)
{
    const struct folder *folder = *state;

    PUT(folder, 10, "large", 0, 0, 100000);
    PUT(folder, 11, "small", 0, 0, 300);
    PUT(folder, 12, "tiny", 0, 0, 10);
    struct comm_counters *counters = open_counters(folder->path, 1);
    look(counters);
    assert_counter(named(counters, "large"), "1 0/0 100000");
    assert_counter(comm_counters_rest(counters), "2 0/0 310");
    PUT(folder, 11, "small", 2, 0, 300);
    PUT(folder, 12, "tiny", 3, 1, 11);
    look(counters);
    assert_counter(named(counters, "large"), "1 0/0 100000");
    assert_counter(comm_counters_rest(counters), "2 5/1 311");
    comm_counters_free(counters);
}

static void who_faults_more_takes_the_place_and_begins_at_zero(void **state)
{
    const struct folder *folder = *state;

    PUT(folder, 10, "large", 0, 0, 100000);
    PUT(folder, 11, "busy", 0, 0, 1);
    struct comm_counters *counters = open_counters(folder->path, 1);
    look(counters);
    PUT(folder, 10, "large", 7, 0, 100000);
    PUT(folder, 11, "busy", 5, 0, 1);
    look(counters);
    assert_counter(named(counters, "large"), "1 7/0 100000");
    assert_counter(comm_counters_rest(counters), "1 5/0 1");
    PUT(folder, 10, "large", 8, 0, 100000);
    PUT(folder, 11, "busy", 6, 1000000, 1);
    look(counters);
    assert_null(find(counters, "large"));
    assert_counter(named(counters, "busy"), "1 1/1000000 1");
    assert_counter(comm_counters_rest(counters), "1 6/0 100000"); /* that of this look, too */
    comm_counters_free(counters);
}

static void a_name_that_does_nothing_any_more_loses_its_place(void **state)
{
    const struct folder *folder = *state;

    PUT(folder, 10, "gone", 0, 0, 1);
    struct comm_counters *counters = open_counters(folder->path, 1);
    look(counters);
    PUT(folder, 10, "gone", 1000, 0, 1);
    look(counters);
    remove_process(folder, 10);
    PUT(folder, 20, "small", 0, 0, 300);
    look(counters);
    assert_counter(named(counters, "gone"), "0 1000/0 0"); /* not at once */
    assert_counter(comm_counters_rest(counters), "1 0/0 300");
    for (int i = 0; i < 200; i++)
        look(counters);
    assert_null(find(counters, "gone"));
    assert_counter(named(counters, "small"), "1 0/0 300");
    assert_counter(comm_counters_rest(counters), "0 0/0 0");
    comm_counters_free(counters);
}

static void any_name_may_come(void **state)
{
    const struct folder *folder = *state;

    PUT(folder, 10, "other", 0, 0, 1);
    PUT(folder, 11, "", 0, 0, 2);
    PUT(folder, 12, "\xff) Z 1 (", 0, 0, 3);
    struct comm_counters *counters = open_counters(folder->path, 3);
    look(counters);
    assert_counter(named(counters, "other"), "1 0/0 1");
    assert_counter(named(counters, ""), "1 0/0 2");
    assert_counter(named(counters, "\xff) Z 1 ("), "1 0/0 3");
    assert_counter(comm_counters_rest(counters), "0 0/0 0");
    assert_string_equal(comm_counters_rest(counters)->comm, "");
    comm_counters_free(counters);
}

static void what_cannot_be_opened(void **state)
{
    struct comm_counters *counters = comm_counters_new(1);
    (void)state;

    assert_int_equal(comm_counters_open(counters, "/no/such/proc"), -ENOENT);
    comm_counters_free(counters);
    comm_counters_free(NULL);
}

/* -- through eBPF, which also tells of those that ended -- */

static void set_task(struct task_process *task, unsigned pid, const char *comm)
{
    *task = (struct task_process){.stat = {.pid = pid, .start_ticks = pid}};
    snprintf(task->stat.comm, sizeof(task->stat.comm), "%s", comm);
}

static void who_ended_has_faulted_and_holds_nothing(void **state)
{
    (void)state;
    set_task(&kernel.processes[0], 10, "cc1");
    kernel.processes[0].stat.minor_faults = 5;
    kernel.processes[0].stat.rss_pages = 30;
    kernel.processes[0].swap_pages = 4;
    kernel.count = 1;
    struct comm_counters *counters = open_counters("/proc", 5);
    look(counters);
    assert_counter(named(counters, "cc1"), "1 0/0 30");
    assert_value(named(counters, "cc1")->swap_bytes, 4 * (uint64_t)sysconf(_SC_PAGESIZE));
    kernel.ended[0] = kernel.processes[0];
    kernel.ended[0].stat.minor_faults = 8;
    kernel.ended[0].swap_pages = 0;
    set_task(&kernel.ended[1], 11, "cc1"); /* began and ended in between */
    kernel.ended[1].stat.major_faults = 2;
    kernel.ended[1].stat.rss_pages = 99;
    kernel.ended_count = 2;
    kernel.count = 0;
    look(counters);
    assert_counter(named(counters, "cc1"), "0 3/2 0");
    assert_int_equal(named(counters, "cc1")->swap_bytes.number, 0);
    comm_counters_free(counters);
}

static void a_look_that_fails_leaves_all_as_it_was(void **state)
{
    (void)state;
    set_task(&kernel.processes[0], 10, "cc1");
    kernel.count = 1;
    struct comm_counters *counters = open_counters("/proc", 5);
    look(counters);
    kernel.processes[0].stat.minor_faults = 5;
    look(counters);
    kernel.processes[0].stat.minor_faults = 9;
    kernel.read_error = -EIO;
    assert_int_equal(comm_counters_look(counters), -EIO);
    assert_counter(named(counters, "cc1"), "1 5/0 0");
    kernel.read_error = 0;
    look(counters);
    assert_counter(named(counters, "cc1"), "1 9/0 0");
    comm_counters_free(counters);
}

/* -- at random, against sums of the test's own -- */

static const char *const names[] = {"cc1", "ld", "other", "", "\xff\xfe", "python3", "fifteen-bytes-x", "sh"};

struct sums {
    uint64_t processes, pages, minor_faults, major_faults; /* of this look */
};

static unsigned next_random(unsigned *state)
{
    *state = *state * 1103515245U + 12345U;
    return *state >> 8;
}

static size_t name_of(const struct task_process *task)
{
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        if (strcmp(task->stat.comm, names[i]) == 0)
            return i;
    }
    fail();
    return 0;
}

/* One name after the other is the busiest. */
static void work(struct task_process *task, struct sums *sums, unsigned *random)
{
    bool is_busy = name_of(task) == kernel.walks / 20 % COUNT_OF(names);
    unsigned minor = next_random(random) % 4 == 0 ? next_random(random) % (is_busy ? 1000000 : 1000) : 0;
    unsigned major = next_random(random) % 8 == 0 ? next_random(random) % 1000 : 0;

    task->stat.minor_faults += minor;
    task->stat.major_faults += major;
    sums[name_of(task)].minor_faults += minor;
    sums[name_of(task)].major_faults += major;
}

/* Processes work, end, begin, in the order of their pids; the first is there for ever. */
static void go_on(unsigned *next_pid, struct sums *sums, unsigned *random)
{
    size_t kept = 0;

    memset(sums, 0, COUNT_OF(names) * sizeof(*sums));
    kernel.ended_count = kernel.ended_read = 0;
    for (size_t i = 0; i < kernel.count; i++) {
        work(&kernel.processes[i], sums, random);
        if (i > 0 && next_random(random) % 5 == 0)
            kernel.ended[kernel.ended_count++] = kernel.processes[i];
        else
            kernel.processes[kept++] = kernel.processes[i];
    }
    kernel.count = kept;
    while (kernel.count < TASK_FAKES_MAX && next_random(random) % 3 != 0) {
        struct task_process *task = &kernel.processes[kernel.count++];
        set_task(task, (*next_pid)++, names[next_random(random) % COUNT_OF(names)]);
        task->stat.rss_pages = next_random(random) % 2000;
        work(task, sums, random);
    }
    for (size_t i = 0; i < kernel.count; i++) {
        struct sums *own = &sums[name_of(&kernel.processes[i])];
        own->processes++;
        own->pages += kernel.processes[i].stat.rss_pages;
    }
}

static void grew_by(const struct comm_counter *now, const struct comm_counter *before,
                    const struct sums *sums)
{
    assert_int_equal(now->minor_faults - (before ? before->minor_faults : 0), sums->minor_faults);
    assert_int_equal(now->major_faults - (before ? before->major_faults : 0), sums->major_faults);
    assert_int_equal(now->processes, sums->processes);
    assert_int_equal(now->resident_bytes, sums->pages * (uint64_t)sysconf(_SC_PAGESIZE));
}

static void check_look(const struct comm_counters *counters, const struct comm_counter *before,
                       const struct comm_counter *rest_before, const struct sums *sums)
{
    struct sums rest = {0};

    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const struct comm_counter *now = find(counters, names[i]);
        if (now) {
            bool had_place = before[i].processes != UINT64_MAX;
            grew_by(now, had_place ? &before[i] : NULL, &sums[i]);
            continue;
        }
        rest.processes += sums[i].processes;
        rest.pages += sums[i].pages;
        rest.minor_faults += sums[i].minor_faults;
        rest.major_faults += sums[i].major_faults;
    }
    grew_by(comm_counters_rest(counters), rest_before, &rest);
}

static void each_fault_counts_once_whoever_comes_and_goes(void **state)
{
    struct comm_counter before[COUNT_OF(names)];
    struct sums sums[COUNT_OF(names)];
    (void)state;

    for (unsigned seed = 1; seed <= 8; seed++) {
        unsigned random = seed, next_pid = 1;
        size_t count, places = 0, evictions = 0;
        memset(&kernel, 0, sizeof(kernel));
        struct comm_counters *counters = open_counters("/proc", 3);
        look(counters);
        for (int i = 0; i < 300; i++) {
            for (size_t j = 0; j < COUNT_OF(names); j++) {
                const struct comm_counter *place = find(counters, names[j]);
                before[j] = place ? *place : (struct comm_counter){.processes = UINT64_MAX};
            }
            struct comm_counter rest = *comm_counters_rest(counters);
            go_on(&next_pid, sums, &random);
            look(counters);
            check_look(counters, before, &rest, sums);
            (void)comm_counters_named(counters, &count);
            assert_true(count <= 3 && count >= places);
            places = count;
            for (size_t j = 0; j < COUNT_OF(names); j++)
                evictions += before[j].processes != UINT64_MAX && !find(counters, names[j]);
        }
        assert_int_equal(places, 3);
        assert_true(evictions > 3);
        comm_counters_free(counters);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_fakes(faults_are_counted_from_the_first_look_on),
        with_fakes(counters_stay_when_processes_end),
        with_fakes(who_has_no_place_is_among_the_rest),
        with_fakes(who_faults_more_takes_the_place_and_begins_at_zero),
        with_fakes(a_name_that_does_nothing_any_more_loses_its_place),
        with_fakes(any_name_may_come),
        with_fakes(what_cannot_be_opened),
        with_fakes(who_ended_has_faulted_and_holds_nothing),
        with_fakes(a_look_that_fails_leaves_all_as_it_was),
        with_fakes(each_fault_counts_once_whoever_comes_and_goes),
    };
    return cmocka_run_group_tests_name("comm_counters", tests, NULL, NULL);
}
