#include "base/clock.h"
#include "render/oom_table.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* 2026-11-23 14:21:30 UTC */
static const struct oom_moment wall = {.has_wall = true, .wall_ns = UINT64_C(1795443690) * NS_PER_SECOND};
static const struct oom_moment unknown;

static void shown_as(const struct oom_kill *kill, const struct oom_moment *moment, bool verbose,
                     const char *expected)
{
    TEXT(text, OOM_TABLE_MAX);
    oom_table_put_kill(&text, kill, moment, verbose);
    assert_text(&text, expected);
}

static struct oom_kill trainer(void)
{
    struct oom_kill kill = {.pid = some(197),
                            .uid = some(1000),
                            .oom_score_adj = some((uint64_t)-300),
                            .total_vm_bytes = some(22572 * 1024),
                            .anon_rss_bytes = some(17280 * 1024),
                            .file_rss_bytes = some(0),
                            .shmem_rss_bytes = some(4352 * 1024),
                            .pgtables_bytes = some(80 * 1024),
                            .comm = "trainer",
                            .constraint = OOM_CONSTRAINT_MEMCG,
                            .cgroup = "/train/job",
                            .limit_cgroup = "/train",
                            .usage_bytes = some(24 << 20),
                            .limit_bytes = some(24 << 20),
                            .trigger = "asker",
                            .trigger_pid = some(198),
                            .task_count = 2};
    kill.tasks[0] = (struct oom_task){.pid = some(197),
                                      .uid = some(1000),
                                      .rss_bytes = some(21632 * 1024),
                                      .swap_bytes = some(12 * 1024),
                                      .oom_score_adj = some((uint64_t)-300),
                                      .comm = "trainer"};
    kill.tasks[1] = (struct oom_task){.pid = some(195), .rss_bytes = some(0), .comm = "a b"};
    return kill;
}

static void the_headings_stand_above_their_cells(void **state)
{
    struct oom_kill kill = trainer();
    TEXT(text, OOM_TABLE_MAX);
    (void)state;

    oom_table_put_header(&text);
    oom_table_put_kill(&text, &kill, &wall, false);
    assert_text(&text, "time                    pid    uid   adj    rss   limit command          cgroup\n"
                       "2026-11-23 14:21:30     197   1000  -300    21M     24M trainer          /train/job "
                       "(limit of /train)\n");
}

static void the_details(void **state)
{
    struct oom_kill kill = trainer();
    (void)state;

    shown_as(&kill, &wall, true,
             "2026-11-23 14:21:30     197   1000  -300    21M     24M trainer          /train/job (limit of "
             "/train)\n"
             "    held: anon 17M, file 0, shmem 4.3M, page tables 80K; virtual 22M; its cgroup used 24M\n"
             "    asked for more: asker[198]\n"
             "    largest tasks:      pid    uid   adj    rss    swap command\n"
             "                        197   1000  -300    21M     12K trainer\n"
             "                        195      -     -      0       - a b\n");
}

static void what_is_not_known_is_a_dash(void **state)
{
    struct oom_kill kill = {.pid = some(5)};
    (void)state;

    shown_as(&kill, &unknown, false,
             "-                         5      -     -      -       - -                -\n");
    kill.anon_rss_bytes = some(4096);
    kill.constraint = OOM_CONSTRAINT_MEMCG;
    strcpy(kill.limit_cgroup, "/a");
    strcpy(kill.trigger, "x");
    shown_as(&kill, &unknown, true,
             "-                         5      -     -      -  cgroup -                - (limit of /a)\n"
             "    held: anon 4.0K\n"
             "    asked for more: x\n");
    kill.file_rss_bytes = some(0);
    strcpy(kill.cgroup, "/a"); /* the limit is its own */
    kill.group_kill = true;
    shown_as(
        &kill, &unknown, false,
        "-                         5      -     -   4.0K  cgroup -                /a (with its group)\n");
}

static void what_was_full(void **state)
{
    static const struct {
        enum oom_constraint constraint;
        const char *line;
    } cases[] = {
        {OOM_CONSTRAINT_UNKNOWN,
         "-                         5      0     0      -       - x                -\n"},
        {OOM_CONSTRAINT_NONE, "-                         5      0     0      - machine x                -\n"},
        {OOM_CONSTRAINT_MEMCG,
         "-                         5      0     0      -    0.5K x                -\n"},
        {OOM_CONSTRAINT_CPUSET,
         "-                         5      0     0      -  cpuset x                -\n"},
        {OOM_CONSTRAINT_MEMORY_POLICY,
         "-                         5      0     0      -  policy x                -\n"},
    };
    struct oom_kill kill = {
        .pid = some(5), .uid = some(0), .oom_score_adj = some(0), .comm = "x", .limit_bytes = some(512)};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        kill.constraint = cases[i].constraint;
        shown_as(&kill, &unknown, false, cases[i].line);
    }
}

static void times_since_boot(void **state)
{
    struct oom_moment moment = {.has_monotonic = true, .monotonic_us = 98765043210};
    struct oom_kill kill = {.pid = some(5), .comm = "x"};
    (void)state;

    shown_as(&kill, &moment, false,
             "[98765.043210]            5      -     -      -       - x                -\n");
    moment.monotonic_us = 7;
    shown_as(&kill, &moment, false,
             "[    0.000007]            5      -     -      -       - x                -\n");
    moment.has_wall = true; /* is the better one */
    moment.wall_ns = wall.wall_ns;
    shown_as(&kill, &moment, false,
             "2026-11-23 14:21:30       5      -     -      -       - x                -\n");
}

static void names_cannot_steer_the_terminal(void **state)
{
    struct oom_kill kill = {.pid = some(5),
                            .comm = "a\nb\033[2J",
                            .cgroup = "/x\r\xff",
                            .limit_cgroup = "/\xe2\x80?",
                            .trigger = "\x7f",
                            .task_count = 1};
    (void)state;

    kill.limit_cgroup[3] = '\xae'; /* U+202E turns the direction of writing */
    kill.tasks[0] = (struct oom_task){.comm = "\xc2\x9b"
                                              "c"};
    shown_as(
        &kill, &unknown, true,
        "-                         5      -     -      -       - a\\x0ab\\x1b[2J    /x\\x0d\\xff (limit of "
        "/\\xe2\\x80\\xae)\n"
        "    asked for more: \\x7f\n"
        "    largest tasks:      pid    uid   adj    rss    swap command\n"
        "                          -      -     -      -       - \\xc2\\x9bc\n");
}

static void wide_names_take_their_columns(void **state)
{
    struct oom_kill kill = {.pid = some(5), .comm = "caf\xc3\xa9", .cgroup = "/x"};
    (void)state;

    shown_as(&kill, &unknown, false,
             "-                         5      -     -      -       - caf\xc3\xa9             /x\n");
    strcpy(kill.comm, "a name with many letters");
    shown_as(&kill, &unknown, false,
             "-                         5      -     -      -       - a name with many letters /x\n");
}

static void fill(char *string, size_t size)
{
    memset(string, '\x01', size - 1); /* four bytes each */
}

static void the_largest_kill_fits_its_bound(void **state)
{
    struct value most = some(UINT64_MAX);
    struct value least = some((uint64_t)INT64_MIN);
    struct oom_kill kill = {.pid = most,
                            .uid = most,
                            .oom_score_adj = least,
                            .total_vm_bytes = most,
                            .anon_rss_bytes = most,
                            .file_rss_bytes = some(0),
                            .shmem_rss_bytes = some(0),
                            .pgtables_bytes = most,
                            .constraint = OOM_CONSTRAINT_MEMCG,
                            .usage_bytes = most,
                            .limit_bytes = most,
                            .trigger_pid = most,
                            .group_kill = true,
                            .task_count = OOM_TASKS_MAX};
    struct oom_moment moment = {.has_monotonic = true, .monotonic_us = UINT64_MAX};
    struct text text = text_new(OOM_TABLE_MAX);
    size_t lines = 0;
    (void)state;

    fill(kill.comm, sizeof(kill.comm));
    fill(kill.cgroup, sizeof(kill.cgroup));
    fill(kill.limit_cgroup, sizeof(kill.limit_cgroup));
    kill.limit_cgroup[0] = '\x02';
    fill(kill.trigger, sizeof(kill.trigger));
    for (size_t i = 0; i < OOM_TASKS_MAX; i++) {
        kill.tasks[i] = (struct oom_task){most, most, most, most, least, ""};
        fill(kill.tasks[i].comm, sizeof(kill.tasks[i].comm));
    }
    oom_table_put_kill(&text, &kill, &moment, true);
    assert_int_equal(text.lost, 0);
    for (size_t i = 0; i < text.length; i++)
        lines += text.bytes[i] == '\n';
    assert_int_equal(lines, 4 + OOM_TASKS_MAX);
    assert_int_equal(text.bytes[text.length - 1], '\n');
    /* All of every name: four bytes for one. */
    assert_true(text.length > ((OOM_COMM_MAX - 1) * (OOM_TASKS_MAX + 2) + (OOM_CGROUP_MAX - 1) * 2) * 4);
    text_free(&text);
}

static void numbers_wider_than_their_cells_stay_apart(void **state)
{
    struct oom_kill kill = {.pid = some(4194304),
                            .uid = some(1870001104),
                            .oom_score_adj = some((uint64_t)-1000),
                            .comm = "x"};
    struct oom_moment moment = {0};
    TEXT(text, 512);
    (void)state;

    oom_table_put_kill(&text, &kill, &moment, false);
    assert_text(&text, "-                   4194304 1870001104 -1000      -       - x                -\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers_wider_than_their_cells_stay_apart),
        cmocka_unit_test(the_headings_stand_above_their_cells),
        cmocka_unit_test(the_details),
        cmocka_unit_test(what_is_not_known_is_a_dash),
        cmocka_unit_test(what_was_full),
        cmocka_unit_test(times_since_boot),
        cmocka_unit_test(names_cannot_steer_the_terminal),
        cmocka_unit_test(wide_names_take_their_columns),
        cmocka_unit_test(the_largest_kill_fits_its_bound),
    };
    return cmocka_run_group_tests_name("oom_table", tests, in_utc, NULL);
}
