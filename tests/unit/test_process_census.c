#include "kernel/bpf.h"
#include "metric/process_census.h"
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

#define with_fake(test) cmocka_unit_test_setup_teardown(test, setup, folder_teardown)

struct fake {
    unsigned pid;
    uint64_t minor_faults, major_faults;
    unsigned start_ticks;
    unsigned rss_pages, swap_pages;
    unsigned uid;
    bool kernel_thread;
};

static struct task_process task_of(const struct fake *fake)
{
    return (struct task_process){
        .stat = {.pid = fake->pid,
                 .start_ticks = fake->start_ticks,
                 .minor_faults = fake->minor_faults,
                 .major_faults = fake->major_faults,
                 .rss_pages = fake->rss_pages,
                 .kernel_thread = fake->kernel_thread,
                 .comm = "x"},
        .uid = fake->uid,
        .swap_pages = fake->swap_pages,
    };
}

/* The processes that live from now on, by pid. */
#define LIVE(...)                                                                                            \
    live((const struct fake[]){__VA_ARGS__}, sizeof((const struct fake[]){__VA_ARGS__}) / sizeof(struct fake))
static void live(const struct fake *fakes, size_t count)
{
    kernel.count = count;
    for (size_t i = 0; i < count; i++)
        kernel.processes[i] = task_of(&fakes[i]);
}

#define END(...) end(&(struct fake){__VA_ARGS__})
static void end(const struct fake *fake)
{
    assert_true(kernel.ended_count < ENDED_FAKES_MAX);
    kernel.ended[kernel.ended_count++] = task_of(fake);
}

/* -- what /proc has, made up -- */

static void put_stat(const struct folder *folder, const struct fake *fake)
{
    char name[32], text[256];

    snprintf(name, sizeof(name), "%u/stat", fake->pid);
    snprintf(
        text, sizeof(text),
        "%u (x) S 1 1 1 0 -1 %s %llu 9999 %llu 9999 0 0 0 0 20 0 1 0 %u 9999999 %u 18446744073709551615\n",
        fake->pid, fake->kernel_thread ? "2129984" : "4194560", (unsigned long long)fake->minor_faults,
        (unsigned long long)fake->major_faults, fake->start_ticks, fake->rss_pages);
    folder_put(folder, name, text);
}

#define PUT(folder, ...) put_stat(folder, &(struct fake){__VA_ARGS__})

static void remove_process(const struct folder *folder, unsigned pid)
{
    char name[32];

    snprintf(name, sizeof(name), "%u/stat", pid);
    folder_delete(folder, name);
    snprintf(name, sizeof(name), "%u", pid);
    folder_delete(folder, name);
}

/* -- what a look tells -- */

static struct {
    struct kept {
        struct process_stat stat;
        struct process_change change; /* without its stat */
    } all[ENDED_FAKES_MAX];
    size_t count;
} visits;

static void keep(void *context, const struct process_change *change)
{
    struct kept *kept = &visits.all[visits.count++];

    assert_ptr_equal(context, &visits);
    assert_true(visits.count <= COUNT_OF(visits.all));
    kept->stat = *change->stat;
    kept->change = *change;
    kept->change.stat = NULL;
}

static struct process_census_result look(struct process_census *census)
{
    struct process_census_result result;

    visits.count = 0;
    assert_int_equal(process_census_run(census, keep, &visits, &result), 0);
    return result;
}

static void put_since(struct text *text, struct value since)
{
    if (since.present)
        text_unsigned(text, since.number);
    else
        text_char(text, '-');
}

/* Each visit as "PID MINOR/MAJOR", since the last look; one that has ended with a '+'. */
#define assert_visits(expected) check_visits(expected, __LINE__)
static void check_visits(const char *expected, int line)
{
    TEXT(text, 4096);

    for (size_t i = 0; i < visits.count; i++) {
        const struct kept *kept = &visits.all[i];
        text_format(&text, i > 0 ? ", %llu%s " : "%llu%s ", (unsigned long long)kept->stat.pid,
                    kept->change.ended ? "+" : "");
        put_since(&text, kept->change.minor_faults_since);
        text_char(&text, '/');
        put_since(&text, kept->change.major_faults_since);
    }
    check_text(&text, expected, __FILE__, line);
}

static struct process_census *open_proc(const struct folder *folder)
{
    struct process_census *census = process_census_new();

    assert_non_null(census);
    assert_int_equal(process_census_open(census, folder->path, PROCESS_SOURCE_PROC, true), 0);
    return census;
}

/* Reads through eBPF. Of /proc it has the real one, as eBPF is not taken for another. */
static struct process_census *open_bpf(void)
{
    struct process_census *census = process_census_new();

    assert_non_null(census);
    assert_int_equal(process_census_open(census, "/proc", PROCESS_SOURCE_BPF, true), 0);
    assert_int_equal(process_census_source(census), PROCESS_SOURCE_BPF);
    assert_null(process_census_why_not_bpf(census));
    return census;
}

/* -- which source it is -- */

static void through_bpf_where_that_is_possible(void **state)
{
    struct process_census *census = process_census_new();
    (void)state;

    assert_int_equal(process_census_open(census, "/proc", PROCESS_SOURCE_AUTO, true), 0);
    assert_int_equal(process_census_source(census), PROCESS_SOURCE_BPF);
    assert_null(process_census_why_not_bpf(census));
    assert_int_equal(kernel.iterators, 1);
    assert_int_equal(kernel.exits, 1);
    LIVE({.pid = 1}, {.pid = 7});
    assert_int_equal(look(census).processes, 2);
    assert_int_equal(kernel.walks, 1);
    process_census_free(census);
    assert_int_equal(kernel.iterators, 0);
    assert_int_equal(kernel.exits, 0);
}

static void through_proc_where_it_is_not(void **state)
{
    static const int errors[] = {-EPERM, -ENOSYS, -ENOENT, -EXDEV, -ENOMEM};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(errors); i++) {
        struct process_census *census = process_census_new();
        kernel.iterator_error = errors[i];
        assert_int_equal(process_census_open(census, "/proc", PROCESS_SOURCE_AUTO, true), 0);
        assert_int_equal(process_census_source(census), PROCESS_SOURCE_PROC);
        assert_string_equal(process_census_why_not_bpf(census), bpf_why(errors[i]));
        assert_int_equal(kernel.exits, 0);
        assert_true(look(census).processes > 0); /* this one, at least */
        assert_int_equal(kernel.walks, 0);
        process_census_free(census);
        census = process_census_new();
        assert_int_equal(process_census_open(census, "/proc", PROCESS_SOURCE_BPF, true), -ENOTSUP);
        assert_string_equal(process_census_why_not_bpf(census), bpf_why(errors[i]));
        process_census_free(census);
    }
}

static void of_another_proc_ebpf_tells_nothing(void **state)
{
    const struct folder *folder = *state;
    struct process_census *census = process_census_new();

    assert_int_equal(process_census_open(census, folder->path, PROCESS_SOURCE_AUTO, true), 0);
    assert_int_equal(process_census_source(census), PROCESS_SOURCE_PROC);
    assert_non_null(strstr(process_census_why_not_bpf(census), "another --proc"));
    process_census_free(census);
    census = process_census_new();
    assert_int_equal(process_census_open(census, folder->path, PROCESS_SOURCE_BPF, true), -ENOTSUP);
    assert_non_null(strstr(process_census_why_not_bpf(census), "another --proc"));
    process_census_free(census);
    assert_int_equal(kernel.iterators, 0);
}

static void proc_alone_is_asked_for(void **state)
{
    struct process_census *census = open_proc(*state);

    assert_int_equal(process_census_source(census), PROCESS_SOURCE_PROC);
    assert_null(process_census_why_not_bpf(census));
    process_census_free(census);
    census = process_census_new();
    assert_int_equal(process_census_open(census, "/nonexistent", PROCESS_SOURCE_AUTO, true), -ENOENT);
    process_census_free(census);
    process_census_free(NULL);
}

static void without_those_that_end(void **state)
{
    struct process_census *census = process_census_new();
    (void)state;

    assert_int_equal(process_census_open(census, "/proc", PROCESS_SOURCE_BPF, false), 0);
    assert_int_equal(kernel.exits, 0);
    LIVE({.pid = 1}, {.pid = 7});
    look(census);
    LIVE({.pid = 1});
    assert_false(look(census).ended.present);
    assert_visits("1 0/0");
    process_census_free(census);
    kernel.exits_error = -EPERM; /* nor where they cannot be told of */
    census = open_bpf();
    LIVE({.pid = 1}, {.pid = 7, .minor_faults = 5});
    look(census);
    assert_false(look(census).ended.present);
    assert_visits("1 0/0, 7 0/0");
    process_census_free(census);
}

/* -- through the program in the kernel -- */

static void what_is_told_of_a_process(void **state)
{
    struct process_census *census = open_bpf();
    (void)state;

    LIVE({.pid = 1},
         {.pid = 7,
          .minor_faults = 30,
          .major_faults = 4,
          .start_ticks = 99,
          .rss_pages = 5,
          .swap_pages = 3,
          .uid = 1000},
         {.pid = 8, .minor_faults = 5, .kernel_thread = true});
    struct process_census_result result = look(census);
    assert_int_equal(result.processes, 3); /* kernel threads are counted */
    assert_int_equal(result.unread, 0);
    assert_visits("1 -/-, 7 -/-");
    const struct kept *kept = &visits.all[1];
    assert_int_equal(kept->stat.start_ticks, 99);
    assert_int_equal(kept->stat.minor_faults, 30);
    assert_int_equal(kept->stat.major_faults, 4);
    assert_int_equal(kept->stat.rss_pages, 5);
    assert_value(kept->change.uid, 1000);
    assert_value(kept->change.swap_bytes, 3 * (uint64_t)sysconf(_SC_PAGESIZE));
    assert_false(kept->change.ended);
    process_census_free(census);
}

static void increments_from_look_to_look(void **state)
{
    struct process_census *census = open_bpf();
    (void)state;

    LIVE({.pid = 1}, {.pid = 7, .minor_faults = 30, .major_faults = 4});
    look(census);
    assert_visits("1 -/-, 7 -/-");
    LIVE({.pid = 1}, {.pid = 7, .minor_faults = 33, .major_faults = 6}, {.pid = 9, .minor_faults = 12});
    look(census);
    assert_visits("1 0/0, 7 3/2, 9 12/0"); /* a new one has all of its since */
    LIVE({.pid = 1}, {.pid = 7, .minor_faults = 32, .major_faults = 7}, {.pid = 9, .minor_faults = 12});
    look(census);
    assert_visits("1 0/0, 7 -/1, 9 0/0"); /* backwards is no increment */
    process_census_free(census);
}

static void a_pid_that_somebody_else_has_now(void **state)
{
    struct process_census *census = open_bpf();
    (void)state;

    LIVE({.pid = 1}, {.pid = 7, .minor_faults = 30, .start_ticks = 5});
    look(census);
    END(.pid = 7, .minor_faults = 31, .start_ticks = 5);
    LIVE({.pid = 1}, {.pid = 7, .minor_faults = 40, .start_ticks = 6});
    struct process_census_result result = look(census);
    assert_visits("1 0/0, 7 40/0, 7+ 1/0");
    assert_int_equal(result.processes, 2);
    assert_value(result.ended, 1);
    process_census_free(census);
}

static void a_process_that_ended(void **state)
{
    struct process_census *census = open_bpf();
    (void)state;

    LIVE({.pid = 1}, {.pid = 7, .minor_faults = 30, .major_faults = 4, .uid = 5});
    look(census);
    LIVE({.pid = 1});
    END(.pid = 7, .minor_faults = 35, .major_faults = 5, .uid = 5);  /* was there before */
    END(.pid = 8, .minor_faults = 100, .major_faults = 2, .uid = 6); /* came and went */
    struct process_census_result result = look(census);
    assert_visits("1 0/0, 7+ 5/1, 8+ 100/2");
    assert_value(visits.all[2].change.uid, 6);
    assert_int_equal(result.processes, 1);
    assert_value(result.ended, 2);
    assert_int_equal(result.ended_lost, 0);
    result = look(census); /* each is told of once */
    assert_visits("1 0/0");
    assert_value(result.ended, 0);
    process_census_free(census);
}

/* It is counted, as those that live are, and not among the processes. */
static void a_kernel_thread_that_ended(void **state)
{
    struct process_census *census = open_bpf();
    (void)state;

    LIVE({.pid = 1});
    look(census);
    END(.pid = 9, .minor_faults = 3, .kernel_thread = true);
    struct process_census_result result = look(census);
    assert_visits("1 0/0");
    assert_value(result.ended, 1);
    process_census_free(census);
}

/* Nobody has waited for it: the walk still finds it. */
static void a_process_that_ended_and_is_still_there(void **state)
{
    struct process_census *census = open_bpf();
    (void)state;

    LIVE({.pid = 1}, {.pid = 7, .minor_faults = 30});
    look(census);
    LIVE({.pid = 1}, {.pid = 7, .minor_faults = 35});
    END(.pid = 7, .minor_faults = 35);
    struct process_census_result result = look(census);
    assert_visits("1 0/0, 7 5/0");
    assert_value(result.ended, 1);
    LIVE({.pid = 1});
    result = look(census);
    assert_visits("1 0/0");
    assert_value(result.ended, 0);
    process_census_free(census);
}

/* The walk met it as it lived; what it did since is of the next look. */
static void a_process_that_ends_behind_the_walk(void **state)
{
    struct process_census *census = open_bpf();
    (void)state;

    LIVE({.pid = 1}, {.pid = 7, .minor_faults = 30});
    look(census);
    LIVE({.pid = 1}, {.pid = 7, .minor_faults = 35});
    END(.pid = 7, .minor_faults = 37);
    kernel.ended_in_walk = 1;
    struct process_census_result result = look(census);
    assert_visits("1 0/0, 7 5/0");
    assert_value(result.ended, 0);
    LIVE({.pid = 1});
    result = look(census);
    assert_visits("1 0/0, 7+ 2/0");
    assert_value(result.ended, 1);
    assert_value(look(census).ended, 0);
    process_census_free(census);
}

/* It had gone when the walk came by: it is of this look, and counts from the last. */
static void a_process_that_ends_in_front_of_the_walk(void **state)
{
    struct process_census *census = open_bpf();
    (void)state;

    LIVE({.pid = 1}, {.pid = 7, .minor_faults = 30000});
    look(census);
    LIVE({.pid = 1});
    END(.pid = 6, .minor_faults = 3);
    END(.pid = 7, .minor_faults = 30005);
    kernel.ended_in_walk = 1;
    struct process_census_result result = look(census);
    assert_visits("1 0/0, 6+ 3/0, 7+ 5/0");
    assert_value(result.ended, 2);
    result = look(census);
    assert_visits("1 0/0");
    assert_value(result.ended, 0);
    process_census_free(census);
}

/* Two threads that end at the same time both find that they are the last. */
static void a_process_that_is_told_of_twice(void **state)
{
    struct process_census *census = open_bpf();
    (void)state;

    LIVE({.pid = 1});
    look(census);
    END(.pid = 7, .minor_faults = 30, .major_faults = 5, .start_ticks = 2);
    END(.pid = 8, .minor_faults = 1);
    END(.pid = 7, .minor_faults = 33, .major_faults = 4, .start_ticks = 2);
    END(.pid = 7, .minor_faults = 9, .start_ticks = 3); /* another one */
    struct process_census_result result = look(census);
    assert_visits("1 0/0, 7+ 33/5, 8+ 1/0, 7+ 9/0");
    assert_value(result.ended, 3);
    process_census_free(census);
}

static void in_the_first_look_nobody_has_ended(void **state)
{
    struct process_census *census = open_bpf();
    (void)state;

    LIVE({.pid = 1}, {.pid = 9, .minor_faults = 50});
    END(.pid = 7, .minor_faults = 30);
    END(.pid = 8, .minor_faults = 30);
    END(.pid = 9, .minor_faults = 51);
    kernel.ended_in_walk = 2;
    kernel.lost = 5;
    struct process_census_result result = look(census);
    assert_visits("1 -/-, 9 -/-");
    assert_false(result.ended.present);
    assert_int_equal(result.ended.number, 0);
    assert_int_equal(result.ended_lost, 0);
    LIVE({.pid = 1});
    result = look(census);
    assert_visits("1 0/0, 9+ 1/0");
    assert_value(result.ended, 1);
    assert_int_equal(result.ended_lost, 0);
    process_census_free(census);
}

static void those_that_were_lost_are_counted(void **state)
{
    struct process_census *census = open_bpf();
    (void)state;

    LIVE({.pid = 1});
    look(census);
    kernel.lost = 12;
    END(.pid = 7);
    struct process_census_result result = look(census);
    assert_value(result.ended, 13);
    assert_int_equal(result.ended_lost, 12);
    kernel.lost = 15;
    result = look(census);
    assert_value(result.ended, 3);
    assert_int_equal(result.ended_lost, 3);
    result = look(census);
    assert_value(result.ended, 0);
    assert_int_equal(result.ended_lost, 0);
    process_census_free(census);
}

/* More than are kept between two looks: the rest is for the next. */
static void very_many_that_end(void **state)
{
    struct process_census *census = open_bpf();
    (void)state;

    LIVE({.pid = 1});
    look(census);
    for (unsigned i = 0; i < ENDED_FAKES_MAX - 10; i++)
        END(.pid = 100 + i, .minor_faults = 1);
    uint64_t first = look(census).ended.number;
    assert_int_equal(visits.count, 1 + first);
    uint64_t second = look(census).ended.number;
    assert_int_equal(first + second, ENDED_FAKES_MAX - 10);
    assert_int_equal(visits.all[visits.count - 1].stat.pid, 100 + ENDED_FAKES_MAX - 11);
    process_census_free(census);
}

static void a_look_that_fails(void **state)
{
    struct process_census *census = open_bpf();
    struct process_census_result result = {.processes = 77};
    (void)state;

    LIVE({.pid = 1}, {.pid = 7, .minor_faults = 30}, {.pid = 8, .minor_faults = 10});
    look(census);
    LIVE({.pid = 1}, {.pid = 7, .minor_faults = 1000});
    END(.pid = 8, .minor_faults = 11);
    kernel.lost = 3;
    kernel.read_error = -EIO;
    visits.count = 0;
    assert_int_equal(process_census_run(census, keep, &visits, &result), -EIO);
    assert_int_equal(visits.count, 0);
    assert_int_equal(result.processes, 77);
    kernel.read_error = 0;
    LIVE({.pid = 1}, {.pid = 7, .minor_faults = 34});
    END(.pid = 9, .minor_faults = 5);
    result = look(census);
    assert_visits("1 0/0, 7 4/0, 8+ 1/0, 9+ 5/0");
    assert_value(result.ended, 5);
    assert_int_equal(result.ended_lost, 3);
    process_census_free(census);
}

static void a_first_look_that_fails_is_none(void **state)
{
    struct process_census *census = open_bpf();
    struct process_census_result result;
    (void)state;

    kernel.read_error = -EIO;
    assert_int_equal(process_census_run(census, keep, &visits, &result), -EIO);
    kernel.read_error = 0;
    LIVE({.pid = 1}, {.pid = 7, .minor_faults = 30});
    assert_false(look(census).ended.present);
    assert_visits("1 -/-, 7 -/-");
    process_census_free(census);
}

/* As /proc has it: the real one. */
static void the_first_process_where_the_walk_lacks_it(void **state)
{
    struct process_census *census = open_bpf();
    struct process_stat stat;
    (void)state;

    assert_int_equal(process_read_stat(process_census_proc_fd(census), 1, &stat), 0);
    LIVE({.pid = 7, .minor_faults = 30, .uid = 5});
    struct process_census_result result = look(census);
    assert_int_equal(result.processes, 2);
    assert_int_equal(visits.count, 2);
    assert_int_equal(visits.all[0].stat.pid, 1);
    assert_string_equal(visits.all[0].stat.comm, stat.comm);
    assert_int_equal(visits.all[0].stat.start_ticks, stat.start_ticks);
    assert_true(visits.all[0].stat.minor_faults >= stat.minor_faults);
    assert_false(visits.all[0].change.uid.present);
    assert_false(visits.all[0].change.swap_bytes.present);
    assert_false(visits.all[0].change.minor_faults_since.present);
    assert_value(visits.all[1].change.uid, 5);
    look(census);
    assert_true(visits.all[0].change.minor_faults_since.present);
    assert_true(visits.all[0].change.minor_faults_since.number < 1 + visits.all[0].stat.minor_faults);
    LIVE({.pid = 1, .uid = 3, .start_ticks = 1}, {.pid = 7});
    assert_int_equal(look(census).processes, 2); /* where it has it, that one counts */
    assert_value(visits.all[0].change.uid, 3);
    process_census_free(census);
}

/* -- through /proc -- */

static void through_proc(void **state)
{
    struct process_census *census = open_proc(*state);

    PUT(*state, .pid = 7, .minor_faults = 30, .major_faults = 4, .start_ticks = 99, .rss_pages = 5);
    PUT(*state, .pid = 8, .kernel_thread = true);
    folder_put(*state, "9/stat", "9 (x) rubbish\n");
    struct process_census_result result = look(census);
    assert_int_equal(result.processes, 3);
    assert_int_equal(result.unread, 1);
    assert_false(result.ended.present);
    assert_visits("7 -/-");
    assert_int_equal(visits.all[0].stat.start_ticks, 99);
    assert_int_equal(visits.all[0].stat.rss_pages, 5);
    assert_false(visits.all[0].change.uid.present);
    assert_false(visits.all[0].change.swap_bytes.present);
    PUT(*state, .pid = 7, .minor_faults = 33, .major_faults = 4, .start_ticks = 99);
    result = look(census);
    assert_visits("7 3/0");
    assert_false(result.ended.present); /* nobody tells of them */
    PUT(*state, .pid = 7, .minor_faults = 5, .start_ticks = 100);
    look(census);
    assert_visits("7 5/0"); /* somebody else */
    remove_process(*state, 7);
    result = look(census);
    assert_visits("");
    assert_int_equal(result.processes, 2);
    assert_int_equal(kernel.walks, 0);
    process_census_free(census);
}

/* -- */

static uint64_t due_in_visit;
static unsigned dues_in_visit;

static void note_due(void *context, const struct process_change *change)
{
    if (process_census_is_due(context, change->stat->pid)) {
        due_in_visit = change->stat->pid;
        dues_in_visit++;
    }
}

static void each_is_due_in_one_of_16_looks(void **state)
{
    enum { LOOKS = 16 };
    struct process_census *census = open_proc(*state);
    struct process_census_result result;
    unsigned times[LOOKS] = {0};

    for (unsigned pid = 1; pid <= LOOKS; pid++)
        PUT(*state, .pid = pid);
    for (unsigned looks = 0; looks < LOOKS; looks++) {
        dues_in_visit = 0;
        assert_int_equal(process_census_run(census, note_due, census, &result), 0);
        assert_int_equal(dues_in_visit, 1); /* not all in the same */
        times[due_in_visit - 1]++;
        for (unsigned pid = 1; pid <= LOOKS; pid++) /* and behind it the same */
            assert_int_equal(process_census_is_due(census, pid), pid == due_in_visit);
    }
    for (unsigned i = 0; i < LOOKS; i++)
        assert_int_equal(times[i], 1);
    process_census_free(census);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_fake(through_bpf_where_that_is_possible),
        with_fake(through_proc_where_it_is_not),
        with_fake(of_another_proc_ebpf_tells_nothing),
        with_fake(proc_alone_is_asked_for),
        with_fake(without_those_that_end),
        with_fake(what_is_told_of_a_process),
        with_fake(increments_from_look_to_look),
        with_fake(a_pid_that_somebody_else_has_now),
        with_fake(a_process_that_ended),
        with_fake(a_kernel_thread_that_ended),
        with_fake(a_process_that_ended_and_is_still_there),
        with_fake(a_process_that_ends_behind_the_walk),
        with_fake(a_process_that_ends_in_front_of_the_walk),
        with_fake(a_process_that_is_told_of_twice),
        with_fake(in_the_first_look_nobody_has_ended),
        with_fake(those_that_were_lost_are_counted),
        with_fake(very_many_that_end),
        with_fake(a_look_that_fails),
        with_fake(a_first_look_that_fails_is_none),
        with_fake(the_first_process_where_the_walk_lacks_it),
        with_fake(through_proc),
        with_fake(each_is_due_in_one_of_16_looks),
    };
    return cmocka_run_group_tests_name("process_census", tests, NULL, NULL);
}
