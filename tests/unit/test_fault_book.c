#include "metric/fault_book.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct fault_key key_of(uint32_t pid, uint64_t inode)
{
    return (struct fault_key){
        .start_ns = pid, .inode = inode, .device = 1, .pid = pid, .backing = inode ? FAULT_FILE : FAULT_SWAP};
}

static void name(struct fault_book *book, struct fault_key key, const char *comm, const char *path,
                 const char *cgroup)
{
    static struct fault_names names;

    names = (struct fault_names){.key = key, .uid = 5};
    snprintf(names.comm, sizeof(names.comm), "%s", comm);
    snprintf(names.path, sizeof(names.path), "%s", path);
    snprintf(names.cgroup, sizeof(names.cgroup), "%s", cgroup);
    assert_int_equal(fault_book_name(book, &names), 0);
}

static void add(struct fault_book *book, struct fault_key key, uint64_t faults, uint64_t total_ns)
{
    struct fault_sum sum = {.faults = faults, .total_ns = total_ns, .max_ns = total_ns};

    sum.buckets[3] = (uint32_t)faults;
    assert_int_equal(fault_book_add(book, &key, &sum), 0);
}

/* Two processes and two files, and one of them from swap. */
static struct fault_book *some_faults(void)
{
    struct fault_book *book = fault_book_new();

    name(book, key_of(1, 10), "a", "/x", "/g");
    name(book, key_of(1, 11), "a2", "/y", "/g");
    name(book, key_of(2, 10), "b", "/x", "/h");
    add(book, key_of(1, 10), 1, 100);
    add(book, key_of(1, 11), 2, 200);
    add(book, key_of(2, 10), 4, 150);
    add(book, key_of(2, 0), 8, 50);
    return book;
}

static void rows_of(struct fault_rows *rows, const struct fault_book *book, enum fault_grouping grouping,
                    size_t expected)
{
    assert_int_equal(fault_rows_make(rows, book, grouping), 0);
    assert_int_equal(rows->count, expected);
    assert_int_equal(rows->all.faults, 15);
    assert_int_equal(rows->all.total_ns, 500);
}

static void the_pair_that_lost_most_is_first(void **state)
{
    struct fault_book *book = some_faults();
    struct fault_rows rows;
    (void)state;

    rows_of(&rows, book, FAULTS_BY_PAIR, 4);
    assert_string_equal(rows.list[0].pair->path, "/y");
    assert_int_equal(rows.list[0].latency.faults, 2);
    assert_string_equal(rows.list[1].pair->comm, "b");
    assert_string_equal(rows.list[2].pair->comm, "a");
    assert_int_equal(rows.list[3].pair->key.backing, FAULT_SWAP);
    assert_null(rows.list[3].pair->path);
    fault_rows_free(&rows);
    fault_book_free(book);
}

static void groups(void **state)
{
    struct fault_book *book = some_faults();
    struct fault_rows rows;
    (void)state;

    rows_of(&rows, book, FAULTS_BY_PROCESS, 2);
    assert_int_equal(rows.list[0].pair->key.pid, 1);
    assert_string_equal(rows.list[0].pair->comm, "a2"); /* its newest name */
    assert_int_equal(rows.list[0].latency.total_ns, 300);
    assert_string_equal(rows.list[1].pair->comm, "b"); /* not the one without */
    assert_int_equal(rows.list[1].latency.faults, 12);
    assert_int_equal(rows.list[1].latency.buckets[3], 12);
    fault_rows_free(&rows);

    rows_of(&rows, book, FAULTS_BY_FILE, 3);
    assert_string_equal(rows.list[0].pair->path, "/x");
    assert_int_equal(rows.list[0].latency.total_ns, 250);
    fault_rows_free(&rows);

    rows_of(&rows, book, FAULTS_BY_CGROUP, 3);
    assert_string_equal(rows.list[0].pair->cgroup, "/g");
    assert_null(rows.list[2].pair->cgroup);
    fault_rows_free(&rows);
    fault_book_free(book);
}

static void a_pid_that_is_used_again_is_another_process(void **state)
{
    struct fault_book *book = fault_book_new();
    struct fault_key later = key_of(1, 10);
    struct fault_rows rows;
    (void)state;

    later.start_ns = 99;
    add(book, key_of(1, 10), 1, 1);
    add(book, later, 1, 1);
    assert_int_equal(fault_rows_make(&rows, book, FAULTS_BY_PROCESS), 0);
    assert_int_equal(rows.count, 2);
    fault_rows_free(&rows);
    fault_book_free(book);
}

static void waits_count_for_the_order(void **state)
{
    struct fault_book *book = some_faults();
    struct fault_key key = key_of(3, 10);
    struct fault_sum waits = {.waits = 7, .wait_ns = 1000};
    struct fault_rows rows;
    (void)state;

    assert_int_equal(fault_book_add(book, &key, &waits), 0);
    rows_of(&rows, book, FAULTS_BY_PAIR, 5);
    assert_int_equal(rows.list[0].pair->key.pid, 3);
    assert_int_equal(rows.all.waits, 7);
    fault_rows_free(&rows);
    fault_book_free(book);
}

static void who_only_has_names_has_no_row(void **state)
{
    struct fault_book *book = fault_book_new();
    struct fault_rows rows;
    (void)state;

    assert_int_equal(fault_rows_make(&rows, book, FAULTS_BY_FILE), 0);
    assert_int_equal(rows.count, 0);
    fault_rows_free(&rows);
    name(book, key_of(1, 10), "a", "/x", "/");
    assert_int_equal(fault_rows_make(&rows, book, FAULTS_BY_FILE), 0);
    assert_int_equal(rows.count, 0);
    fault_rows_free(&rows);
    fault_book_free(book);
}

static void the_rest_is_added_up(void **state)
{
    struct fault_book *book = some_faults();
    struct fault_sum beyond = {.faults = 16, .total_ns = 1};
    struct fault_rows rows;
    (void)state;

    rows_of(&rows, book, FAULTS_BY_PAIR, 4);
    fault_rows_add_others(&rows, &beyond);
    assert_int_equal(rows.all.faults, 31);
    fault_rows_cut(&rows, 10);
    assert_int_equal(rows.count, 4);
    assert_int_equal(rows.others, 0);
    fault_rows_cut(&rows, 1);
    assert_int_equal(rows.count, 1);
    assert_int_equal(rows.others, 3);
    assert_int_equal(rows.others_latency.faults, 16 + 13);
    fault_rows_free(&rows);
    fault_book_free(book);
}

static void unknown_ones_are_counted(void **state)
{
    struct fault_book *book = fault_book_new();
    struct fault_key key = {.pid = 1, .backing = FAULT_UNKNOWN};
    struct fault_rows rows;
    (void)state;

    add(book, key, 3, 10);
    add(book, key_of(1, 10), 4, 10);
    assert_int_equal(fault_rows_make(&rows, book, FAULTS_BY_FILE), 0);
    assert_int_equal(rows.unknown, 3);
    fault_rows_free(&rows);
    fault_book_free(book);
}

static void many_pairs_are_found_again(void **state)
{
    enum { MANY = 5000 };
    struct fault_book *book = fault_book_new();
    char path[32];
    (void)state;

    for (uint32_t i = 0; i < MANY; i++) {
        snprintf(path, sizeof(path), "/%u", i);
        name(book, key_of(i % 7 + 1, i + 1), "a", path, "/");
    }
    for (uint32_t i = 0; i < MANY; i++) {
        struct fault_key key = key_of(i % 7 + 1, i + 1);
        snprintf(path, sizeof(path), "/%u", i);
        assert_string_equal(fault_book_find(book, &key)->path, path);
        key.backing = FAULT_SHMEM;
        assert_null(fault_book_find(book, &key));
    }
    fault_book_free(book);
}

/* The first ones stay: an event in between has them already. */
static void names_come_once(void **state)
{
    struct fault_book *book = fault_book_new();
    struct fault_key key = key_of(1, 10);
    (void)state;

    assert_null(fault_book_find(book, &key));
    add(book, key, 1, 1);
    assert_false(fault_book_find(book, &key)->named);
    name(book, key, "a", "/x", "/");
    name(book, key, "b", "/y", "/");
    assert_string_equal(fault_book_find(book, &key)->path, "/x");
    assert_int_equal(fault_book_find(book, &key)->uid, 5);
    fault_book_free(book);
    fault_book_free(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pair_that_lost_most_is_first),
        cmocka_unit_test(groups),
        cmocka_unit_test(a_pid_that_is_used_again_is_another_process),
        cmocka_unit_test(waits_count_for_the_order),
        cmocka_unit_test(who_only_has_names_has_no_row),
        cmocka_unit_test(the_rest_is_added_up),
        cmocka_unit_test(unknown_ones_are_counted),
        cmocka_unit_test(many_pairs_are_found_again),
        cmocka_unit_test(names_come_once),
    };
    return cmocka_run_group_tests_name("fault_book", tests, NULL, NULL);
}
