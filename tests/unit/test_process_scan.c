#include "metric/process_scan.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Stands between the scan and the list, to give each process twice, which the kernel does not. */
static bool list_twice;

int __real_process_list_next(struct process_list *list, struct process_listed *listed);
int __wrap_process_list_next(struct process_list *list, struct process_listed *listed);

int __wrap_process_list_next(struct process_list *list, struct process_listed *listed)
{
    static struct process_listed again;

    if (again.pid != 0) {
        *listed = again;
        again.pid = 0;
        return 1;
    }
    int more = __real_process_list_next(list, listed);
    if (more > 0 && list_twice)
        again = *listed;
    return more;
}

/* A process of a /proc that a test makes up. */
struct fake {
    unsigned pid;
    const char *comm; /* "x" where not given */
    unsigned rss_pages;
    unsigned minor_faults, major_faults;
    unsigned start_ticks;
    bool kernel_thread;
};

static void put(const struct folder *folder, const struct fake *fake)
{
    const char *comm = fake->comm ? fake->comm : "x";
    const char *flags = fake->kernel_thread ? "2129984" : "4194560";
    char name[32], text[256];

    snprintf(name, sizeof(name), "%u/stat", fake->pid);
    snprintf(text, sizeof(text),
             "%u (%s) S 1 1 1 0 -1 %s %u 9999 %u 9999 0 0 0 0 20 0 1 0 %u 9999999 %u 18446744073709551615\n",
             fake->pid, comm, flags, fake->minor_faults, fake->major_faults, fake->start_ticks,
             fake->rss_pages);
    folder_put(folder, name, text);
}

#define PUT(folder, ...) put(folder, &(struct fake){__VA_ARGS__})

static void put_details(const struct folder *folder, unsigned pid, const char *status, const char *cgroup)
{
    char name[32];

    snprintf(name, sizeof(name), "%u/status", pid);
    folder_put(folder, name, status);
    snprintf(name, sizeof(name), "%u/cgroup", pid);
    folder_put(folder, name, cgroup);
}

static void remove_process(const struct folder *folder, unsigned pid)
{
    char name[32];

    snprintf(name, sizeof(name), "%u/stat", pid);
    folder_delete(folder, name);
    snprintf(name, sizeof(name), "%u", pid);
    folder_delete(folder, name);
}

static struct process_scan *open_scan(const struct folder *folder, size_t most)
{
    struct process_scan *scan = process_scan_new(most);

    assert_non_null(scan);
    assert_int_equal(process_scan_open(scan, folder->path), 0);
    return scan;
}

static struct process_scan_result run(struct process_scan *scan)
{
    struct process_scan_result result;

    assert_int_equal(process_scan_run(scan, false, &result), 0);
    return result;
}

/* The pids of the rows, in order, as "3 1 2". */
#define assert_pids(result, expected) check_pids(result, expected, __LINE__)
static void check_pids(struct process_scan_result result, const char *expected, int line)
{
    TEXT(pids, 4096);

    for (size_t i = 0; i < result.count; i++)
        text_format(&pids, i > 0 ? " %u" : "%u", (unsigned)result.rows[i].pid);
    check_text(&pids, expected, __FILE__, line);
}

static const struct process_row *row_of(struct process_scan_result result, unsigned pid)
{
    const struct process_row *row = result.rows;

    for (size_t i = 0; i < result.count; i++, row++) {
        if (row->pid == pid)
            return row;
    }
    fail_msg("no row of %u", pid);
    abort(); /* which the compiler does not know of fail_msg() */
}

static void a_row_tells_what_the_process_has(void **state)
{
    struct process_scan *scan = open_scan(*state, 5);

    PUT(*state, .pid = 42, .comm = "foo) Z 1 (", .rss_pages = 7, .minor_faults = 30, .major_faults = 4,
        .start_ticks = 99);
    put_details(*state, 42, "Uid:\t1\t1000\t1\t1\nVmSwap:\t12 kB\n", "0::/job\n");
    struct process_scan_result result = run(scan);
    assert_pids(result, "42");
    assert_int_equal(result.rows[0].start_ticks, 99);
    assert_string_equal(result.rows[0].comm, "foo) Z 1 (");
    assert_int_equal(result.rows[0].rss_bytes, 7 * sysconf(_SC_PAGESIZE));
    assert_int_equal(result.rows[0].minor_faults, 30);
    assert_int_equal(result.rows[0].major_faults, 4);
    assert_value(result.rows[0].uid, 1000);
    assert_string_equal(result.rows[0].cgroup, "/job");
    assert_value(result.rows[0].swap_bytes, 0); /* nobody swaps, it was said */
    assert_int_equal(result.processes, 1);
    assert_int_equal(result.unread, 0);
    process_scan_free(scan);
}

static void those_with_the_most_memory(void **state)
{
    struct process_scan *scan = open_scan(*state, 3);

    PUT(*state, .pid = 1, .rss_pages = 10);
    PUT(*state, .pid = 2, .rss_pages = 30);
    PUT(*state, .pid = 10, .rss_pages = 20);
    PUT(*state, .pid = 9, .rss_pages = 20);
    PUT(*state, .pid = 300, .rss_pages = 20);
    PUT(*state, .pid = 301, .rss_pages = 0);
    PUT(*state, .pid = 4, .comm = "kthreadd", .rss_pages = 99, .kernel_thread = true);
    struct process_scan_result result = run(scan);
    assert_pids(result, "2 9 10");
    assert_int_equal(result.processes, 7);
    PUT(*state, .pid = 301, .rss_pages = 1000);
    PUT(*state, .pid = 2, .rss_pages = 1);
    assert_pids(run(scan), "301 9 10");
    process_scan_free(scan);
}

static void those_that_hold_nothing_are_none(void **state)
{
    struct process_scan *scan = open_scan(*state, 3);

    assert_pids(run(scan), "");
    PUT(*state, .pid = 1);
    PUT(*state, .pid = 2);
    struct process_scan_result result = run(scan);
    assert_pids(result, "");
    assert_int_equal(result.processes, 2);
    process_scan_free(scan);
}

static void those_with_the_most_major_faults_since(void **state)
{
    struct process_scan *scan = open_scan(*state, 2);

    PUT(*state, .pid = 1, .rss_pages = 50, .major_faults = 1000);
    PUT(*state, .pid = 2, .rss_pages = 40);
    PUT(*state, .pid = 3, .rss_pages = 3, .major_faults = 500);
    PUT(*state, .pid = 4, .rss_pages = 4, .major_faults = 500);
    PUT(*state, .pid = 5, .rss_pages = 5, .major_faults = 500);
    PUT(*state, .pid = 6, .rss_pages = 0, .major_faults = 500);
    PUT(*state, .pid = 7, .comm = "kswapd0", .major_faults = 500, .kernel_thread = true);
    assert_pids(run(scan), "1 2"); /* by memory alone: there is no "since" yet */
    assert_pids(run(scan), "1 2"); /* nobody had any */
    PUT(*state, .pid = 3, .rss_pages = 3, .major_faults = 503);
    PUT(*state, .pid = 4, .rss_pages = 4, .major_faults = 502);
    PUT(*state, .pid = 5, .rss_pages = 5, .major_faults = 501);
    PUT(*state, .pid = 6, .rss_pages = 0, .major_faults = 502);
    PUT(*state, .pid = 7, .comm = "kswapd0", .major_faults = 5000, .kernel_thread = true);
    struct process_scan_result result = run(scan);
    assert_pids(result, "1 2 4 3"); /* 6 has as many as 4, and the greater pid */
    assert_value(row_of(result, 3)->major_faults_since, 3);
    assert_value(row_of(result, 4)->major_faults_since, 2);
    assert_value(row_of(result, 1)->major_faults_since, 0);
    assert_int_equal(row_of(result, 4)->major_faults, 502);
    process_scan_free(scan);
}

static void who_is_first_by_both_appears_once(void **state)
{
    struct process_scan *scan = open_scan(*state, 2);

    PUT(*state, .pid = 1, .rss_pages = 50);
    PUT(*state, .pid = 2, .rss_pages = 40);
    PUT(*state, .pid = 3, .rss_pages = 0);
    run(scan);
    PUT(*state, .pid = 1, .rss_pages = 50, .major_faults = 9, .minor_faults = 70);
    PUT(*state, .pid = 3, .rss_pages = 0, .major_faults = 1);
    struct process_scan_result result = run(scan);
    assert_pids(result, "1 2 3");
    assert_value(row_of(result, 1)->major_faults_since, 9);
    assert_value(row_of(result, 1)->minor_faults_since, 70);
    process_scan_free(scan);
}

static void in_the_first_scan_there_is_no_since(void **state)
{
    struct process_scan *scan = open_scan(*state, 2);

    PUT(*state, .pid = 1, .rss_pages = 5, .minor_faults = 10, .major_faults = 20);
    struct process_scan_result result = run(scan);
    assert_false(result.rows[0].minor_faults_since.present);
    assert_false(result.rows[0].major_faults_since.present);
    result = run(scan);
    assert_value(result.rows[0].minor_faults_since, 0);
    assert_value(result.rows[0].major_faults_since, 0);
    process_scan_free(scan);
}

static void a_new_process_has_all_its_faults_since(void **state)
{
    struct process_scan *scan = open_scan(*state, 5);

    run(scan);
    PUT(*state, .pid = 8, .minor_faults = 10, .major_faults = 20);
    struct process_scan_result result = run(scan);
    assert_pids(result, "8");
    assert_value(result.rows[0].minor_faults_since, 10);
    assert_value(result.rows[0].major_faults_since, 20);
    process_scan_free(scan);
}

static void a_pid_that_somebody_else_has_now(void **state)
{
    struct process_scan *scan = open_scan(*state, 5);

    PUT(*state, .pid = 8, .rss_pages = 1, .minor_faults = 100, .major_faults = 200, .start_ticks = 7);
    put_details(*state, 8, "Uid:\t1\t1\t1\t1\n", "0::/one\n");
    run(scan);
    PUT(*state, .pid = 8, .rss_pages = 1, .minor_faults = 150, .major_faults = 250, .start_ticks = 8);
    put_details(*state, 8, "Uid:\t2\t2\t2\t2\n", "0::/other\n");
    struct process_scan_result result = run(scan);
    assert_value(result.rows[0].minor_faults_since, 150);
    assert_value(result.rows[0].major_faults_since, 250);
    assert_value(result.rows[0].uid, 2);
    assert_string_equal(result.rows[0].cgroup, "/other");
    process_scan_free(scan);
}

static void a_count_that_goes_backwards(void **state)
{
    struct process_scan *scan = open_scan(*state, 5);

    PUT(*state, .pid = 8, .rss_pages = 1, .minor_faults = 100, .major_faults = 200);
    run(scan);
    PUT(*state, .pid = 8, .rss_pages = 1, .minor_faults = 99, .major_faults = 201);
    struct process_scan_result result = run(scan);
    assert_false(result.rows[0].minor_faults_since.present);
    assert_value(result.rows[0].major_faults_since, 1);
    process_scan_free(scan);
}

/* Its totals of all the time before are no increment. */
static void one_that_could_not_be_read_the_last_time(void **state)
{
    struct process_scan *scan = open_scan(*state, 5);

    PUT(*state, .pid = 7, .rss_pages = 2);
    folder_put(*state, "8/stat", "8 (x) rubbish\n");
    struct process_scan_result result = run(scan);
    assert_pids(result, "7");
    assert_int_equal(result.processes, 2);
    assert_int_equal(result.unread, 1);
    PUT(*state, .pid = 8, .rss_pages = 1, .minor_faults = 100, .major_faults = 200);
    result = run(scan);
    assert_pids(result, "7 8");
    assert_int_equal(result.unread, 0);
    assert_false(row_of(result, 8)->minor_faults_since.present);
    assert_false(row_of(result, 8)->major_faults_since.present);
    PUT(*state, .pid = 8, .rss_pages = 1, .minor_faults = 101, .major_faults = 202);
    result = run(scan);
    assert_value(row_of(result, 8)->minor_faults_since, 1);
    assert_value(row_of(result, 8)->major_faults_since, 2);
    process_scan_free(scan);
}

static void those_that_are_gone_do_not_count(void **state)
{
    struct process_scan *scan = open_scan(*state, 5);

    PUT(*state, .pid = 7, .rss_pages = 2);
    PUT(*state, .pid = 8, .rss_pages = 2);
    assert_pids(run(scan), "7 8");
    remove_process(*state, 7);
    folder_put(*state, "9/other", ""); /* listed, but gone when it is read */
    struct process_scan_result result = run(scan);
    assert_pids(result, "8");
    assert_int_equal(result.processes, 1);
    assert_int_equal(result.unread, 0);
    process_scan_free(scan);
}

static void swap_is_read_where_there_is_any(void **state)
{
    struct process_scan *scan = open_scan(*state, 5);
    struct process_scan_result result;

    PUT(*state, .pid = 7, .rss_pages = 2);
    PUT(*state, .pid = 8, .rss_pages = 1);
    put_details(*state, 7, "Uid:\t1\t1\t1\t1\nVmSwap:\t12 kB\n", "0::/\n");
    put_details(*state, 8, "Uid:\t1\t1\t1\t1\n", "0::/\n"); /* an old kernel */
    assert_int_equal(process_scan_run(scan, true, &result), 0);
    assert_value(row_of(result, 7)->swap_bytes, 12 * 1024);
    assert_false(row_of(result, 8)->swap_bytes.present);
    put_details(*state, 7, "Uid:\t2\t2\t2\t2\nVmSwap:\t13 kB\n", "0::/\n");
    assert_int_equal(process_scan_run(scan, true, &result), 0);
    assert_value(row_of(result, 7)->swap_bytes, 13 * 1024); /* anew each time */
    assert_value(row_of(result, 7)->uid, 2);
    assert_int_equal(process_scan_run(scan, false, &result), 0);
    assert_value(row_of(result, 7)->swap_bytes, 0);
    assert_value(row_of(result, 8)->swap_bytes, 0);
    process_scan_free(scan);
}

static void details_that_cannot_be_read(void **state)
{
    struct process_scan *scan = open_scan(*state, 5);
    struct process_scan_result result;

    PUT(*state, .pid = 7, .rss_pages = 2);
    assert_int_equal(process_scan_run(scan, true, &result), 0);
    assert_pids(result, "7");
    assert_false(result.rows[0].uid.present);
    assert_false(result.rows[0].swap_bytes.present);
    assert_string_equal(result.rows[0].cgroup, "");
    process_scan_free(scan);
}

static unsigned scans_until_cgroup_is(struct process_scan *scan, const char *cgroup)
{
    for (unsigned scans = 1; scans < 100; scans++) {
        struct process_scan_result result = run(scan);
        if (strcmp(row_of(result, 7)->cgroup, cgroup) == 0) {
            assert_value(row_of(result, 7)->uid, 2);
            return scans;
        }
        assert_value(row_of(result, 7)->uid, 1);
    }
    return 100;
}

static void details_are_remembered_for_a_while(void **state)
{
    struct process_scan *scan = open_scan(*state, 5);

    PUT(*state, .pid = 7, .rss_pages = 2);
    for (int time = 0; time < 2; time++) {
        put_details(*state, 7, "Uid:\t1\t1\t1\t1\n", "0::/one\n");
        for (int scans = 0; scans < 16; scans++)
            run(scan);
        put_details(*state, 7, "Uid:\t2\t2\t2\t2\n", "0::/other\n");
        unsigned scans = scans_until_cgroup_is(scan, "/other");
        assert_true(scans > 1 && scans <= 16);
        for (; scans < 16; scans++)
            run(scan);
    }
    process_scan_free(scan);
}

static void details_of_one_that_is_selected_again(void **state)
{
    struct process_scan *scan = open_scan(*state, 1);

    PUT(*state, .pid = 7, .rss_pages = 2);
    put_details(*state, 7, "Uid:\t1\t1\t1\t1\n", "0::/one\n");
    assert_pids(run(scan), "7");
    PUT(*state, .pid = 8, .rss_pages = 3);
    assert_pids(run(scan), "8");
    PUT(*state, .pid = 8, .rss_pages = 1);
    put_details(*state, 7, "Uid:\t2\t2\t2\t2\n", "0::/other\n");
    struct process_scan_result result = run(scan);
    assert_pids(result, "7");
    assert_string_equal(result.rows[0].cgroup, "/other");
    assert_value(result.rows[0].uid, 2);
    process_scan_free(scan);
}

/* In place: the folder is the same. */
static void a_kernel_thread_that_became_a_program(void **state)
{
    struct process_scan *scan = open_scan(*state, 5);
    unsigned scans = 1;

    PUT(*state, .pid = 7, .comm = "kworker/u4:1", .kernel_thread = true);
    assert_pids(run(scan), "");
    PUT(*state, .pid = 7, .comm = "modprobe", .rss_pages = 5, .minor_faults = 9);
    struct process_scan_result result = run(scan);
    for (; result.count == 0; scans++) {
        assert_int_equal(result.processes, 1);
        result = run(scan);
    }
    assert_true(scans <= 16);
    assert_pids(result, "7");
    assert_value(result.rows[0].minor_faults_since, 9);
    process_scan_free(scan);
}

static void the_pid_of_a_kernel_thread_that_a_program_has_now(void **state)
{
    const struct folder *folder = *state;
    struct process_scan *scan = open_scan(folder, 5);
    char from[128], to[128];

    PUT(folder, .pid = 7, .comm = "kworker/u4:1", .kernel_thread = true);
    run(scan);
    snprintf(from, sizeof(from), "%s/7", folder->path);
    snprintf(to, sizeof(to), "%s/gone", folder->path);
    assert_int_equal(rename(from, to), 0);
    PUT(folder, .pid = 7, .comm = "cc1", .rss_pages = 5, .minor_faults = 9, .start_ticks = 2);
    struct process_scan_result result = run(scan);
    assert_pids(result, "7");
    assert_string_equal(result.rows[0].comm, "cc1");
    assert_value(result.rows[0].minor_faults_since, 9);
    process_scan_free(scan);
}

/* A file system lists these in an order of its own; room is made for them as they come. */
static void many_processes_in_any_order(void **state)
{
    enum { MANY = 700 };
    struct process_scan *scan = open_scan(*state, PROCESS_SCAN_MOST_MAX);

    for (unsigned pid = 1; pid <= MANY; pid++)
        PUT(*state, .pid = pid, .rss_pages = pid * 37 % 701, .major_faults = 1000);
    struct process_scan_result result = run(scan);
    assert_int_equal(result.processes, MANY);
    assert_int_equal(result.count, PROCESS_SCAN_MOST_MAX);
    for (size_t i = 0; i < result.count; i++)
        assert_int_equal(result.rows[i].rss_bytes, (uint64_t)(700 - i) * (uint64_t)sysconf(_SC_PAGESIZE));
    for (unsigned pid = 1; pid <= MANY; pid++)
        PUT(*state, .pid = pid, .rss_pages = 1, .major_faults = 1000 + pid * 11 % 701, .minor_faults = pid);
    result = run(scan);
    assert_int_equal(result.count, 2 * PROCESS_SCAN_MOST_MAX); /* pids 1 to 50, and others */
    for (size_t i = 0; i < result.count; i++) {
        assert_true(i == 0 || result.rows[i].pid > result.rows[i - 1].pid);
        assert_value(result.rows[i].major_faults_since, result.rows[i].pid * 11 % 701);
        assert_value(result.rows[i].minor_faults_since, result.rows[i].pid);
    }
    process_scan_free(scan);
}

static void a_process_that_is_listed_twice_counts_once(void **state)
{
    struct process_scan *scan = open_scan(*state, 5);

    PUT(*state, .pid = 7, .rss_pages = 2);
    PUT(*state, .pid = 8, .rss_pages = 1);
    list_twice = true;
    struct process_scan_result result = run(scan);
    list_twice = false;
    assert_pids(result, "7 8");
    assert_int_equal(result.processes, 2);
    process_scan_free(scan);
}

static void the_largest_amount_of_memory(void **state)
{
    struct process_scan *scan = open_scan(*state, 2);

    folder_put(*state, "3/stat", "3 (x) S 1 1 1 0 -1 0 1 0 2 0 0 0 0 0 20 0 1 0 3 4 9223372036854775807 6\n");
    PUT(*state, .pid = 2, .rss_pages = 5);
    struct process_scan_result result = run(scan);
    assert_pids(result, "3 2");
    assert_true(result.rows[0].rss_bytes == UINT64_MAX);
    process_scan_free(scan);
}

static void a_failed_scan_changes_nothing(void **state)
{
    struct process_scan *scan = process_scan_new(5);
    struct process_scan_result result = {.count = 77};

    assert_non_null(scan);
    assert_int_equal(process_scan_run(scan, false, &result), -EBADF);
    assert_int_equal(result.count, 77);
    assert_int_equal(process_scan_open(scan, "/nonexistent"), -ENOENT);
    assert_int_equal(process_scan_open(scan, ((struct folder *)*state)->path), 0);
    PUT(*state, .pid = 2, .rss_pages = 5, .major_faults = 5);
    assert_false(run(scan).rows[0].major_faults_since.present); /* still the first one */
    process_scan_free(scan);
    process_scan_free(NULL);
}

static void rows_of_a_scan_stay_until_the_next(void **state)
{
    struct process_scan *scan = open_scan(*state, 5);

    PUT(*state, .pid = 2, .comm = "before", .rss_pages = 5);
    struct process_scan_result before = run(scan);
    PUT(*state, .pid = 2, .comm = "after", .rss_pages = 6);
    assert_string_equal(before.rows[0].comm, "before");
    assert_string_equal(run(scan).rows[0].comm, "after");
    process_scan_free(scan);
}

static void this_machine(void **state)
{
    struct process_scan *scan = process_scan_new(PROCESS_SCAN_MOST_MAX);
    struct process_scan_result result;
    (void)state;

    assert_non_null(scan);
    assert_int_equal(process_scan_open(scan, "/proc"), 0);
    for (int scans = 0; scans < 3; scans++) {
        assert_int_equal(process_scan_run(scan, true, &result), 0);
        assert_true(result.count > 0 && result.processes >= result.count);
        for (size_t i = 1; i < result.count; i++)
            assert_true(result.rows[i - 1].rss_bytes >= result.rows[i].rss_bytes);
    }
    process_scan_free(scan);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(a_row_tells_what_the_process_has),
        unit_test_in_folder(those_with_the_most_memory),
        unit_test_in_folder(those_that_hold_nothing_are_none),
        unit_test_in_folder(those_with_the_most_major_faults_since),
        unit_test_in_folder(who_is_first_by_both_appears_once),
        unit_test_in_folder(in_the_first_scan_there_is_no_since),
        unit_test_in_folder(a_new_process_has_all_its_faults_since),
        unit_test_in_folder(a_pid_that_somebody_else_has_now),
        unit_test_in_folder(a_count_that_goes_backwards),
        unit_test_in_folder(one_that_could_not_be_read_the_last_time),
        unit_test_in_folder(those_that_are_gone_do_not_count),
        unit_test_in_folder(swap_is_read_where_there_is_any),
        unit_test_in_folder(details_that_cannot_be_read),
        unit_test_in_folder(details_are_remembered_for_a_while),
        unit_test_in_folder(details_of_one_that_is_selected_again),
        unit_test_in_folder(a_kernel_thread_that_became_a_program),
        unit_test_in_folder(the_pid_of_a_kernel_thread_that_a_program_has_now),
        unit_test_in_folder(many_processes_in_any_order),
        unit_test_in_folder(a_process_that_is_listed_twice_counts_once),
        unit_test_in_folder(the_largest_amount_of_memory),
        unit_test_in_folder(a_failed_scan_changes_nothing),
        unit_test_in_folder(rows_of_a_scan_stay_until_the_next),
        cmocka_unit_test(this_machine),
    };
    return cmocka_run_group_tests_name("process_scan", tests, NULL, NULL);
}
