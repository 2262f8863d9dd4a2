#include "blackbox/process_book.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOM = 128 * 1024 };

/* A writer's book and a reader's. */
struct pair {
    struct process_book *writer;
    struct process_book *reader;
    size_t bytes; /* of the last content */
    struct process_summary summary;
    struct process_row rows[PROCESS_ROWS_MAX]; /* as they were last taken */
    size_t count;
};

static void pair_init(struct pair *pair)
{
    *pair = (struct pair){.writer = process_book_new(), .reader = process_book_new()};
    assert_non_null(pair->writer);
    assert_non_null(pair->reader);
}

static void pair_free(struct pair *pair)
{
    process_book_free(pair->writer);
    process_book_free(pair->reader);
}

static void assert_same_value(struct value a, struct value b)
{
    assert_int_equal(a.present, b.present);
    assert_int_equal(a.present ? a.number : 0, b.present ? b.number : 0);
}

static void assert_same_row(const struct process_row *a, const struct process_row *b)
{
    assert_int_equal(a->pid, b->pid);
    assert_int_equal(a->start_ticks, b->start_ticks);
    assert_string_equal(a->comm, b->comm);
    assert_string_equal(a->cgroup, b->cgroup);
    assert_same_value(a->uid, b->uid);
    assert_int_equal(a->rss_bytes, b->rss_bytes);
    assert_same_value(a->swap_bytes, b->swap_bytes);
    assert_int_equal(a->minor_faults, b->minor_faults);
    assert_int_equal(a->major_faults, b->major_faults);
    assert_same_value(a->minor_faults_since, b->minor_faults_since);
    assert_same_value(a->major_faults_since, b->major_faults_since);
}

static void pass(struct pair *pair, const struct process_row *rows, size_t count)
{
    static const struct process_summary summary = {UINT64_MAX, 1234, 5};
    uint8_t *bytes = malloc(ROOM);
    struct packer packer = packer_over(bytes, ROOM);

    process_book_put(pair->writer, &packer, &summary, rows, count);
    assert_false(packer.overflow);
    bytes = realloc(bytes, packer.length);
    struct unpacker unpacker = unpacker_over(bytes, packer.length);
    memset(pair->rows, 0xff, sizeof(pair->rows));
    assert_true(process_book_take(pair->reader, &unpacker, &pair->summary, pair->rows, &pair->count));
    free(bytes);
    pair->bytes = packer.length;
    assert_int_equal(pair->count, count);
    for (size_t i = 0; i < count; i++)
        assert_same_row(&pair->rows[i], &rows[i]);
}

static struct process_row row_of(uint64_t pid)
{
    struct process_row row = {
        .pid = pid,
        .start_ticks = pid * 10,
        .rss_bytes = pid * 4096,
        .swap_bytes = {8192, true},
        .minor_faults = 1000 + pid,
        .major_faults = 10,
        .uid = {1000, true},
    };

    (void)snprintf(row.comm, sizeof(row.comm), "p%u", (unsigned)pid);
    (void)snprintf(row.cgroup, sizeof(row.cgroup), "/system.slice/p%u.service", (unsigned)pid);
    return row;
}

static void a_scan_comes_out_as_it_was_put(void **state)
{
    struct pair pair;
    struct process_row rows[] = {row_of(1), row_of(2), row_of(4194304)};
    (void)state;

    pair_init(&pair);
    rows[1].uid.present = false;
    rows[1].swap_bytes.present = false;
    rows[1].cgroup[0] = '\0';
    rows[2].minor_faults_since = (struct value){0, true};
    rows[2].major_faults_since = (struct value){UINT64_MAX, true};
    pass(&pair, rows, 3);
    assert_int_equal(pair.summary.since_ns, UINT64_MAX);
    assert_int_equal(pair.summary.processes, 1234);
    assert_int_equal(pair.summary.unread, 5);
    pass(&pair, rows, 0);
    pair_free(&pair);
}

static void a_process_that_is_known_is_a_number_and_differences(void **state)
{
    struct pair pair;
    struct process_row row = row_of(7);
    (void)state;

    pair_init(&pair);
    pass(&pair, &row, 1);
    size_t first_bytes = pair.bytes;
    row.rss_bytes -= 4096;
    row.swap_bytes.number += 4096;
    row.minor_faults += 50;
    row.major_faults += 1;
    row.minor_faults_since = (struct value){50, true};
    row.major_faults_since = (struct value){1, true};
    pass(&pair, &row, 1);
    assert_true(pair.bytes < first_bytes - 25); /* the strings are not told again */
    row.rss_bytes = 0;
    row.swap_bytes = (struct value){0, true};
    row.minor_faults = 0; /* counts may go back where a thread group changes its leader */
    row.major_faults = UINT64_MAX;
    row.minor_faults_since = (struct value){0, false};
    row.major_faults_since = (struct value){3, true};
    pass(&pair, &row, 1);
    row.swap_bytes.present = false;
    row.rss_bytes = UINT64_MAX / 1024 * 1024;
    pass(&pair, &row, 1);
    pair_free(&pair);
}

static void processes_go_and_come_back(void **state)
{
    struct pair pair;
    struct process_row a = row_of(1);
    struct process_row b = row_of(2);
    struct process_row c = row_of(3);
    (void)state;

    pair_init(&pair);
    pass(&pair, (struct process_row[]){a, b}, 2);
    b.rss_bytes += 1 << 30;
    pass(&pair, (struct process_row[]){b, c}, 2);
    a.rss_bytes += 4096;
    c.minor_faults++;
    pass(&pair, (struct process_row[]){c, a, b}, 3);
    pair_free(&pair);
}

/* It may call itself something else (prctl(2)), move, change its user; a pid may be another process's. */
static void a_process_that_is_another_now_is_told_anew(void **state)
{
    struct pair pair;
    struct process_row row = row_of(9);
    (void)state;

    pair_init(&pair);
    pass(&pair, &row, 1);
    strcpy(row.comm, "foo) Z 1 (\n\xff\xfe");
    pass(&pair, &row, 1);
    strcpy(row.cgroup, "/elsewhere");
    pass(&pair, &row, 1);
    row.uid.number = 0;
    pass(&pair, &row, 1);
    row.uid.present = false;
    pass(&pair, &row, 1);
    row.start_ticks++;
    row.minor_faults = 1;
    pass(&pair, &row, 1);
    pass(&pair, &row, 1);
    assert_true(process_book_has_room(pair.writer, PROCESS_BOOK_MAX - 6));
    assert_false(process_book_has_room(pair.writer, PROCESS_BOOK_MAX - 5));
    pair_free(&pair);
}

static void strings_are_as_long_as_they_may_be(void **state)
{
    struct pair pair;
    struct process_row row = row_of(9);
    (void)state;

    pair_init(&pair);
    memset(row.comm, 'c', sizeof(row.comm) - 1);
    memset(row.cgroup, 'g', sizeof(row.cgroup) - 1);
    pass(&pair, &row, 1);
    pass(&pair, &row, 1);
    pair_free(&pair);
}

static void a_cleared_book_begins_anew(void **state)
{
    struct pair pair;
    struct process_row row = row_of(9);
    (void)state;

    pair_init(&pair);
    pass(&pair, &row, 1);
    size_t first_bytes = pair.bytes;
    process_book_clear(pair.writer);
    process_book_clear(pair.reader);
    assert_true(process_book_has_room(pair.writer, PROCESS_BOOK_MAX));
    pass(&pair, &row, 1);
    assert_int_equal(pair.bytes, first_bytes);
    pair_free(&pair);
}

static void a_book_has_room_for_so_many(void **state)
{
    struct pair pair;
    struct process_row rows[PROCESS_ROWS_MAX];
    (void)state;

    pair_init(&pair);
    for (size_t told = 0; told < 200; told += PROCESS_ROWS_MAX) {
        for (size_t i = 0; i < PROCESS_ROWS_MAX; i++)
            rows[i] = row_of(1 + told + i);
        assert_true(process_book_has_room(pair.writer, PROCESS_ROWS_MAX));
        pass(&pair, rows, PROCESS_ROWS_MAX);
    }
    assert_true(process_book_has_room(pair.writer, 56));
    assert_false(process_book_has_room(pair.writer, 57));
    assert_false(process_book_has_room(pair.writer, PROCESS_ROWS_MAX));
    for (size_t i = 0; i < 56; i++)
        rows[i] = row_of(1000 + i);
    pass(&pair, rows, 56);
    assert_true(process_book_has_room(pair.writer, 0));
    assert_false(process_book_has_room(pair.writer, 1));
    rows[0].rss_bytes = 0;
    pass(&pair, rows, 56);
    pair_free(&pair);
}

static bool takes(struct process_book *book, const uint8_t *bytes, size_t length)
{
    static struct process_row rows[PROCESS_ROWS_MAX];
    struct unpacker unpacker = unpacker_over(bytes, length);
    struct process_summary summary;
    size_t count;

    return process_book_take(book, &unpacker, &summary, rows, &count);
}

static void a_scan_that_is_cut_is_none(void **state)
{
    static uint8_t bytes[4096];
    struct pair pair;
    struct process_row rows[] = {row_of(1), row_of(2)};
    const struct process_summary summary = {1, 2, 3};
    struct packer packer = packer_over(bytes, sizeof(bytes));
    (void)state;

    pair_init(&pair);
    process_book_put(pair.writer, &packer, &summary, rows, 2);
    for (size_t length = 0; length < packer.length; length++) {
        process_book_clear(pair.reader);
        assert_false(takes(pair.reader, bytes, length));
    }
    process_book_clear(pair.reader);
    assert_true(takes(pair.reader, bytes, packer.length));
    process_book_clear(pair.reader);
    assert_false(takes(pair.reader, bytes, packer.length + 1));
    pair_free(&pair);
}

static void what_no_writer_puts_is_refused(void **state)
{
    static const uint8_t unknown_place[] = {1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 0};
    static const uint8_t far_place[] = {1, 1, 0, 1, 0xff, 0xff, 3, 0, 0, 0, 0, 0, 0};
    static const uint8_t too_many[] = {1, 1, 0, PROCESS_ROWS_MAX + 1};
    static const uint8_t new_one[] = {1, 1, 0, 1, 0, 5, 5, 0, 1, 'c', 0, 0, 0, 0, 0, 0, 0};
    struct process_book *book = process_book_new();
    (void)state;

    assert_false(takes(book, unknown_place, sizeof(unknown_place)));
    assert_false(takes(book, far_place, sizeof(far_place)));
    assert_false(takes(book, too_many, sizeof(too_many)));
    process_book_clear(book);
    for (int i = 0; i < PROCESS_BOOK_MAX; i++)
        assert_true(takes(book, new_one, sizeof(new_one)));
    assert_false(takes(book, new_one, sizeof(new_one)));
    process_book_free(book);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_scan_comes_out_as_it_was_put),
        cmocka_unit_test(a_process_that_is_known_is_a_number_and_differences),
        cmocka_unit_test(processes_go_and_come_back),
        cmocka_unit_test(a_process_that_is_another_now_is_told_anew),
        cmocka_unit_test(strings_are_as_long_as_they_may_be),
        cmocka_unit_test(a_cleared_book_begins_anew),
        cmocka_unit_test(a_book_has_room_for_so_many),
        cmocka_unit_test(a_scan_that_is_cut_is_none),
        cmocka_unit_test(what_no_writer_puts_is_refused),
    };
    return cmocka_run_group_tests_name("process_book", tests, NULL, NULL);
}
