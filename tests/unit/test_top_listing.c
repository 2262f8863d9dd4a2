#include "render/top_listing.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

static const struct listing_style plain = {.unit = SIZE_K, .unit_letter = 'K'};

#define NONE                                                                                                 \
    {                                                                                                        \
        0, false                                                                                             \
    }

static struct top_row process(void)
{
    return (struct top_row){
        .processes = 1,
        .comm = "cc1plus",
        .uid = some(1000),
        .rss_bytes = some(61 * 1024 * 1024),
        .swap_bytes = some(0),
        .minor_faults_since = some(3000),
        .major_faults_since = some(5),
        .pid = 4711,
        .start_ticks = 99,
        .minor_faults = 50000,
        .major_faults = 77,
        .oom_score = some(667),
        .cgroup = "/job",
    };
}

static void put_row(struct text *text, enum process_group group, const struct top_row *row, const char *user,
                    double seconds)
{
    union listing_cell cells[TOP_CELLS_MAX];

    top_listing_fill(cells, group, row, user, seconds);
    listing_put_row(text, top_listing_of(group), &plain, cells, 0);
}

static void put_json(struct text *text, enum process_group group, const struct top_row *row, const char *user,
                     double seconds)
{
    union listing_cell cells[TOP_CELLS_MAX];

    top_listing_fill(cells, group, row, user, seconds);
    listing_put_json(text, top_listing_of(group), cells, 0);
}

static void put_csv(struct text *text, enum process_group group, const struct top_row *row, const char *user,
                    double seconds)
{
    union listing_cell cells[TOP_CELLS_MAX];

    top_listing_fill(cells, group, row, user, seconds);
    listing_put_csv(text, top_listing_of(group), cells, 0);
}

static void a_table_of_processes(void **state)
{
    struct top_row row = process();
    TEXT(text, 1024);
    (void)state;

    listing_put_headings(&text, top_listing_of(PROCESS_GROUP_NONE), &plain);
    put_row(&text, PROCESS_GROUP_NONE, &row, "adam", 2);
    row = (struct top_row){.processes = 1,
                           .comm = "sh",
                           .pid = 4194304,
                           .uid = some(0),
                           .minor_faults_since = some(0),
                           .major_faults_since = some(1),
                           .ended = true,
                           .cgroup = ""};
    put_row(&text, PROCESS_GROUP_NONE, &row, "administrator", 2);
    assert_text(&text, "    PID USER       MIN/S  MAJ/S    RSS   SWAP   OOM  COMMAND         CGROUP\n"
                       "   4711 adam        1500    2.5    61M      0   667  cc1plus         /job\n"
                       "4194304 administ       0    0.5      -      -     - xsh              -\n");
}

static void a_process_as_json(void **state)
{
    struct top_row row = process();
    TEXT(text, 2048);
    (void)state;

    put_json(&text, PROCESS_GROUP_NONE, &row, "adam", 2);
    row.ended = true;
    row.rss_bytes = row.swap_bytes = row.oom_score = (struct value)NONE;
    row.cgroup = "";
    put_json(&text, PROCESS_GROUP_NONE, &row, "adam", 2);
    assert_text(&text,
                "{\"type\":\"process\",\"time\":\"1970-01-01T00:00:00.000Z\",\"pid\":4711,\"user\":"
                "\"adam\",\"uid\":1000,\"minor_faults_per_second\":1500.0,\"major_faults_per_second\":2.5,"
                "\"minor_faults\":50000,\"major_faults\":77,\"rss_bytes\":63963136,\"swap_bytes\":0,"
                "\"oom_score\":667,\"comm\":\"cc1plus\",\"cgroup\":\"/job\"}\n"
                "{\"type\":\"process\",\"time\":\"1970-01-01T00:00:00.000Z\",\"pid\":4711,\"user\":"
                "\"adam\",\"uid\":1000,\"minor_faults_per_second\":1500.0,\"major_faults_per_second\":2.5,"
                "\"minor_faults\":50000,\"major_faults\":77,\"ended\":true,\"comm\":\"cc1plus\"}\n");
}

static void a_process_as_csv(void **state)
{
    struct top_row row = process();
    TEXT(text, 2048);
    (void)state;

    listing_put_csv_header(&text, top_listing_of(PROCESS_GROUP_NONE));
    put_csv(&text, PROCESS_GROUP_NONE, &row, "adam", 2);
    row.ended = true;
    row.uid = row.rss_bytes = (struct value)NONE;
    put_csv(&text, PROCESS_GROUP_NONE, &row, "", 2);
    assert_text(&text,
                "time,pid,user,uid,minor_faults_per_second,major_faults_per_second,minor_faults,major_faults,"
                "rss_bytes,swap_bytes,oom_score,ended,comm,cgroup\n"
                "1970-01-01T00:00:00.000Z,4711,adam,1000,1500.0,2.5,50000,77,63963136,0,667,,cc1plus,/job\n"
                "1970-01-01T00:00:00.000Z,4711,,,1500.0,2.5,50000,77,,0,667,true,cc1plus,/job\n");
}

/* Not since: in a first look; over no time; where it is not known. */
static void without_a_rate(void **state)
{
    struct top_row row = process();
    union listing_cell cells[TOP_CELLS_MAX];
    (void)state;

    top_listing_fill(cells, PROCESS_GROUP_NONE, &row, "adam", 0);
    assert_absent(cells[3].figure);
    assert_absent(cells[4].figure);
    row.minor_faults_since = (struct value){5, false};
    top_listing_fill(cells, PROCESS_GROUP_NONE, &row, "adam", 0.5);
    assert_absent(cells[3].figure);
    assert_near(cells[4].figure, 10);
    TEXT(text, 1024);
    put_json(&text, PROCESS_GROUP_COMM, &(struct top_row){.processes = 2, .comm = "sh"}, "", 0);
    assert_text(&text, "{\"type\":\"comm_group\",\"time\":\"1970-01-01T00:00:00.000Z\",\"processes\":2,"
                       "\"comm\":\"sh\"}\n");
}

static void hostile_names(void **state)
{
    struct top_row row = process();
    TEXT(table, 1024);
    TEXT(json, 1024);
    TEXT(csv, 1024);
    (void)state;

    strcpy(row.comm, "a\033[31m\n\",\xff");
    row.cgroup = "/\r\n1;\"";
    put_row(&table, PROCESS_GROUP_NONE, &row, "\a,e", 1);
    assert_text(&table, "   4711 \\x07,e      3000    5.0    61M      0   667  "
                        "a\\x1b[31m\\x0a\",\\xff /\\x0d\\x0a1;\"\n");
    put_json(&json, PROCESS_GROUP_COMM, &row, "", 1);
    assert_text(&json,
                "{\"type\":\"comm_group\",\"time\":\"1970-01-01T00:00:00.000Z\",\"processes\":1,"
                "\"minor_faults_per_second\":3000.0,\"major_faults_per_second\":5.0,\"rss_bytes\":63963136,"
                "\"swap_bytes\":0,\"comm\":\"a\\u001b[31m\\u000a\\\",\xef\xbf\xbd\"}\n");
    put_csv(&csv, PROCESS_GROUP_USER, &row, "a,\"\n", 1);
    assert_text(&csv, "1970-01-01T00:00:00.000Z,1,3000.0,5.0,63963136,0,1000,\"a,\"\"\\x0a\"\n");
}

static void groups_by_command(void **state)
{
    struct top_row row = process();
    TEXT(text, 1024);
    (void)state;

    row.processes = 12345;
    row.swap_bytes = (struct value)NONE;
    listing_put_headings(&text, top_listing_of(PROCESS_GROUP_COMM), &plain);
    put_row(&text, PROCESS_GROUP_COMM, &row, "nobody", 1);
    listing_put_csv_header(&text, top_listing_of(PROCESS_GROUP_COMM));
    put_csv(&text, PROCESS_GROUP_COMM, &row, "nobody", 1);
    assert_text(&text,
                "  PROCS     MIN/S    MAJ/S     RSS    SWAP COMMAND\n"
                "  12345      3000      5.0     61M       - cc1plus\n"
                "time,processes,minor_faults_per_second,major_faults_per_second,rss_bytes,swap_bytes,comm\n"
                "1970-01-01T00:00:00.000Z,12345,3000.0,5.0,63963136,,cc1plus\n");
}

static void groups_by_user(void **state)
{
    struct top_row row = process();
    TEXT(text, 1024);
    (void)state;

    row.comm[0] = '\0';
    listing_put_headings(&text, top_listing_of(PROCESS_GROUP_USER), &plain);
    put_row(&text, PROCESS_GROUP_USER, &row, "adam", 1);
    row.uid = (struct value)NONE;
    put_row(&text, PROCESS_GROUP_USER, &row, "", 1);
    put_json(&text, PROCESS_GROUP_USER, &row, "", 1);
    row.uid = some(7);
    put_json(&text, PROCESS_GROUP_USER, &row, "7", 1);
    assert_text(&text,
                "  PROCS     MIN/S    MAJ/S     RSS    SWAP     UID USER\n"
                "      1      3000      5.0     61M       0    1000 adam\n"
                "      1      3000      5.0     61M       0       - -\n"
                "{\"type\":\"user_group\",\"time\":\"1970-01-01T00:00:00.000Z\",\"processes\":1,"
                "\"minor_faults_per_second\":3000.0,\"major_faults_per_second\":5.0,\"rss_bytes\":63963136,"
                "\"swap_bytes\":0}\n"
                "{\"type\":\"user_group\",\"time\":\"1970-01-01T00:00:00.000Z\",\"processes\":1,"
                "\"minor_faults_per_second\":3000.0,\"major_faults_per_second\":5.0,\"rss_bytes\":63963136,"
                "\"swap_bytes\":0,\"uid\":7,\"user\":\"7\"}\n");
}

static struct cgroup_row cgroup(void)
{
    return (struct cgroup_row){
        .memory = {.minor_faults = some(500),
                   .major_faults = some(60),
                   .usage_bytes = some(3 << 20),
                   .limit_bytes = some(12 << 20),
                   .swap_bytes = some(4096),
                   .kills = some(2)},
        .minor_faults_since = some(300),
        .major_faults_since = some(8),
        .some_stall_us_since = some(1500000),
        .full_stall_us_since = some(10000),
        .kills_since = some(1),
    };
}

static void cgroups(void **state)
{
    struct cgroup_row row = cgroup();
    union listing_cell cells[TOP_CELLS_MAX];
    TEXT(text, 2048);
    (void)state;

    listing_put_headings(&text, &cgroup_listing, &plain);
    cgroup_listing_fill(cells, &row, "/a.slice", 2);
    listing_put_row(&text, &cgroup_listing, &plain, cells, 0);
    listing_put_json(&text, &cgroup_listing, cells, 0);
    listing_put_csv_header(&text, &cgroup_listing);
    listing_put_csv(&text, &cgroup_listing, cells, 0);
    assert_text(
        &text, "   MIN/S   MAJ/S  SOME%  FULL%  USAGE  LIMIT  USE%   SWAP KILLS CGROUP\n"
               "     150     4.0     75    0.5   3.0M    12M    25   4.0K     2 /a.slice\n"
               "{\"type\":\"cgroup\",\"time\":\"1970-01-01T00:00:00.000Z\",\"minor_faults_per_second\":150.0,"
               "\"major_faults_per_second\":4.0,\"memory_some_stall_percent\":75.00,"
               "\"memory_full_stall_percent\":0.50,\"usage_bytes\":3145728,\"limit_bytes\":12582912,"
               "\"usage_percent\":25.00,\"swap_bytes\":4096,\"oom_kills\":2,\"oom_kills_in_interval\":1,"
               "\"minor_faults\":500,\"major_faults\":60,\"cgroup\":\"/a.slice\"}\n"
               "time,minor_faults_per_second,major_faults_per_second,memory_some_stall_percent,"
               "memory_full_stall_percent,usage_bytes,limit_bytes,usage_percent,swap_bytes,oom_kills,"
               "oom_kills_in_interval,minor_faults,major_faults,cgroup\n"
               "1970-01-01T00:00:00.000Z,150.0,4.0,75.00,0.50,3145728,12582912,25.00,4096,2,1,500,60,"
               "/a.slice\n");
}

static void what_a_cgroup_does_not_have(void **state)
{
    struct cgroup_row row = cgroup();
    union listing_cell cells[TOP_CELLS_MAX];
    TEXT(text, 2048);
    (void)state;

    row.memory.limit_bytes = (struct value)NONE; /* no limit: no share of it */
    row.some_stall_us_since = (struct value){77, false};
    cgroup_listing_fill(cells, &row, "/", 0); /* in a first look */
    listing_put_row(&text, &cgroup_listing, &plain, cells, 0);
    row.memory.limit_bytes = some(0);
    cgroup_listing_fill(cells, &row, "/", 1);
    listing_put_row(&text, &cgroup_listing, &plain, cells, 0);
    cgroup_listing_fill(cells, &(struct cgroup_row){.path = NULL}, "/\xff,", 1);
    listing_put_row(&text, &cgroup_listing, &plain, cells, 0);
    listing_put_json(&text, &cgroup_listing, cells, 0);
    listing_put_csv(&text, &cgroup_listing, cells, 0);
    assert_text(&text,
                "       -       -      -      -   3.0M      -     -   4.0K     2 /\n"
                "     300     8.0      -    1.0   3.0M      0     -   4.0K     2 /\n"
                "       -       -      -      -      -      -     -      -     - /\\xff,\n"
                "{\"type\":\"cgroup\",\"time\":\"1970-01-01T00:00:00.000Z\",\"cgroup\":\"/\xef\xbf\xbd,\"}\n"
                "1970-01-01T00:00:00.000Z,,,,,,,,,,,,,\"/\\xff,\"\n");
}

/* The most that a row can have, in each format. */
static void there_is_room_for_the_longest(void **state)
{
    static char comm[PROCESS_COMM_MAX], path[PROCESS_CGROUP_MAX];
    struct top_row row = {.processes = UINT64_MAX,
                          .uid = some(UINT64_MAX),
                          .rss_bytes = some(UINT64_MAX),
                          .swap_bytes = some(UINT64_MAX),
                          .minor_faults_since = some(UINT64_MAX),
                          .major_faults_since = some(UINT64_MAX),
                          .pid = UINT64_MAX,
                          .minor_faults = UINT64_MAX,
                          .major_faults = UINT64_MAX,
                          .oom_score = some(UINT64_MAX),
                          .ended = true,
                          .cgroup = path};
    static const char bytes[] = {'\x01', '"', '\xff'};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(bytes); i++) {
        memset(comm, bytes[i], sizeof(comm) - 1);
        memset(path, bytes[i], sizeof(path) - 1);
        memcpy(row.comm, comm, sizeof(comm));
        for (enum process_group group = PROCESS_GROUP_NONE; group <= PROCESS_GROUP_USER; group++) {
            struct text text = text_new(listing_max(top_listing_of(group)));
            assert_non_null(text.bytes);
            put_row(&text, group, &row, comm, 1e-3);
            assert_int_equal(text.lost, 0);
            text.length = 0;
            put_json(&text, group, &row, comm, 1e-3);
            assert_int_equal(text.lost, 0);
            text.length = 0;
            put_csv(&text, group, &row, comm, 1e-3);
            assert_int_equal(text.lost, 0);
            text.length = 0;
            listing_put_headings(&text, top_listing_of(group), &plain);
            listing_put_csv_header(&text, top_listing_of(group));
            assert_int_equal(text.lost, 0);
            text_free(&text);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_of_processes),
        cmocka_unit_test(a_process_as_json),
        cmocka_unit_test(a_process_as_csv),
        cmocka_unit_test(without_a_rate),
        cmocka_unit_test(hostile_names),
        cmocka_unit_test(groups_by_command),
        cmocka_unit_test(groups_by_user),
        cmocka_unit_test(cgroups),
        cmocka_unit_test(what_a_cgroup_does_not_have),
        cmocka_unit_test(there_is_room_for_the_longest),
    };
    return cmocka_run_group_tests_name("top_listing", tests, NULL, NULL);
}
