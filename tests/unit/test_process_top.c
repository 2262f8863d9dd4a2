#include "metric/process_top.h"
#include "support.h"
#include "task_fakes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* -- the users of a machine of the test's own -- */

static const struct folder *users_folder;

void __real_users_read(struct users *users, const char *path);
void __wrap_users_read(struct users *users, const char *path);

void __wrap_users_read(struct users *users, const char *path)
{
    char fake[128];

    assert_string_equal(path, "/etc/passwd");
    folder_put(users_folder, "passwd",
               "root:x:0:0::/:\nadam:x:1:1::/:\neve:x:2:2::/:\n\x1b[31mcc1:x:3:3::/:\n");
    snprintf(fake, sizeof(fake), "%s/passwd", users_folder->path);
    __real_users_read(users, fake);
}

/* -- what is read of one process, counted; and made up where the rest is -- */

static struct {
    bool fake; /* for pids of eBPF */
    unsigned statuses, cgroups, scores;
    struct process_status status;
    char cgroup[PROCESS_CGROUP_MAX];
} details;

int __real_process_read_status(int proc_fd, uint64_t pid, struct process_status *status);
int __wrap_process_read_status(int proc_fd, uint64_t pid, struct process_status *status);
int __real_process_read_cgroup(int proc_fd, uint64_t pid, char cgroup[PROCESS_CGROUP_MAX]);
int __wrap_process_read_cgroup(int proc_fd, uint64_t pid, char cgroup[PROCESS_CGROUP_MAX]);
struct value __real_process_read_oom_score(int proc_fd, uint64_t pid);
struct value __wrap_process_read_oom_score(int proc_fd, uint64_t pid);

int __wrap_process_read_status(int proc_fd, uint64_t pid, struct process_status *status)
{
    details.statuses++;
    if (!details.fake)
        return __real_process_read_status(proc_fd, pid, status);
    *status = details.status;
    return 0;
}

int __wrap_process_read_cgroup(int proc_fd, uint64_t pid, char cgroup[PROCESS_CGROUP_MAX])
{
    details.cgroups++;
    if (!details.fake)
        return __real_process_read_cgroup(proc_fd, pid, cgroup);
    memcpy(cgroup, details.cgroup, PROCESS_CGROUP_MAX);
    return 0;
}

struct value __wrap_process_read_oom_score(int proc_fd, uint64_t pid)
{
    details.scores++;
    return details.fake ? some(pid % 1000) : __real_process_read_oom_score(proc_fd, pid);
}

static int setup(void **state)
{
    memset(&kernel, 0, sizeof(kernel));
    memset(&details, 0, sizeof(details));
    int error = folder_setup(state);
    users_folder = *state;
    return error;
}

#define with_fakes(test) cmocka_unit_test_setup_teardown(test, setup, folder_teardown)

/* -- processes that a test makes up -- */

struct fake {
    unsigned pid;
    const char *comm; /* "x" where not given */
    unsigned minor_faults, major_faults;
    unsigned start_ticks;
    unsigned rss_pages, swap_pages;
    unsigned uid;
};

static struct task_process task_of(const struct fake *fake)
{
    struct task_process task = {
        .stat = {.pid = fake->pid,
                 .start_ticks = fake->start_ticks,
                 .minor_faults = fake->minor_faults,
                 .major_faults = fake->major_faults,
                 .rss_pages = fake->rss_pages},
        .uid = fake->uid,
        .swap_pages = fake->swap_pages,
    };

    snprintf(task.stat.comm, sizeof(task.stat.comm), "%s", fake->comm ? fake->comm : "x");
    return task;
}

/* Through eBPF: those that live from now on, by pid; and one that ended. */
#define LIVE(...)                                                                                            \
    live((const struct fake[]){__VA_ARGS__}, sizeof((const struct fake[]){__VA_ARGS__}) / sizeof(struct fake))
static void live(const struct fake *fakes, size_t count)
{
    kernel.count = count;
    for (size_t i = 0; i < count; i++)
        kernel.processes[i] = task_of(&fakes[i]);
}

#define END(...) (kernel.ended[kernel.ended_count++] = task_of(&(struct fake){__VA_ARGS__}))

/* Through /proc. */
static void put_stat(const struct folder *folder, const struct fake *fake)
{
    char name[32], text[256];

    snprintf(name, sizeof(name), "%u/stat", fake->pid);
    snprintf(
        text, sizeof(text),
        "%u (%s) S 1 1 1 0 -1 4194560 %u 9999 %u 9999 0 0 0 0 20 0 1 0 %u 9999999 %u 18446744073709551615\n",
        fake->pid, fake->comm ? fake->comm : "x", fake->minor_faults, fake->major_faults, fake->start_ticks,
        fake->rss_pages);
    folder_put(folder, name, text);
}

#define PUT_STAT(folder, ...) put_stat(folder, &(struct fake){__VA_ARGS__})

static void put(const struct folder *folder, const struct fake *fake)
{
    char name[32], text[128];

    put_stat(folder, fake);
    snprintf(name, sizeof(name), "%u/status", fake->pid);
    snprintf(text, sizeof(text), "Uid:\t9\t%u\t9\t9\nVmSwap:\t%ld kB\n", fake->uid,
             fake->swap_pages * sysconf(_SC_PAGESIZE) / 1024);
    folder_put(folder, name, text);
}

#define PUT(folder, ...) put(folder, &(struct fake){__VA_ARGS__})

static void put_file(const struct folder *folder, unsigned pid, const char *file, const char *text)
{
    char name[64];

    snprintf(name, sizeof(name), "%u/%s", pid, file);
    folder_put(folder, name, text);
}

static uint64_t pages(uint64_t count)
{
    return count * (uint64_t)sysconf(_SC_PAGESIZE);
}

/* -- looking -- */

static struct process_top *open_proc(const struct folder *folder, size_t rows)
{
    struct process_top *top = process_top_new(rows);

    assert_non_null(top);
    assert_int_equal(process_top_open(top, folder->path, PROCESS_SOURCE_PROC), 0);
    return top;
}

static struct process_top *open_bpf(size_t rows)
{
    struct process_top *top = process_top_new(rows);

    assert_non_null(top);
    assert_int_equal(process_top_open(top, "/proc", PROCESS_SOURCE_BPF), 0);
    assert_int_equal(process_census_source(process_top_census(top)), PROCESS_SOURCE_BPF);
    details.fake = true;
    return top;
}

#define VIEW(...) (&(struct process_view){.rows = 100, __VA_ARGS__})
#define SWAPPING  true
#define NO_SWAP   false

static struct process_top_result run(struct process_top *top, const struct process_view *view,
                                     bool swap_in_use)
{
    struct process_top_result result;

    details.statuses = details.cgroups = details.scores = 0;
    assert_int_equal(process_top_run(top, view, swap_in_use, &result), 0);
    return result;
}

/* The pids of the rows, in order, as "3 1 2". Ended ones have a '+'. */
#define assert_pids(top, result, expected) check_pids(top, result, expected, __LINE__)
static void check_pids(const struct process_top *top, struct process_top_result result, const char *expected,
                       int line)
{
    TEXT(pids, 4096);

    for (size_t i = 0; i < result.count; i++) {
        const struct top_row *row = process_top_row(top, i);
        text_format(&pids, "%s%u%s", i > 0 ? " " : "", (unsigned)row->pid, row->ended ? "+" : "");
    }
    check_text(&pids, expected, __FILE__, line);
}

/* Groups as "NAME*PROCESSES". */
#define assert_groups(top, result, expected) check_groups(top, result, expected, __LINE__)
static void check_groups(const struct process_top *top, struct process_top_result result,
                         const char *expected, int line)
{
    TEXT(groups, 4096);
    char number[24];

    for (size_t i = 0; i < result.count; i++) {
        const struct top_row *row = process_top_row(top, i);
        text_format(&groups, "%s%s*%u", i > 0 ? " " : "",
                    row->comm[0] ? row->comm : process_top_user(top, row, number), (unsigned)row->processes);
    }
    check_text(&groups, expected, __FILE__, line);
}

static const struct top_row *row_of(const struct process_top *top, struct process_top_result result,
                                    unsigned pid)
{
    for (size_t i = 0; i < result.count; i++) {
        if (process_top_row(top, i)->pid == pid)
            return process_top_row(top, i);
    }
    fail_msg("no row of %u", pid);
    abort(); /* which the compiler does not know of fail_msg() */
}

/* -- rows -- */

static void a_row_tells_what_the_process_has(void **state)
{
    struct process_top *top = open_proc(*state, 5);

    PUT(*state, .pid = 42, .comm = "foo) Z 1 (", .rss_pages = 7, .swap_pages = 3, .minor_faults = 30,
        .major_faults = 4, .start_ticks = 99, .uid = 1);
    put_file(*state, 42, "cgroup", "0::/job\n");
    put_file(*state, 42, "oom_score", "667\n");
    struct process_top_result result = run(top, VIEW(), SWAPPING);
    assert_int_equal(result.count, 1);
    assert_int_equal(result.others, 0);
    assert_int_equal(result.census.processes, 1);
    const struct top_row *row = process_top_row(top, 0);
    assert_int_equal(row->processes, 1);
    assert_int_equal(row->pid, 42);
    assert_int_equal(row->start_ticks, 99);
    assert_string_equal(row->comm, "foo) Z 1 (");
    assert_value(row->rss_bytes, pages(7));
    assert_value(row->swap_bytes, pages(3));
    assert_int_equal(row->minor_faults, 30);
    assert_int_equal(row->major_faults, 4);
    assert_false(row->minor_faults_since.present);
    assert_false(row->major_faults_since.present);
    assert_value(row->uid, 1);
    assert_value(row->oom_score, 667);
    assert_string_equal(row->cgroup, "/job");
    assert_false(row->ended);
    PUT(*state, .pid = 42, .rss_pages = 8, .minor_faults = 33, .major_faults = 6, .start_ticks = 99,
        .uid = 1);
    run(top, VIEW(), SWAPPING);
    assert_value(process_top_row(top, 0)->minor_faults_since, 3);
    assert_value(process_top_row(top, 0)->major_faults_since, 2);
    assert_value(process_top_row(top, 0)->swap_bytes, 0);
    process_top_free(top);
    process_top_free(NULL);
}

static void a_row_through_bpf(void **state)
{
    struct process_top *top = open_bpf(5);
    (void)state;

    LIVE({.pid = 1}, {.pid = 42, .rss_pages = 7, .swap_pages = 3, .uid = 2, .major_faults = 4});
    strcpy(details.cgroup, "/job");
    run(top, VIEW(.sort = TOP_KEY_RSS), SWAPPING);
    const struct top_row *row = process_top_row(top, 0);
    assert_int_equal(row->pid, 42);
    assert_value(row->rss_bytes, pages(7));
    assert_value(row->swap_bytes, pages(3));
    assert_value(row->uid, 2);
    assert_value(row->oom_score, 42);
    assert_string_equal(row->cgroup, "/job");
    assert_int_equal(details.statuses, 0); /* it is all there */
    run(top, VIEW(.sort = TOP_KEY_RSS), NO_SWAP);
    assert_value(process_top_row(top, 0)->swap_bytes, 0);
    process_top_free(top);
}

static void sorted_by_each_key(void **state)
{
    struct process_top *top = open_proc(*state, 10);

    for (unsigned pid = 1; pid <= 4; pid++)
        PUT(*state, .pid = pid);
    run(top, VIEW(), SWAPPING);
    PUT(*state, .pid = 1, .major_faults = 9, .minor_faults = 1, .rss_pages = 2, .swap_pages = 3);
    PUT(*state, .pid = 2, .major_faults = 1, .minor_faults = 9, .rss_pages = 3, .swap_pages = 2);
    PUT(*state, .pid = 3, .major_faults = 2, .minor_faults = 3, .rss_pages = 9, .swap_pages = 1);
    PUT(*state, .pid = 4, .major_faults = 3, .minor_faults = 2, .rss_pages = 1, .swap_pages = 9);
    struct process_top *other = open_proc(*state, 10);
    assert_pids(other, run(other, VIEW(.sort = TOP_KEY_RSS), SWAPPING), "3 2 1 4");
    assert_pids(other, run(other, VIEW(.sort = TOP_KEY_SWAP), SWAPPING), "4 1 2 3");
    process_top_free(other);
    assert_pids(top, run(top, VIEW(.sort = TOP_KEY_MAJOR_FAULTS), SWAPPING), "1 4 3 2");
    process_top_free(top);
}

static void minor_faults_are_those_since(void **state)
{
    struct process_top *top = open_bpf(10);
    (void)state;

    LIVE({.pid = 1, .minor_faults = 5000}, {.pid = 2, .minor_faults = 5}, {.pid = 3});
    run(top, VIEW(.sort = TOP_KEY_MINOR_FAULTS), NO_SWAP);
    LIVE({.pid = 1, .minor_faults = 5001}, {.pid = 2, .minor_faults = 8}, {.pid = 3, .minor_faults = 2});
    assert_pids(top, run(top, VIEW(.sort = TOP_KEY_MINOR_FAULTS), NO_SWAP), "2 3 1");
    process_top_free(top);
}

static void ties_are_for_the_other_keys(void **state)
{
    struct process_top *top = open_bpf(10);
    (void)state;

    LIVE({.pid = 1, .rss_pages = 5}, {.pid = 2, .rss_pages = 7}, {.pid = 3, .rss_pages = 5},
         {.pid = 4, .rss_pages = 5, .swap_pages = 1}, {.pid = 5});
    run(top, VIEW(), SWAPPING);
    /* As they come where nothing tells them apart. */
    assert_pids(top, run(top, VIEW(), SWAPPING), "2 4 1 3 5");
    assert_pids(top, run(top, VIEW(.sort = TOP_KEY_STALL), SWAPPING), "2 4 1 3 5");
    process_top_free(top);
}

/* More memory than a number can say, as a damaged file may have it. */
static void what_is_absent_counts_as_nothing(void **state)
{
    struct process_top *top = open_proc(*state, 10);

    PUT(*state, .pid = 1, .rss_pages = 1);
    folder_put(*state, "2/stat", "2 (x) S 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 9223372036854775807 6\n");
    put_file(*state, 1, "status", "Uid:\t1\t1\t1\t1\nVmSwap:\t4 kB\n");
    put_file(*state, 2, "status", "Uid:\t1\t1\t1\t1\nVmSwap:\t18446744073709551615 kB\n");
    struct process_top_result result = run(top, VIEW(.sort = TOP_KEY_RSS), SWAPPING);
    assert_pids(top, result, "1 2");
    assert_false(row_of(top, result, 2)->rss_bytes.present);
    assert_false(row_of(top, result, 2)->swap_bytes.present);
    assert_pids(top, run(top, VIEW(.sort = TOP_KEY_SWAP), SWAPPING), "1 2");
    process_top_free(top);
}

static void rows_and_others(void **state)
{
    struct process_top *top = open_bpf(3);
    (void)state;

    LIVE({.pid = 1, .rss_pages = 1}, {.pid = 2, .rss_pages = 2}, {.pid = 3, .rss_pages = 3},
         {.pid = 4, .rss_pages = 4}, {.pid = 5, .rss_pages = 5});
    struct process_top_result result = run(top, VIEW(.sort = TOP_KEY_RSS), NO_SWAP);
    assert_pids(top, result, "5 4 3"); /* as there is room for */
    assert_int_equal(result.others, 2);
    result = run(top, &(struct process_view){.rows = 2, .sort = TOP_KEY_RSS}, NO_SWAP);
    assert_pids(top, result, "5 4");
    assert_int_equal(result.others, 3);
    result = run(top, &(struct process_view){.rows = 0}, NO_SWAP);
    assert_int_equal(result.count, 0);
    assert_int_equal(result.others, 5);
    result = run(top, &(struct process_view){.rows = 3, .sort = TOP_KEY_RSS}, NO_SWAP);
    assert_pids(top, result, "5 4 3");
    result = run(top, &(struct process_view){.rows = 1, .group = PROCESS_GROUP_COMM}, NO_SWAP);
    assert_groups(top, result, "x*5");
    assert_int_equal(result.others, 0);
    process_top_free(top);
}

static void these_pids_alone(void **state)
{
    static const uint64_t pids[] = {4, 2, 99};
    struct process_top *top = open_bpf(5);
    (void)state;

    LIVE({.pid = 1, .rss_pages = 9}, {.pid = 2, .rss_pages = 2}, {.pid = 3, .rss_pages = 3},
         {.pid = 4, .rss_pages = 4});
    struct process_top_result result =
        run(top, VIEW(.sort = TOP_KEY_RSS, .pids = pids, .pid_count = 3), NO_SWAP);
    assert_pids(top, result, "4 2");
    assert_int_equal(result.others, 0);
    assert_int_equal(result.census.processes, 4);
    assert_pids(top, run(top, VIEW(.sort = TOP_KEY_RSS, .pids = pids, .pid_count = 1), NO_SWAP), "4");
    result = run(top, VIEW(.group = PROCESS_GROUP_COMM, .sort = TOP_KEY_RSS, .pids = pids, .pid_count = 3),
                 NO_SWAP);
    assert_groups(top, result, "x*2");
    process_top_free(top);
}

static void filtered_by_command_and_by_user(void **state)
{
    struct process_top *top = open_proc(*state, 5);

    PUT(*state, .pid = 1, .comm = "init", .rss_pages = 1);
    PUT(*state, .pid = 2, .comm = "cc1plus", .rss_pages = 2, .uid = 1);
    PUT(*state, .pid = 3, .comm = "eve's", .rss_pages = 3, .uid = 1);
    PUT(*state, .pid = 4, .comm = "sh", .rss_pages = 4, .uid = 2);
    PUT(*state, .pid = 5, .comm = "sh", .rss_pages = 5, .uid = 77);
    PUT_STAT(*state, .pid = 6, .comm = "gone", .rss_pages = 6);
    struct process_view view = {.rows = 5, .sort = TOP_KEY_RSS, .filter = "c1"};
    assert_pids(top, run(top, &view, NO_SWAP), "2");
    strcpy(view.filter, "eve");
    struct process_top_result result = run(top, &view, NO_SWAP);
    assert_pids(top, result, "4 3"); /* of eve's, and called so */
    assert_int_equal(result.others, 0);
    assert_int_equal(result.census.processes, 6);
    strcpy(view.filter, "adam");
    assert_pids(top, run(top, &view, NO_SWAP), "3 2");
    strcpy(view.filter, "77"); /* which is nobody's name */
    assert_pids(top, run(top, &view, NO_SWAP), "");
    strcpy(view.filter, "EVE");
    assert_pids(top, run(top, &view, NO_SWAP), "");
    strcpy(view.filter, "n");
    assert_pids(top, run(top, &view, NO_SWAP), "6 1");
    view.group = PROCESS_GROUP_COMM;
    strcpy(view.filter, "sh");
    assert_groups(top, run(top, &view, NO_SWAP), "sh*2");
    process_top_free(top);
}

static void hostile_names(void **state)
{
    struct process_top *top = open_bpf(5);
    char number[24];
    (void)state;

    LIVE({.pid = 1}, {.pid = 2, .comm = "\x1b]0;x\a\n\xff", .rss_pages = 1, .uid = 3},
         {.pid = 3, .comm = "", .uid = 4294967295U});
    struct process_view view = {.rows = 5, .filter = "\xff"};
    struct process_top_result result = run(top, &view, NO_SWAP);
    assert_pids(top, result, "2");
    assert_string_equal(process_top_row(top, 0)->comm,
                        "\x1b]0;x\a\n\xff"); /* whoever prints it sees to that */
    strcpy(view.filter, "\x1b[31mcc");
    assert_pids(top, run(top, &view, NO_SWAP), "2");
    result = run(top, VIEW(), NO_SWAP);
    assert_string_equal(process_top_user(top, row_of(top, result, 2), number), "\x1b[31mcc1");
    assert_string_equal(process_top_user(top, row_of(top, result, 1), number), "root");
    assert_string_equal(process_top_user(top, row_of(top, result, 3), number), "4294967295");
    assert_string_equal(process_top_user(top, &(struct top_row){.uid = {UINT64_MAX, true}}, number),
                        "18446744073709551615");
    assert_string_equal(process_top_user(top, &(struct top_row){.uid = {1, false}}, number), "");
    process_top_free(top);
}

/* -- groups -- */

static void groups_by_command(void **state)
{
    struct process_top *top = open_proc(*state, 5);
    const struct process_view *view = VIEW(.group = PROCESS_GROUP_COMM);

    PUT(*state, .pid = 1, .comm = "sh", .uid = 1);
    PUT(*state, .pid = 2, .comm = "cc1", .major_faults = 100, .uid = 2);
    PUT(*state, .pid = 3, .comm = "cc1", .uid = 3);
    PUT(*state, .pid = 4, .comm = "ld");
    run(top, view, SWAPPING);
    PUT(*state, .pid = 1, .comm = "sh", .major_faults = 5);
    PUT(*state, .pid = 2, .comm = "cc1", .major_faults = 103, .minor_faults = 7, .rss_pages = 2,
        .swap_pages = 5);
    PUT(*state, .pid = 3, .comm = "cc1", .major_faults = 4, .minor_faults = 8, .rss_pages = 3,
        .swap_pages = 6);
    PUT_STAT(*state, .pid = 5, .comm = "sh", .major_faults = 1);
    struct process_top_result result = run(top, view, SWAPPING);
    assert_groups(top, result, "cc1*2 sh*2 ld*1");
    const struct top_row *row = process_top_row(top, 0);
    assert_value(row->major_faults_since, 7);
    assert_value(row->minor_faults_since, 15);
    assert_value(row->rss_bytes, pages(5));
    assert_value(row->swap_bytes, pages(11));
    assert_false(row->uid.present);
    assert_value(process_top_row(top, 1)->major_faults_since, 6);
    assert_int_equal(details.cgroups, 0); /* a group has none */
    result = run(top, &(struct process_view){.rows = 2, .group = PROCESS_GROUP_COMM}, SWAPPING);
    assert_int_equal(result.count, 2);
    assert_int_equal(result.others, 1);
    /* Where nobody swaps, it is not read. */
    run(top, view, NO_SWAP);
    assert_int_equal(details.statuses, 0);
    assert_value(process_top_row(top, 0)->swap_bytes, 0);
    process_top_free(top);
}

static void groups_by_user(void **state)
{
    struct process_top *top = open_proc(*state, 5);
    struct process_view view = {.rows = 5, .group = PROCESS_GROUP_USER, .sort = TOP_KEY_RSS};

    PUT(*state, .pid = 1, .comm = "a", .rss_pages = 5);
    PUT(*state, .pid = 2, .comm = "b", .rss_pages = 3, .uid = 2);
    PUT(*state, .pid = 3, .comm = "c", .rss_pages = 4, .uid = 2);
    PUT(*state, .pid = 4, .comm = "d", .rss_pages = 2, .uid = 4242);
    PUT_STAT(*state, .pid = 5, .comm = "e", .rss_pages = 1);
    assert_groups(top, run(top, &view, NO_SWAP), "eve*2 root*1 4242*1 *1"); /* and one nobody knows */
    assert_string_equal(process_top_row(top, 0)->comm, "");
    strcpy(view.filter, "ev");
    assert_groups(top, run(top, &view, NO_SWAP), "eve*2");
    process_top_free(top);
}

static void groups_and_processes_by_turns(void **state)
{
    struct process_top *top = open_bpf(5);
    (void)state;

    strcpy(details.cgroup, "/job");
    for (int time = 0; time < 3; time++) {
        LIVE({.pid = 1, .comm = "a", .rss_pages = 1}, {.pid = 2, .comm = "b", .rss_pages = 3});
        assert_pids(top, run(top, VIEW(.sort = TOP_KEY_RSS), NO_SWAP), "2 1");
        assert_string_equal(process_top_row(top, 1)->cgroup, "/job");
        assert_groups(top, run(top, VIEW(.sort = TOP_KEY_RSS, .group = PROCESS_GROUP_COMM), NO_SWAP),
                      "b*1 a*1");
        LIVE({.pid = 1, .comm = "c", .rss_pages = 1});
        assert_groups(top, run(top, VIEW(.group = PROCESS_GROUP_COMM), NO_SWAP), "c*1");
        assert_groups(top, run(top, VIEW(.group = PROCESS_GROUP_USER), NO_SWAP), "root*1");
    }
    process_top_free(top);
}

/* The walk lacks it, and what is placed by user or by swap has to know. */
static void the_first_process_has_a_user_through_bpf_too(void **state)
{
    struct process_top *top = open_bpf(5);
    (void)state;

    details.status = (struct process_status){.uid = some(2), .swap_bytes = some(pages(1000))};
    LIVE({.pid = 1000000000, .uid = 2, .swap_pages = 1});
    assert_groups(top, run(top, VIEW(.group = PROCESS_GROUP_USER), NO_SWAP), "eve*2");
    struct process_view view = {.rows = 5, .filter = "eve"};
    assert_int_equal(run(top, &view, NO_SWAP).count, 2);
    assert_int_equal(details.statuses, 1); /* of the first one alone */
    assert_pids(top, run(top, VIEW(.sort = TOP_KEY_SWAP), SWAPPING), "1 1000000000");
    assert_value(process_top_row(top, 0)->uid, 2);
    assert_value(process_top_row(top, 0)->swap_bytes, pages(1000));
    process_top_free(top);
}

/* -- details -- */

static void swap_is_read_where_there_is_any(void **state)
{
    struct process_top *top = open_proc(*state, 2);

    for (unsigned pid = 1; pid <= 4; pid++)
        PUT(*state, .pid = pid, .rss_pages = pid, .swap_pages = 10 * pid, .uid = 1);
    struct process_top_result result = run(top, VIEW(.sort = TOP_KEY_RSS), SWAPPING);
    assert_pids(top, result, "4 3");
    assert_value(process_top_row(top, 0)->swap_bytes, pages(40));
    assert_value(process_top_row(top, 0)->uid, 1);
    assert_int_equal(details.statuses, 2); /* of the rows */
    assert_pids(top, run(top, VIEW(.sort = TOP_KEY_SWAP), SWAPPING), "4 3");
    assert_int_equal(details.statuses, 4); /* of all, once */
    PUT(*state, .pid = 4, .rss_pages = 4, .swap_pages = 41, .uid = 2);
    run(top, VIEW(.sort = TOP_KEY_RSS), SWAPPING);
    assert_value(process_top_row(top, 0)->swap_bytes, pages(41)); /* anew each time */
    assert_value(process_top_row(top, 0)->uid, 2);
    run(top, VIEW(.sort = TOP_KEY_RSS), NO_SWAP);
    assert_value(process_top_row(top, 0)->swap_bytes, 0);
    assert_value(process_top_row(top, 0)->uid, 2); /* as it was */
    process_top_free(top);
}

/* How many looks there were until the row of 7 has that cgroup; none of them by the file. */
static unsigned looks_until_cgroup_is(struct process_top *top, const char *cgroup)
{
    for (unsigned looks = 1; looks < 100; looks++) {
        struct process_top_result result = run(top, VIEW(), NO_SWAP);
        if (strcmp(row_of(top, result, 7)->cgroup, cgroup) == 0) {
            assert_value(row_of(top, result, 7)->uid, 2);
            return looks;
        }
        assert_int_equal(details.cgroups, 0);
        assert_int_equal(details.statuses, 0);
        assert_value(row_of(top, result, 7)->uid, 1);
    }
    return 100;
}

static void details_are_remembered_for_a_while(void **state)
{
    struct process_top *top = open_proc(*state, 5);

    for (int time = 0; time < 2; time++) {
        PUT(*state, .pid = 7, .uid = 1);
        put_file(*state, 7, "cgroup", "0::/one\n");
        for (int looks = 0; looks < 16; looks++)
            run(top, VIEW(), NO_SWAP);
        PUT(*state, .pid = 7, .uid = 2);
        put_file(*state, 7, "cgroup", "0::/other\n");
        unsigned looks = looks_until_cgroup_is(top, "/other");
        assert_true(looks > 1 && looks <= 16);
        for (; looks < 16; looks++)
            run(top, VIEW(), NO_SWAP);
    }
    process_top_free(top);
}

static void of_one_that_has_the_pid_now_nothing_is_remembered(void **state)
{
    struct process_top *top = open_proc(*state, 5);

    PUT(*state, .pid = 7, .uid = 1, .start_ticks = 5);
    put_file(*state, 7, "cgroup", "0::/one\n");
    put_file(*state, 7, "oom_score", "1\n");
    run(top, VIEW(), NO_SWAP);
    PUT(*state, .pid = 7, .uid = 2, .start_ticks = 6);
    put_file(*state, 7, "cgroup", "0::/other\n");
    put_file(*state, 7, "oom_score", "2\n");
    run(top, VIEW(), NO_SWAP);
    assert_value(process_top_row(top, 0)->uid, 2);
    assert_value(process_top_row(top, 0)->oom_score, 2);
    assert_string_equal(process_top_row(top, 0)->cgroup, "/other");
    process_top_free(top);
}

static void a_process_that_goes_between_its_stat_and_the_rest(void **state)
{
    struct process_top *top = open_proc(*state, 5);

    PUT_STAT(*state, .pid = 7, .comm = "gone", .rss_pages = 3);
    struct process_top_result result = run(top, VIEW(), SWAPPING);
    assert_pids(top, result, "7");
    const struct top_row *row = process_top_row(top, 0);
    assert_string_equal(row->comm, "gone");
    assert_value(row->rss_bytes, pages(3));
    assert_false(row->swap_bytes.present);
    assert_false(row->uid.present);
    assert_false(row->oom_score.present);
    assert_string_equal(row->cgroup, "");
    result = run(top, VIEW(.sort = TOP_KEY_SWAP), SWAPPING);
    assert_false(process_top_row(top, 0)->swap_bytes.present);
    run(top, VIEW(), NO_SWAP);
    assert_value(process_top_row(top, 0)->swap_bytes, 0); /* nobody has any, it was said */
    process_top_free(top);
}

static void those_that_ended(void **state)
{
    struct process_top *top = open_bpf(5);
    (void)state;

    strcpy(details.cgroup, "/job");
    LIVE({.pid = 1}, {.pid = 7, .rss_pages = 100, .uid = 1, .start_ticks = 3, .major_faults = 5});
    run(top, VIEW(), SWAPPING);
    LIVE({.pid = 1, .rss_pages = 1});
    END(.pid = 7, .uid = 1, .start_ticks = 3, .major_faults = 7, .minor_faults = 1);
    END(.pid = 8, .uid = 2, .comm = "cc1", .major_faults = 30, .minor_faults = 200);
    struct process_top_result result = run(top, VIEW(), SWAPPING);
    assert_pids(top, result, "8+ 7+ 1");
    assert_value(result.census.ended, 2);
    assert_int_equal(details.scores, 1); /* of the one that is there */
    assert_int_equal(details.cgroups, 0);
    const struct top_row *row = process_top_row(top, 0);
    assert_string_equal(row->comm, "cc1");
    assert_value(row->major_faults_since, 30);
    assert_value(row->minor_faults_since, 200);
    assert_int_equal(row->minor_faults, 200);
    assert_value(row->uid, 2);
    assert_false(row->rss_bytes.present); /* which had gone */
    assert_false(row->swap_bytes.present);
    assert_false(row->oom_score.present);
    assert_string_equal(row->cgroup, ""); /* nobody asked in time */
    row = process_top_row(top, 1);
    assert_value(row->major_faults_since, 2);
    assert_string_equal(row->cgroup, "/job"); /* as it was */
    result = run(top, VIEW(), SWAPPING);
    assert_pids(top, result, "1");
    /* Groups count them, and what they did. */
    END(.pid = 9, .comm = "x", .uid = 0, .major_faults = 4);
    run(top, VIEW(.group = PROCESS_GROUP_COMM), SWAPPING);
    assert_int_equal(process_top_row(top, 0)->processes, 2);
    assert_value(process_top_row(top, 0)->major_faults_since, 4);
    assert_value(process_top_row(top, 0)->rss_bytes, pages(1));
    process_top_free(top);
}

/* Whatever the order is now, each row has what was its own. */
static void rows_in_another_order(void **state)
{
    struct process_top *top = open_proc(*state, 10);
    char text[32];

    for (unsigned pid = 1; pid <= 5; pid++) {
        PUT(*state, .pid = pid, .rss_pages = pid, .uid = 10 * pid);
        snprintf(text, sizeof(text), "0::/%u\n", pid);
        put_file(*state, pid, "cgroup", text);
    }
    assert_pids(top, run(top, VIEW(.sort = TOP_KEY_RSS), NO_SWAP), "5 4 3 2 1");
    /* None of them is due in these looks. */
    for (unsigned look = 1; look <= 3; look++) {
        for (unsigned pid = 1; pid <= 5; pid++)
            PUT(*state, .pid = pid, .rss_pages = (pid * (look + 1)) % 5 + 1, .uid = 77);
        PUT_STAT(*state, .pid = 100 + look, .rss_pages = 3);
        struct process_top_result result = run(top, VIEW(.sort = TOP_KEY_RSS), NO_SWAP);
        assert_int_equal(result.count, 5 + look);
        for (unsigned pid = 1; pid <= 5; pid++) {
            snprintf(text, sizeof(text), "/%u", pid);
            assert_string_equal(row_of(top, result, pid)->cgroup, text);
            assert_value(row_of(top, result, pid)->uid, 10 * pid);
        }
        assert_false(row_of(top, result, 100 + look)->uid.present);
    }
    process_top_free(top);
}

/* The one that ended and the one that has its pid now are two rows. */
static void a_pid_that_two_had(void **state)
{
    struct process_top *top = open_bpf(5);
    (void)state;

    LIVE({.pid = 1}, {.pid = 7, .start_ticks = 3, .uid = 1});
    strcpy(details.cgroup, "/one");
    run(top, VIEW(), NO_SWAP);
    LIVE({.pid = 1}, {.pid = 7, .start_ticks = 4, .uid = 2, .major_faults = 2});
    END(.pid = 7, .start_ticks = 3, .uid = 1, .major_faults = 9);
    strcpy(details.cgroup, "/other");
    assert_pids(top, run(top, VIEW(), NO_SWAP), "7+ 7 1");
    assert_value(process_top_row(top, 0)->uid, 1);
    assert_string_equal(process_top_row(top, 0)->cgroup, "/one");
    assert_value(process_top_row(top, 1)->uid, 2);
    assert_string_equal(process_top_row(top, 1)->cgroup, "/other");
    process_top_free(top);
}

static void a_run_that_fails(void **state)
{
    struct process_top *top = open_bpf(5);
    struct process_top_result result;
    (void)state;

    strcpy(details.cgroup, "/one");
    LIVE({.pid = 1}, {.pid = 7, .major_faults = 3});
    run(top, VIEW(), NO_SWAP);
    kernel.read_error = -EIO;
    assert_int_equal(process_top_run(top, VIEW(), NO_SWAP, &result), -EIO);
    kernel.read_error = 0;
    LIVE({.pid = 1}, {.pid = 7, .major_faults = 5});
    assert_pids(top, run(top, VIEW(), NO_SWAP), "7 1");
    assert_value(process_top_row(top, 0)->major_faults_since, 2);
    assert_string_equal(process_top_row(top, 0)->cgroup, "/one");
    process_top_free(top);
    top = process_top_new(1);
    assert_int_equal(process_top_open(top, "/nonexistent", PROCESS_SOURCE_AUTO), -ENOENT);
    assert_true(process_top_run(top, VIEW(), NO_SWAP, &result) < 0);
    process_top_free(top);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_fakes(a_row_tells_what_the_process_has),
        with_fakes(a_row_through_bpf),
        with_fakes(sorted_by_each_key),
        with_fakes(minor_faults_are_those_since),
        with_fakes(ties_are_for_the_other_keys),
        with_fakes(what_is_absent_counts_as_nothing),
        with_fakes(rows_and_others),
        with_fakes(these_pids_alone),
        with_fakes(filtered_by_command_and_by_user),
        with_fakes(hostile_names),
        with_fakes(groups_by_command),
        with_fakes(groups_by_user),
        with_fakes(groups_and_processes_by_turns),
        with_fakes(the_first_process_has_a_user_through_bpf_too),
        with_fakes(swap_is_read_where_there_is_any),
        with_fakes(details_are_remembered_for_a_while),
        with_fakes(of_one_that_has_the_pid_now_nothing_is_remembered),
        with_fakes(a_process_that_goes_between_its_stat_and_the_rest),
        with_fakes(those_that_ended),
        with_fakes(rows_in_another_order),
        with_fakes(a_pid_that_two_had),
        with_fakes(a_run_that_fails),
    };
    return cmocka_run_group_tests_name("process_top", tests, NULL, NULL);
}
