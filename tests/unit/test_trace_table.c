#include "base/clock.h"
#include "render/trace_table.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

static const struct style plain;
static const struct style signs = {.signs = true};

static struct fault_pair python(void)
{
    return (struct fault_pair){
        .key = {.inode = 12, .device = 254 << 20 | 3, .pid = 4242, .backing = FAULT_FILE},
        .named = true,
        .uid = 1000,
        .comm = "python3",
        .path = "/srv/data.bin",
        .cgroup = "/train/job",
    };
}

/* COUNT faults of NS each. */
static struct latency faults_of(uint64_t count, uint64_t ns)
{
    struct latency latency = {.faults = count, .total_ns = count * ns, .max_ns = ns};

    latency.buckets[fault_bucket(ns)] = count;
    return latency;
}

static void shown_as(const struct fault_rows *rows, enum fault_grouping grouping,
                     const struct trace_summary *summary, const struct style *style, const char *expected)
{
    struct text text = text_new(trace_table_max(rows));

    trace_table_put(&text, rows, grouping, summary, style);
    assert_text(&text, expected);
    text_free(&text);
}

/* One row, which is all there is. */
static void row_shown_as(struct fault_pair *pair, enum fault_grouping grouping, const char *expected)
{
    struct fault_row row = {pair, faults_of(3, 2000)};
    struct fault_rows rows = {.list = &row, .count = 1, .all = row.latency};
    const struct trace_summary summary = {.seconds = 2, .has_waits = true};
    char all[1024];
    struct text text = text_over(all, sizeof(all) - 1);

    text_string(&text, "3 major faults took 6.0us in 2.0 s\n\n");
    text_string(&text, expected);
    text_string(&text, "\n  1.0us to 2.0us             3 ###############################################\n");
    all[text.length] = '\0';
    shown_as(&rows, grouping, &summary, &plain, all);
}

static void groups_have_their_columns(void **state)
{
    struct fault_pair pair = python();
    (void)state;

    row_shown_as(&pair, FAULTS_BY_PAIR,
                 "     pid command          faults  total    p50    p90    p99    max   waits waited file\n"
                 "    4242 python3               3  6.0us  2.0us  2.0us  2.0us  2.0us       0      - "
                 "/srv/data.bin\n");
    row_shown_as(&pair, FAULTS_BY_PROCESS,
                 "     pid command          faults  total    p50    p90    p99    max   waits waited cgroup\n"
                 "    4242 python3               3  6.0us  2.0us  2.0us  2.0us  2.0us       0      - "
                 "/train/job\n");
    row_shown_as(&pair, FAULTS_BY_FILE,
                 "  faults  total    p50    p90    p99    max   waits waited file\n"
                 "       3  6.0us  2.0us  2.0us  2.0us  2.0us       0      - /srv/data.bin\n");
    row_shown_as(&pair, FAULTS_BY_CGROUP,
                 "  faults  total    p50    p90    p99    max   waits waited cgroup\n"
                 "       3  6.0us  2.0us  2.0us  2.0us  2.0us       0      - /train/job\n");
}

static void files_are_named_as_far_as_they_are_known(void **state)
{
    static const struct {
        uint32_t backing;
        char *path;
        bool deleted;
        const char *name;
    } cases[] = {
        {FAULT_FILE, "/a b", false, "/a b"},
        {FAULT_FILE, "/a", true, "/a (deleted)"},
        {FAULT_FILE, NULL, false, "[device 254:3 inode 12]"},
        {FAULT_SHMEM, "/dev/shm/x", false, "[shmem] /dev/shm/x"},
        {FAULT_SWAP, NULL, false, "[swap]"},
        {FAULT_UNKNOWN, "", false, "[unknown]"},
        {99, NULL, false, "[unknown]"},
        {FAULT_FILE, "/a\033[2J\n\xff", false, "/a\\x1b[2J\\x0a\\xff"},
    };
    struct fault_pair pair = python();
    char expected[256];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        struct text text = text_over(expected, sizeof(expected) - 1);
        pair.key.backing = cases[i].backing;
        pair.path = cases[i].path;
        pair.deleted = cases[i].deleted;
        text_format(&text,
                    "  faults  total    p50    p90    p99    max   waits waited file\n"
                    "       3  6.0us  2.0us  2.0us  2.0us  2.0us       0      - %s\n",
                    cases[i].name);
        expected[text.length] = '\0';
        row_shown_as(&pair, FAULTS_BY_FILE, expected);
    }
}

static void nothing_is_one_line(void **state)
{
    const struct fault_rows rows = {0};
    const struct trace_summary summary = {.seconds = 0.1, .has_waits = true};
    (void)state;

    shown_as(&rows, FAULTS_BY_PAIR, &summary, &plain, "0 major faults took 0ns in 0.1 s\n");
}

static void what_is_not_told_is_counted(void **state)
{
    const struct fault_rows rows = {.unknown = 1};
    const struct trace_summary summary = {.seconds = 90, .beyond = 2, .unstarted = 3, .lost = 4};
    (void)state;

    shown_as(&rows, FAULTS_BY_PAIR, &summary, &plain,
             "0 major faults took 0ns in 1 min 30 s\n"
             "1 on a file that could not be told: the memory map was locked\n"
             "2 among the others, as there was no room for their process and file: see --pairs\n"
             "3 left out: they had begun before the trace did\n"
             "4 names and events lost: they came faster than they were read\n");
}

static void waits_without_faults(void **state)
{
    struct fault_pair pair = python();
    struct fault_row row = {&pair, {.waits = 1, .wait_ns = 12345678}};
    struct fault_rows rows = {.list = &row, .count = 1, .all = row.latency};
    const struct trace_summary summary = {.seconds = 1, .has_waits = true};
    (void)state;

    shown_as(&rows, FAULTS_BY_PAIR, &summary, &plain,
             "0 major faults took 0ns in 1.0 s; 1 wait for pages took 12ms\n"
             "\n"
             "     pid command          faults  total    p50    p90    p99    max   waits waited file\n"
             "    4242 python3               0      -      -      -      -      -       1   12ms "
             "/srv/data.bin\n");
}

static void waits_may_be_absent_and_others_are_added_up(void **state)
{
    struct fault_pair pair = python();
    struct fault_row row = {&pair, faults_of(1, 1500000000)};
    struct fault_rows rows = {.list = &row, .count = 1, .others = 7, .others_latency = faults_of(1, 1023)};
    const struct trace_summary summary = {.seconds = 1};
    (void)state;

    rows.all = row.latency;
    latency_add(&rows.all, &rows.others_latency);
    strcpy(pair.comm, "\033c");
    struct text text = text_new(trace_table_max(&rows));
    trace_table_put(&text, &rows, FAULTS_BY_PAIR, &summary, &plain);
    text.bytes[text.length] = '\0';
    static const char expected[] =
        "2 major faults took 1.5s in 1.0 s\n"
        "\n"
        "     pid command          faults  total    p50    p90    p99    max   waits waited file\n"
        "    4242 \\x1bc                 1   1.5s   1.5s   1.5s   1.5s   1.5s       -      - /srv/data.bin\n"
        "         others                1  1.0us  1.0us  1.0us  1.0us  1.0us       -      - [7 others]\n"
        "\n"
        "    0ns to 1.0us             1 ###############################################\n"
        "  1.0us to 2.0us             0\n";
    assert_memory_equal(text.bytes, expected, sizeof(expected) - 1);
    assert_non_null(strstr(text.bytes, "\n   1.1s to 2.1s              1 ####"));
    text_free(&text);
}

static void bars_have_eighths_where_they_can_be_shown(void **state)
{
    struct fault_pair pair = python();
    struct fault_row row = {&pair, faults_of(1000, 1500)};
    const struct trace_summary summary = {.seconds = 1, .has_waits = true};
    (void)state;

    row.latency.buckets[fault_bucket(3000)] = 1;
    row.latency.buckets[fault_bucket(UINT64_MAX)] = 500;
    struct fault_rows rows = {.list = &row, .count = 1, .all = row.latency};
    struct text text = text_new(trace_table_max(&rows));
    trace_table_put(&text, &rows, FAULTS_BY_FILE, &summary, &signs);
    text.bytes[text.length] = '\0';
    assert_non_null(strstr(text.bytes, "\n  2.0us to 4.1us             1 ▏\n"));
    assert_non_null(strstr(text.bytes, "\n    69s on                 500 ███████████████████████▌\n"));
    text.length = 0;
    trace_table_put(&text, &rows, FAULTS_BY_FILE, &summary, &plain);
    text.bytes[text.length] = '\0';
    assert_non_null(strstr(text.bytes, "\n  2.0us to 4.1us             1 #\n"));
    assert_non_null(strstr(text.bytes, "\n    69s on                 500 #######################\n"));
    text_free(&text);
}

static void an_event_is_a_line(void **state)
{
    struct fault_pair pair = python();
    struct fault_record_event fault = {.tid = 4243,
                                       .key = pair.key,
                                       .ns = 84000,
                                       .address = 0x7f0000001234,
                                       .offset = 0x1000,
                                       .comm = "worker\n"};
    /* 2026-11-23 14:21:30.250 UTC */
    struct trace_event event = {&fault, &pair, UINT64_C(1795443690) * NS_PER_SECOND + 250000000};
    TEXT(text, 1024);
    (void)state;

    trace_table_put_event_header(&text);
    trace_table_put_event(&text, &event);
    fault.waited = 1;
    fault.key.backing = FAULT_UNKNOWN;
    event.pair = NULL;
    memset(fault.comm, 'x', sizeof(fault.comm)); /* no end */
    trace_table_put_event(&text, &event);
    assert_text(
        &text,
        "time             pid     tid command           took  what         address      offset file\n"
        "14:21:30.250    4242    4243 worker\\x0a        84us  major 0x7f0000001234      0x1000 "
        "/srv/data.bin\n"
        "14:21:30.250    4242    4243 xxxxxxxxxxxxxxxx   84us  wait  0x7f0000001234           - [unknown]\n");
}

static void the_largest_row_fits_its_bound(void **state)
{
    static char longest[PATH_NAMES_MAX];
    struct fault_pair pair = python();
    struct fault_row row = {&pair, faults_of(UINT64_MAX / 4, 3)};
    const struct trace_summary summary = {.seconds = 1e18, .has_waits = true, .beyond = UINT64_MAX};
    struct fault_record_event fault = {.key = pair.key,
                                       .ns = UINT64_MAX,
                                       .address = UINT64_MAX,
                                       .offset = UINT64_MAX};
    (void)state;

    memset(longest, '\x01', sizeof(longest) - 1);
    pair.path = longest;
    pair.deleted = true;
    row.latency.waits = UINT64_MAX;
    row.latency.wait_ns = UINT64_MAX;
    for (size_t i = 0; i < FAULT_BUCKETS; i++)
        row.latency.buckets[i] = UINT64_MAX / FAULT_BUCKETS;
    struct fault_rows rows = {.list = &row, .count = 1, .others_latency = row.latency, .all = row.latency};
    struct text text = text_new(trace_table_max(&rows));
    trace_table_put(&text, &rows, FAULTS_BY_PAIR, &summary, &signs);
    assert_int_equal(text.lost, 0);
    text_free(&text);

    struct trace_event event = {&fault, &pair, UINT64_MAX / 4};
    text = text_new(TRACE_TABLE_LINE_MAX);
    trace_table_put_event(&text, &event);
    assert_int_equal(text.lost, 0);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(groups_have_their_columns),
        cmocka_unit_test(files_are_named_as_far_as_they_are_known),
        cmocka_unit_test(nothing_is_one_line),
        cmocka_unit_test(what_is_not_told_is_counted),
        cmocka_unit_test(waits_without_faults),
        cmocka_unit_test(waits_may_be_absent_and_others_are_added_up),
        cmocka_unit_test(bars_have_eighths_where_they_can_be_shown),
        cmocka_unit_test(an_event_is_a_line),
        cmocka_unit_test(the_largest_row_fits_its_bound),
    };
    return cmocka_run_group_tests_name("trace_table", tests, in_utc, NULL);
}
