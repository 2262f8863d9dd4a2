#include "base/clock.h"
#include "render/json_trace.h"
#include "support.h"

#include <stdio.h>
#include <string.h>

static struct fault_pair faulting_pair(void)
{
    return (struct fault_pair){
        .key = {.inode = 12, .device = 254 << 20 | 3, .pid = 4242, .backing = FAULT_FILE},
        .named = true,
        .uid = 1000,
        .comm = "a\"b",
        .path = "/srv/\033",
        .cgroup = "/train",
    };
}

static struct fault_row faulting_row(const struct fault_pair *pair)
{
    struct fault_row row = {
        pair, {.faults = 3, .total_ns = 2000004000, .max_ns = 2000000000, .waits = 1, .wait_ns = 7}};

    row.latency.buckets[fault_bucket(2000)] = 2;
    row.latency.buckets[FAULT_BUCKETS - 1] = 1;
    return row;
}

/* 2026-11-23 14:21:30 UTC */
static const struct trace_summary traced = {.wall_ns = UINT64_C(1795443690) * NS_PER_SECOND,
                                            .seconds = 2.5,
                                            .has_waits = true,
                                            .beyond = 4,
                                            .unstarted = 5,
                                            .lost = 6};

#define FAULTS_TIME "\"time\":\"2026-11-23T14:21:30.000Z\""
#define FAULTS_LATENCY                                                                                       \
    "\"major_faults\":3,\"total_seconds\":2.000004000,\"p50_seconds\":0.000002048,\"p90_seconds\":"          \
    "2.000000000,\"p99_seconds\":2.000000000,\"max_seconds\":2.000000000"
#define FAULTS_WAITS     ",\"waits\":1,\"wait_seconds\":0.000000007"
#define FAULTS_HISTOGRAM ",\"histogram\":[[0.000002048,2],[null,1]]"
#define FAULTS_PROCESS   ",\"pid\":4242,\"comm\":\"a\\\"b\",\"uid\":1000"
#define FAULTS_FILE      ",\"backing\":\"file\",\"file\":\"/srv/\\u001b\",\"device\":\"254:3\",\"inode\":12"

static void the_latency_of_a_row(void **state)
{
    static const struct {
        enum fault_grouping grouping;
        const char *whose;
    } cases[] = {
        {FAULTS_BY_PAIR, FAULTS_PROCESS ",\"cgroup\":\"/train\"" FAULTS_FILE},
        {FAULTS_BY_PROCESS, FAULTS_PROCESS ",\"cgroup\":\"/train\""},
        {FAULTS_BY_FILE, FAULTS_FILE},
        {FAULTS_BY_CGROUP, ",\"cgroup\":\"/train\""},
    };
    struct fault_pair pair = faulting_pair();
    struct fault_row row = faulting_row(&pair);
    char expected[1024];
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        TEXT(text, JSON_FAULT_MAX);
        json_put_fault_latency(&text, &row, cases[i].grouping, &traced);
        snprintf(expected, sizeof(expected), "{\"type\":\"fault_latency\"," FAULTS_TIME "%s,%s}\n",
                 cases[i].whose, FAULTS_LATENCY FAULTS_WAITS FAULTS_HISTOGRAM);
        assert_text(&text, expected);
    }
}

static void what_is_not_known_of_faults_has_no_key(void **state)
{
    const struct fault_pair pair = {.key = {.pid = 7, .inode = 3, .device = 1, .backing = FAULT_SHMEM}};
    const struct fault_row row = {.pair = &pair};
    struct trace_summary summary = traced;
    TEXT(text, JSON_FAULT_MAX);
    (void)state;

    summary.has_waits = false;
    json_put_fault_latency(&text, &row, FAULTS_BY_PAIR, &summary);
    assert_text(&text, "{\"type\":\"fault_latency\"," FAULTS_TIME
                       ",\"pid\":7,\"backing\":\"shmem\",\"device\":\"0:1\",\"inode\":3,\"major_faults\":0,"
                       "\"total_seconds\":0.000000000,\"histogram\":[]}\n");
}

static void other_rows_and_all(void **state)
{
    struct fault_pair pair = faulting_pair();
    struct fault_row row = faulting_row(&pair);
    struct fault_rows rows = {.others = 9, .others_latency = row.latency, .all = row.latency, .unknown = 2};
    TEXT(text, 2 * JSON_FAULT_MAX);
    (void)state;

    json_put_fault_others(&text, &rows, &traced);
    json_put_trace(&text, &rows, &traced);
    assert_text(
        &text,
        "{\"type\":\"fault_latency\"," FAULTS_TIME
        ",\"others\":9," FAULTS_LATENCY FAULTS_WAITS FAULTS_HISTOGRAM "}\n"
        "{\"type\":\"trace\"," FAULTS_TIME ",\"seconds\":2.500," FAULTS_LATENCY FAULTS_WAITS FAULTS_HISTOGRAM
        ",\"unknown_faults\":2,\"faults_without_room\":4,\"unstarted_faults\":5,\"lost_records\":6}\n");
}

static void a_fault_by_itself(void **state)
{
    struct fault_pair pair = faulting_pair();
    struct fault_record_event fault = {
        .tid = 4243, .key = pair.key, .ns = 84001, .address = 0x7f0000001234, .offset = 4096, .comm = "w"};
    struct trace_event event = {&fault, &pair, traced.wall_ns};
    TEXT(text, JSON_FAULT_MAX);
    (void)state;

    pair.deleted = true;
    json_put_fault(&text, &event);
    fault.key.backing = FAULT_SWAP;
    fault.waited = 1;
    event.pair = NULL;
    json_put_fault(&text, &event);
    assert_text(&text,
                "{\"type\":\"fault\"," FAULTS_TIME
                ",\"kind\":\"major\",\"pid\":4242,\"tid\":4243,\"comm\":\"w\",\"cgroup\":\"/train\","
                "\"backing\":\"file\",\"file\":\"/srv/\\u001b\",\"deleted\":true,\"device\":\"254:3\","
                "\"inode\":12,\"offset_bytes\":4096,\"address\":\"0x7f0000001234\",\"seconds\":0.000084001}\n"
                "{\"type\":\"fault\"," FAULTS_TIME
                ",\"kind\":\"wait\",\"pid\":4242,\"tid\":4243,\"comm\":\"w\",\"backing\":\"swap\","
                "\"address\":\"0x7f0000001234\",\"seconds\":0.000084001}\n");
}

static void the_largest_latency_fits_its_bound(void **state)
{
    static char longest[PATH_NAMES_MAX];
    struct fault_pair pair = faulting_pair();
    struct fault_row row = faulting_row(&pair);
    struct text text = text_new(JSON_FAULT_MAX);
    (void)state;

    memset(longest, '\x01', sizeof(longest) - 1);
    memset(pair.comm, '\x01', sizeof(pair.comm) - 1);
    pair.path = longest;
    pair.cgroup = longest;
    pair.deleted = true;
    row.latency = (struct latency){UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, UINT64_MAX, {0}};
    for (size_t i = 0; i < FAULT_BUCKETS; i++)
        row.latency.buckets[i] = UINT64_MAX / FAULT_BUCKETS;
    json_put_fault_latency(&text, &row, FAULTS_BY_PAIR, &traced);
    assert_int_equal(text.lost, 0);
    text_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_latency_of_a_row),
        cmocka_unit_test(what_is_not_known_of_faults_has_no_key),
        cmocka_unit_test(other_rows_and_all),
        cmocka_unit_test(a_fault_by_itself),
        cmocka_unit_test(the_largest_latency_fits_its_bound),
    };
    return cmocka_run_group_tests_name("json_trace", tests, NULL, NULL);
}
