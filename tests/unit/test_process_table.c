#include "render/process_table.h"
#include "support.h"

#include <string.h>

#define HEADINGS "         pid    uid    rss   swap   min/s   maj/s command          cgroup\n"

static void a_line_for_each_process(void **state)
{
    static const struct process_row rows[] = {
        {.pid = 4242,
         .comm = "python3",
         .rss_bytes = UINT64_C(61) << 30,
         .swap_bytes = {UINT64_C(3) << 29, true},
         .minor_faults_since = {12345, true},
         .major_faults_since = {5, true},
         .uid = {1000, true},
         .cgroup = "/user.slice"},
        {.pid = 1, .comm = "init", .rss_bytes = 9 << 20, .swap_bytes = {0, true}, .uid = {0, true}},
    };
    TEXT(text, 1024);
    (void)state;

    process_table_put(&text, rows, COUNT_OF(rows), 2);
    assert_text(&text,
                HEADINGS "        4242   1000    61G   1.5G    6173       3 python3          /user.slice\n"
                         "           1      0   9.0M      0       -       - init             -\n");
}

static void without_processes_the_headings_alone(void **state)
{
    TEXT(text, 256);
    (void)state;

    process_table_put(&text, NULL, 0, 1);
    assert_text(&text, HEADINGS);
}

static void in_the_first_scan_nothing_is_per_second(void **state)
{
    struct process_row row = {.pid = 7,
                              .comm = "x",
                              .minor_faults_since = some(100),
                              .major_faults_since = some(100)};
    TEXT(text, 512);
    (void)state;

    process_table_put(&text, &row, 1, 0);
    assert_text(&text, HEADINGS "           7      -      0      -       -       - x                -\n");
}

static void names_cannot_steer_a_terminal_nor_forge_lines(void **state)
{
    struct process_row row = {.pid = 7, .comm = "foo) Z 1 (\n\033[2J", .cgroup = "/a\nb\xff"};
    TEXT(text, 512);
    (void)state;

    process_table_put(&text, &row, 1, 1);
    assert_text(&text, HEADINGS "           7      -      0      -       -       - foo) Z 1 (\\x0a\\x1b[2J "
                                "/a\\x0ab\\xff\n");
}

static void the_largest_fit_their_bound(void **state)
{
    enum { COUNT = 3 };
    struct process_row rows[COUNT];
    struct value most = some(UINT64_MAX);
    size_t bound = process_table_max(COUNT);
    struct text text = text_new(bound);
    (void)state;

    for (size_t i = 0; i < COUNT; i++) {
        rows[i] = (struct process_row){.pid = UINT64_MAX,
                                       .rss_bytes = UINT64_MAX,
                                       .swap_bytes = most,
                                       .minor_faults_since = most,
                                       .major_faults_since = most,
                                       .uid = most};
        memset(rows[i].comm, '\x01', sizeof(rows[i].comm) - 1);
        memset(rows[i].cgroup, '\x01', sizeof(rows[i].cgroup) - 1);
    }
    process_table_put(&text, rows, COUNT, 0.001);
    assert_int_equal(text.lost, 0);
    assert_true(text.length > (size_t)COUNT * (PROCESS_COMM_MAX + PROCESS_CGROUP_MAX - 2) * 4);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_line_for_each_process),
        cmocka_unit_test(without_processes_the_headings_alone),
        cmocka_unit_test(in_the_first_scan_nothing_is_per_second),
        cmocka_unit_test(names_cannot_steer_a_terminal_nor_forge_lines),
        cmocka_unit_test(the_largest_fit_their_bound),
    };
    return cmocka_run_group_tests_name("process_table", tests, NULL, NULL);
}
