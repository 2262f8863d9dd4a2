#include "base/clock.h"
#include "render/json.h"
#include "showing.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define REPLACED "\xef\xbf\xbd" /* U+FFFD */

static void fill(char *string, size_t size)
{
    memset(string, '\x01', size - 1);
    string[size - 1] = '\0';
}

static void what_the_lines_are_about(void **state)
{
    struct about about = {.wall_ns = UINT64_C(1795410001) * NS_PER_SECOND + 1000000,
                          .host = "b\"ox",
                          .kernel = "6.18.0",
                          .interval_seconds = 0.25,
                          .alert_major_faults = 50,
                          .alert_context_switches = 5000,
                          .since_ns = UINT64_C(1795410000) * NS_PER_SECOND};
    TEXT(text, JSON_ABOUT_MAX);
    (void)state;

    json_put_about(&text, &about);
    assert_text(&text,
                "{\"type\":\"about\",\"time\":\"2026-11-23T05:00:01.001Z\",\"version\":\"" FAULTLINE_VERSION
                "\",\"host\":\"b\\\"ox\",\"kernel\":\"6.18.0\",\"interval_seconds\":0.250,"
                "\"alert_major_faults\":50.0,\"alert_context_switches\":5000.0,"
                "\"since\":\"2026-11-23T05:00:00.000Z\"}\n");
    text.length = 0;
    about = (struct about){.host = "", .kernel = "", .context_switches_per_cpu = true, .interval_seconds = 1};
    json_put_about(&text, &about);
    assert_text(&text,
                "{\"type\":\"about\",\"time\":\"1970-01-01T00:00:00.000Z\",\"version\":\"" FAULTLINE_VERSION
                "\",\"interval_seconds\":1.000,\"alert_major_faults\":0.0,"
                "\"alert_context_switches_per_cpu\":0.0}\n");
}

static void what_the_largest_lines_are_about_fits_its_bound(void **state)
{
    char host[65], kernel[65]; /* as uname(2) has them */
    struct about about = {.wall_ns = UINT64_MAX,
                          .host = host,
                          .kernel = kernel,
                          .interval_seconds = 3600,
                          .alert_major_faults = 1e18,
                          .alert_context_switches = 1e18,
                          .context_switches_per_cpu = true,
                          .since_ns = UINT64_MAX};
    TEXT(text, JSON_ABOUT_MAX);
    (void)state;

    fill(host, sizeof(host));
    fill(kernel, sizeof(kernel));
    json_put_about(&text, &about);
    assert_int_equal(text.lost, 0);
}

static void a_sample(void **state)
{
    static const double values[] = {1, 8192.0 * 1024 * 1024, 84.96, 12.345, 0.5, 3};
    struct showing showing;
    TEXT(text, 1024);
    (void)state;

    show_columns(&showing, "r,free,maj,us,load1,oom");
    set_values(&showing, values, COUNT_OF(values));
    showing.figures.interval.wall_ns = UINT64_C(1795410001) * NS_PER_SECOND + 1000000;
    showing.figures.interval.seconds = 1.0004;
    json_put_sample(&text, &showing.columns, &showing.figures.interval);
    size_t longest = json_sample_max(&showing.columns);
    showing_free(&showing);
    assert_text(&text,
                "{\"type\":\"sample\",\"time\":\"2026-11-23T05:00:01.001Z\",\"interval_seconds\":1.000,"
                "\"procs_running\":1,\"mem_free_bytes\":8589934592,\"major_faults_per_second\":85.0,"
                "\"cpu_user_percent\":12.35,\"load_1m\":0.50,\"oom_kills\":3}\n");
    assert_true(text.length <= longest);
}

static void what_is_absent_has_no_key(void **state)
{
    struct showing showing;
    TEXT(text, 512);
    (void)state;

    show_columns(&showing, "r,maj,min");
    showing.figures.values[M_major_faults_per_second] = 0;
    json_put_sample(&text, &showing.columns, &showing.figures.interval);
    showing_free(&showing);
    assert_text(&text,
                "{\"type\":\"sample\",\"time\":\"1970-01-01T00:00:00.000Z\",\"interval_seconds\":1.000,"
                "\"major_faults_per_second\":0.0}\n");
}

static void the_largest_sample_fits_its_bound(void **state)
{
    struct showing showing;
    struct text text = text_new(65536);
    (void)state;

    show_columns(&showing, NULL);
    columns_add_set(&showing.columns, COLUMNS_ALL);
    columns_want(&showing.columns, showing.sampler);
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
        showing.figures.values[i] = 0x1p64;
    showing.figures.interval.seconds = 1e9;
    json_put_sample(&text, &showing.columns, &showing.figures.interval);
    assert_true(text.length <= json_sample_max(&showing.columns));
    showing_free(&showing);
    text_free(&text);
}

static void an_alert(void **state)
{
    struct event event = {.kind = EVENT_ALERT,
                          .severity = SEVERITY_WARNING,
                          .wall_ns = UINT64_C(1795410001) * NS_PER_SECOND,
                          .message = "HIGH IO LATENCY: 85 Major Faults/sec detected!",
                          .alert = "major_faults",
                          .state = STATE_BEGIN,
                          .value = 85,
                          .threshold = 50,
                          .worst = 85,
                          .duration_seconds = 1.0005,
                          .diagnosis = "file_thrash"};
    TEXT(text, 1024);
    (void)state;

    json_put_event(&text, &event);
    assert_text(&text, "{\"type\":\"alert\",\"time\":\"2026-11-23T05:00:01.000Z\",\"alert\":\"major_faults\","
                       "\"state\":\"begin\","
                       "\"value\":85.0,\"threshold\":50.0,\"worst\":85.0,\"duration_seconds\":1.001,"
                       "\"diagnosis\":\"file_thrash\","
                       "\"message\":\"HIGH IO LATENCY: 85 Major Faults/sec detected!\"}\n");
}

static void an_alert_that_names_processes(void **state)
{
    static const struct culprit culprits[] = {
        {.pid = 4242, .comm = "python3", .major_faults_per_second = 80.04},
        {.pid = 17, .comm = "\"\\a\n\033[2J\xff", .major_faults_per_second = 3},
        {.pid = UINT64_MAX, .comm = "", .major_faults_per_second = 0.25},
    };
    struct event event = {.kind = EVENT_ALERT,
                          .message = "m",
                          .alert = "a",
                          .state = STATE_CONTINUE,
                          .value = NAN,
                          .threshold = 1,
                          .worst = 2,
                          .duration_seconds = 3,
                          .diagnosis = "cold_read",
                          .processes = culprits,
                          .process_count = COUNT_OF(culprits)};
    TEXT(text, 1024);
    (void)state;

    json_put_event(&text, &event);
    assert_text(
        &text,
        "{\"type\":\"alert\",\"time\":\"1970-01-01T00:00:00.000Z\",\"alert\":\"a\",\"state\":\"continue\","
        "\"threshold\":1.0,\"worst\":2.0,\"duration_seconds\":3.000,\"diagnosis\":\"cold_read\","
        "\"processes\":[{\"pid\":4242,\"comm\":\"python3\",\"major_faults_per_second\":80.0},"
        "{\"pid\":17,\"comm\":\"\\\"\\\\a\\u000a\\u001b[2J\xef\xbf\xbd\",\"major_faults_per_second\":3.0},"
        "{\"pid\":18446744073709551615,\"major_faults_per_second\":0.3}],\"message\":\"m\"}\n");
}

static void the_largest_alert_fits_its_bound(void **state)
{
    struct culprit culprits[CULPRITS_MAX];
    struct event event = {.kind = EVENT_ALERT,
                          .alert = "memory_running_out",
                          .value = 1e18,
                          .threshold = 1e18,
                          .worst = 1e18,
                          .duration_seconds = 1e18,
                          .diagnosis = "direct_reclaim",
                          .processes = culprits,
                          .process_count = CULPRITS_MAX};
    struct text text = text_new(2 * JSON_EVENT_MAX);
    (void)state;

    for (size_t i = 0; i < CULPRITS_MAX; i++) {
        culprits[i].pid = UINT64_MAX;
        culprits[i].major_faults_per_second = 1e18;
        fill(culprits[i].comm, sizeof(culprits[i].comm));
    }
    fill(event.message, sizeof(event.message));
    json_put_event(&text, &event);
    assert_in_range(text.length, EVENT_MESSAGE_MAX * 6, JSON_EVENT_MAX);
    text_free(&text);
}

static void the_states_of_an_alert_and_what_is_absent_in_it(void **state)
{
    static const char *const names[] = {
        [STATE_BEGIN] = "begin", [STATE_CONTINUE] = "continue", [STATE_END] = "end"};
    (void)state;

    for (enum event_state at = STATE_BEGIN; at <= STATE_END; at++) {
        struct event event = {.kind = EVENT_ALERT,
                              .message = "m",
                              .alert = "a",
                              .state = at,
                              .value = NAN,
                              .threshold = INFINITY,
                              .worst = 2,
                              .duration_seconds = 3};
        char expected[256];
        TEXT(text, 512);
        snprintf(expected, sizeof(expected),
                 "{\"type\":\"alert\",\"time\":\"1970-01-01T00:00:00.000Z\",\"alert\":\"a\",\"state\":\"%s\","
                 "\"worst\":2.0,\"duration_seconds\":3.000,\"message\":\"m\"}\n",
                 names[at]);
        json_put_event(&text, &event);
        assert_text(&text, expected);
    }
}

static void an_oom_kill(void **state)
{
    struct event event = {.kind = EVENT_OOM_KILL, .wall_ns = 0, .kills = 2, .message = "OOM \"KILL\""};
    TEXT(text, 512);
    (void)state;

    json_put_event(&text, &event);
    assert_text(&text, "{\"type\":\"oom_kill\",\"time\":\"1970-01-01T00:00:00.000Z\",\"kills\":2,"
                       "\"message\":\"OOM \\\"KILL\\\"\"}\n");
}

static struct oom_kill trainer(void)
{
    struct oom_kill kill = {.pid = some(197),
                            .uid = some(1000),
                            .total_vm_bytes = some(23113728),
                            .anon_rss_bytes = some(17694720),
                            .file_rss_bytes = some(0),
                            .shmem_rss_bytes = some(4456448),
                            .pgtables_bytes = some(81920),
                            .oom_score_adj = some((uint64_t)-998),
                            .comm = "tr\"ain\n",
                            .constraint = OOM_CONSTRAINT_MEMCG,
                            .cgroup = "/train/job",
                            .limit_cgroup = "/train",
                            .usage_bytes = some(25165824),
                            .limit_bytes = some(25169920),
                            .group_kill = true,
                            .trigger = "asker",
                            .trigger_pid = some(198),
                            .task_count = 3};
    kill.tasks[0] = (struct oom_task){.pid = some(197),
                                      .uid = some(1000),
                                      .rss_bytes = some(22151168),
                                      .swap_bytes = some(12288),
                                      .oom_score_adj = some((uint64_t)-998),
                                      .comm = "tr\"ain\n"};
    kill.tasks[1] = (struct oom_task){.pid = some(195), .rss_bytes = some(4096), .oom_score_adj = some(1000)};
    kill.tasks[2] = (struct oom_task){.pid = some(196), .comm = "x"};
    return kill;
}

#define TRAINER                                                                                              \
    "\"pid\":197,\"comm\":\"tr\\\"ain\\u000a\",\"uid\":1000,\"anon_rss_bytes\":17694720,\"file_rss_bytes\":" \
    "0,"                                                                                                     \
    "\"shmem_rss_bytes\":4456448,\"total_vm_bytes\":23113728,\"pgtables_bytes\":81920,\"oom_score_adj\":-"   \
    "998,"                                                                                                   \
    "\"constraint\":\"memcg\",\"cgroup\":\"/train/job\",\"limit_cgroup\":\"/"                                \
    "train\",\"usage_bytes\":25165824,"                                                                      \
    "\"limit_bytes\":25169920,\"trigger\":\"asker\",\"trigger_pid\":198,\"group_kill\":true"

static void an_oom_kill_of_a_victim_that_is_known(void **state)
{
    struct oom_kill kill = trainer();
    struct event event = {.kind = EVENT_OOM_KILL, .wall_ns = 0, .kills = 1, .kill = &kill, .message = "m"};
    TEXT(text, 2048);
    (void)state;

    json_put_event(&text, &event);
    assert_text(&text, "{\"type\":\"oom_kill\",\"time\":\"1970-01-01T00:00:00.000Z\"," TRAINER
                       ",\"message\":\"m\"}\n");
}

static void an_oom_kill_of_a_log_with_its_tasks(void **state)
{
    struct oom_kill kill = trainer();
    struct oom_moment moment = {.has_wall = true,
                                .wall_ns = UINT64_C(1795443690) * NS_PER_SECOND + 1000000,
                                .has_monotonic = true,
                                .monotonic_us = 98765000007};
    TEXT(text, 4096);
    (void)state;

    json_put_oom_kill(&text, &kill, &moment, true);
    assert_text(
        &text,
        "{\"type\":\"oom_kill\",\"time\":\"2026-11-23T14:21:30.001Z\",\"monotonic_seconds\":98765."
        "000007," TRAINER ",\"tasks\":["
        "{\"pid\":197,\"comm\":\"tr\\\"ain\\u000a\",\"uid\":1000,\"rss_bytes\":22151168,\"swap_bytes\":12288,"
        "\"oom_score_adj\":-998},"
        "{\"pid\":195,\"rss_bytes\":4096,\"oom_score_adj\":1000},"
        "{\"pid\":196,\"comm\":\"x\"}]}\n");
    text.length = 0;
    json_put_oom_kill(&text, &kill, &moment, false);
    assert_text(&text, "{\"type\":\"oom_kill\",\"time\":\"2026-11-23T14:21:30.001Z\",\"monotonic_seconds\":"
                       "98765.000007," TRAINER "}\n");
}

static void what_is_absent_in_an_oom_kill_has_no_key(void **state)
{
    struct oom_kill kill = {.pid = some(5)};
    struct oom_moment moment = {.wall_ns = 7, .monotonic_us = 7}; /* neither is known */
    TEXT(text, 1024);
    (void)state;

    json_put_oom_kill(&text, &kill, &moment, false);
    assert_text(&text, "{\"type\":\"oom_kill\",\"pid\":5}\n");
    text.length = 0;
    json_put_oom_kill(&text, &kill, &moment, true);
    assert_text(&text, "{\"type\":\"oom_kill\",\"pid\":5,\"tasks\":[]}\n");
    text.length = 0;
    moment.has_monotonic = true;
    kill.constraint = OOM_CONSTRAINT_MEMORY_POLICY;
    kill.oom_score_adj = some((uint64_t)INT64_MIN);
    json_put_oom_kill(&text, &kill, &moment, false);
    assert_text(&text, "{\"type\":\"oom_kill\",\"monotonic_seconds\":0.000007,\"pid\":5,"
                       "\"oom_score_adj\":-9223372036854775808,\"constraint\":\"memory_policy\"}\n");
}

/* What takes most room: six bytes for one. */
static struct oom_kill largest_kill(void)
{
    struct value most = some(UINT64_MAX);
    struct value least = some((uint64_t)INT64_MIN);
    struct oom_kill kill = {.pid = most,
                            .uid = most,
                            .total_vm_bytes = most,
                            .anon_rss_bytes = most,
                            .file_rss_bytes = most,
                            .shmem_rss_bytes = most,
                            .pgtables_bytes = most,
                            .oom_score_adj = least,
                            .constraint = OOM_CONSTRAINT_MEMORY_POLICY,
                            .usage_bytes = most,
                            .limit_bytes = most,
                            .group_kill = true,
                            .trigger_pid = most,
                            .task_count = OOM_TASKS_MAX};
    fill(kill.comm, sizeof(kill.comm));
    fill(kill.cgroup, sizeof(kill.cgroup));
    fill(kill.limit_cgroup, sizeof(kill.limit_cgroup));
    fill(kill.trigger, sizeof(kill.trigger));
    for (size_t i = 0; i < OOM_TASKS_MAX; i++) {
        kill.tasks[i] = (struct oom_task){most, most, most, most, least, ""};
        fill(kill.tasks[i].comm, sizeof(kill.tasks[i].comm));
    }
    return kill;
}

static void the_largest_oom_kill_fits_its_bounds(void **state)
{
    struct oom_kill kill = largest_kill();
    struct event event = {.kind = EVENT_OOM_KILL, .wall_ns = UINT64_MAX, .kills = 1, .kill = &kill};
    struct oom_moment moment = {.has_wall = true,
                                .wall_ns = UINT64_MAX,
                                .has_monotonic = true,
                                .monotonic_us = UINT64_MAX};
    struct text text = text_new(2 * (JSON_EVENT_MAX + JSON_TASKS_MAX));
    (void)state;

    assert_non_null(text.bytes);
    fill(event.message, sizeof(event.message));
    json_put_event(&text, &event);
    assert_in_range(text.length, EVENT_MESSAGE_MAX * 6, JSON_EVENT_MAX);
    text.length = 0;
    json_put_oom_kill(&text, &kill, &moment, false);
    size_t without = text.length;
    assert_in_range(without, (OOM_CGROUP_MAX - 1) * 2 * 6, JSON_EVENT_MAX);
    text.length = 0;
    json_put_oom_kill(&text, &kill, &moment, true);
    assert_in_range(text.length - without, OOM_TASKS_MAX * (OOM_COMM_MAX - 1) * 6, JSON_TASKS_MAX);
    assert_int_equal(text.lost, 0);
    for (size_t i = 0; i + 1 < text.length; i++)
        assert_true(text.bytes[i] >= ' ');
    text_free(&text);
}

static void an_oom_kill_that_does_not_fit_is_cut_and_counted(void **state)
{
    struct oom_kill kill = trainer();
    struct oom_moment moment = {0};
    TEXT(whole, 4096);
    char memory[4096];
    (void)state;

    json_put_oom_kill(&whole, &kill, &moment, true);
    for (size_t room = 0; room <= whole.length; room++) {
        struct text text = text_over(memory, room);
        json_put_oom_kill(&text, &kill, &moment, true);
        assert_int_equal(text.length, room);
        assert_int_equal(text.lost, whole.length - room);
        if (memcmp(memory, whole.bytes, room) != 0)
            fail_msg("another beginning in %zu bytes", room);
    }
}

static void an_oom_kill_of_a_recording_with_its_tasks(void **state)
{
    struct oom_kill kill = trainer();
    struct event event = {.kind = EVENT_OOM_KILL, .wall_ns = 0, .kills = 1, .kill = &kill, .message = "m"};
    TEXT(text, 4096);
    (void)state;

    json_put_recorded_event(&text, &event);
    assert_text(
        &text,
        "{\"type\":\"oom_kill\",\"time\":\"1970-01-01T00:00:00.000Z\"," TRAINER
        ",\"message\":\"m\",\"tasks\":["
        "{\"pid\":197,\"comm\":\"tr\\\"ain\\u000a\",\"uid\":1000,\"rss_bytes\":22151168,\"swap_bytes\":12288,"
        "\"oom_score_adj\":-998},"
        "{\"pid\":195,\"rss_bytes\":4096,\"oom_score_adj\":1000},"
        "{\"pid\":196,\"comm\":\"x\"}]}\n");
    text.length = 0;
    kill.task_count = 0;
    json_put_recorded_event(&text, &event);
    assert_text(&text, "{\"type\":\"oom_kill\",\"time\":\"1970-01-01T00:00:00.000Z\"," TRAINER
                       ",\"message\":\"m\",\"tasks\":[]}\n");
}

static void an_event_of_a_recording_without_a_victim_is_as_live(void **state)
{
    struct event events[] = {
        {.kind = EVENT_OOM_KILL, .kills = 2, .message = "two"},
        {.kind = EVENT_ALERT, .alert = "major_faults", .message = "m", .value = 85},
    };
    TEXT(live, 1024);
    TEXT(recorded, 1024);
    (void)state;

    for (size_t i = 0; i < COUNT_OF(events); i++) {
        json_put_event(&live, &events[i]);
        json_put_recorded_event(&recorded, &events[i]);
    }
    live.bytes[live.length] = '\0';
    assert_text(&recorded, live.bytes);
}

static void the_largest_event_of_a_recording_fits_its_bounds(void **state)
{
    struct oom_kill kill = largest_kill();
    struct event event = {.kind = EVENT_OOM_KILL, .wall_ns = UINT64_MAX, .kills = 1, .kill = &kill};
    struct text text = text_new(JSON_EVENT_MAX + JSON_TASKS_MAX);
    (void)state;

    fill(event.message, sizeof(event.message));
    json_put_recorded_event(&text, &event);
    assert_int_equal(text.lost, 0);
    assert_true(text.length > JSON_EVENT_MAX);
    text_free(&text);
}

static void mark_is(struct mark mark, const char *expected)
{
    TEXT(text, JSON_MARK_MAX);

    mark.wall_ns = UINT64_C(1795410001) * NS_PER_SECOND;
    json_put_mark(&text, &mark);
    assert_text(&text, expected);
}

static void marks(void **state)
{
    (void)state;
    mark_is((struct mark){.kind = MARK_BOOT, .seconds = 61.5},
            "{\"type\":\"mark\",\"time\":\"2026-11-23T05:00:01.000Z\",\"mark\":\"boot\",\"seconds\":61.500,"
            "\"orderly\":false}\n");
    mark_is((struct mark){.kind = MARK_RESTART, .seconds = 2},
            "{\"type\":\"mark\",\"time\":\"2026-11-23T05:00:01.000Z\",\"mark\":\"restart\",\"seconds\":2.000,"
            "\"orderly\":false}\n");
    mark_is((struct mark){.kind = MARK_LOSS, .seconds = NAN},
            "{\"type\":\"mark\",\"time\":\"2026-11-23T05:00:01.000Z\",\"mark\":\"loss\"}\n");
    mark_is(
        (struct mark){.kind = MARK_CLOCK_STEP, .seconds = -3600.25},
        "{\"type\":\"mark\",\"time\":\"2026-11-23T05:00:01.000Z\",\"mark\":\"clock_step\",\"seconds\":-3600."
        "250}\n");
    mark_is(
        (struct mark){.kind = MARK_SUSPEND, .seconds = 0},
        "{\"type\":\"mark\",\"time\":\"2026-11-23T05:00:01.000Z\",\"mark\":\"suspend\",\"seconds\":0.000}\n");
}

static void the_largest_mark_fits_its_bound(void **state)
{
    struct mark mark = {.kind = MARK_CLOCK_STEP, .wall_ns = UINT64_MAX, .seconds = -0x1p64};
    TEXT(text, JSON_MARK_MAX);
    (void)state;

    json_put_mark(&text, &mark);
    assert_int_equal(text.lost, 0);
}

static void a_boot(void **state)
{
    struct recorded_boot boot = {.number = -2,
                                 .begin_ns = UINT64_C(1795410001) * NS_PER_SECOND,
                                 .end_ns = UINT64_C(1795410061) * NS_PER_SECOND + 5000000,
                                 .host = "evil\"\n\xff",
                                 .kernel = "6.18.0\\"};
    TEXT(text, 512);
    (void)state;

    json_put_boot(&text, &boot);
    assert_text(
        &text,
        "{\"type\":\"boot\",\"time\":\"2026-11-23T05:00:01.000Z\",\"end\":\"2026-11-23T05:01:01.005Z\","
        "\"boot\":-2,\"host\":\"evil\\\"\\u000a" REPLACED "\",\"kernel\":\"6.18.0\\\\\"}\n");
    text.length = 0;
    boot = (struct recorded_boot){.host = "", .kernel = ""};
    json_put_boot(&text, &boot);
    assert_text(
        &text,
        "{\"type\":\"boot\",\"time\":\"1970-01-01T00:00:00.000Z\",\"end\":\"1970-01-01T00:00:00.000Z\","
        "\"boot\":0}\n");
}

static void an_incident(void **state)
{
    struct incident incident = {.begin_ns = UINT64_C(1795410001) * NS_PER_SECOND,
                                .end_ns = UINT64_C(1795410061) * NS_PER_SECOND,
                                .oom_kills = 3,
                                .severity = SEVERITY_CRITICAL,
                                .title = "OOM \"KILL\"\033"};
    TEXT(text, 512);
    (void)state;

    json_put_incident(&text, &incident, 12);
    assert_text(&text,
                "{\"type\":\"incident\",\"time\":\"2026-11-23T05:00:01.000Z\",\"end\":\"2026-11-23T05:01:01."
                "000Z\",\"incident\":12,\"oom_kills\":3,\"message\":\"OOM \\\"KILL\\\"\\u001b\"}\n");
}

static void a_process(void **state)
{
    struct process_row row = {.pid = 4242,
                              .start_ticks = 99,
                              .comm = "foo) Z \"1\" (\n",
                              .rss_bytes = 4096,
                              .swap_bytes = some(0),
                              .minor_faults = 77,
                              .major_faults = 7,
                              .minor_faults_since = some(10),
                              .major_faults_since = some(1),
                              .uid = some(1000),
                              .cgroup = "/a\xff"};
    TEXT(text, 1024);
    (void)state;

    json_put_process(&text, &row, UINT64_C(1795410001) * NS_PER_SECOND, 4);
    assert_text(&text,
                "{\"type\":\"process\",\"time\":\"2026-11-23T05:00:01.000Z\",\"pid\":4242,\"comm\":\"foo) Z "
                "\\\"1\\\" "
                "(\\u000a\",\"uid\":1000,\"cgroup\":\"/a" REPLACED "\",\"rss_bytes\":4096,\"swap_bytes\":0,"
                "\"minor_faults\":77,\"major_faults\":7,\"minor_faults_per_second\":2.5,"
                "\"major_faults_per_second\":0.3}\n");
}

static void what_is_absent_of_a_process_has_no_key(void **state)
{
    struct process_row row = {.pid = 5, .minor_faults_since = some(10)};
    TEXT(text, 1024);
    (void)state;

    json_put_process(&text, &row, 0, 0); /* the first scan */
    json_put_process(&text, &row, 0, 10);
    assert_text(&text,
                "{\"type\":\"process\",\"time\":\"1970-01-01T00:00:00.000Z\",\"pid\":5,\"rss_bytes\":0,"
                "\"minor_faults\":0,\"major_faults\":0}\n"
                "{\"type\":\"process\",\"time\":\"1970-01-01T00:00:00.000Z\",\"pid\":5,\"rss_bytes\":0,"
                "\"minor_faults\":0,\"major_faults\":0,\"minor_faults_per_second\":1.0}\n");
}

static void the_largest_process_fits_its_bound(void **state)
{
    struct value most = some(UINT64_MAX);
    struct process_row row = {.pid = UINT64_MAX,
                              .rss_bytes = UINT64_MAX,
                              .swap_bytes = most,
                              .minor_faults = UINT64_MAX,
                              .major_faults = UINT64_MAX,
                              .minor_faults_since = most,
                              .major_faults_since = most,
                              .uid = most};
    TEXT(text, JSON_PROCESS_MAX);
    (void)state;

    fill(row.comm, sizeof(row.comm));
    fill(row.cgroup, sizeof(row.cgroup));
    json_put_process(&text, &row, UINT64_MAX, 0.000000001);
    assert_int_equal(text.lost, 0);
    for (size_t i = 0; i + 1 < text.length; i++)
        assert_true(text.bytes[i] >= ' ');
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_the_lines_are_about),
        cmocka_unit_test(what_the_largest_lines_are_about_fits_its_bound),
        cmocka_unit_test(a_sample),
        cmocka_unit_test(what_is_absent_has_no_key),
        cmocka_unit_test(the_largest_sample_fits_its_bound),
        cmocka_unit_test(an_alert),
        cmocka_unit_test(an_alert_that_names_processes),
        cmocka_unit_test(the_largest_alert_fits_its_bound),
        cmocka_unit_test(the_states_of_an_alert_and_what_is_absent_in_it),
        cmocka_unit_test(an_oom_kill),
        cmocka_unit_test(an_oom_kill_of_a_victim_that_is_known),
        cmocka_unit_test(an_oom_kill_of_a_log_with_its_tasks),
        cmocka_unit_test(what_is_absent_in_an_oom_kill_has_no_key),
        cmocka_unit_test(the_largest_oom_kill_fits_its_bounds),
        cmocka_unit_test(an_oom_kill_that_does_not_fit_is_cut_and_counted),
        cmocka_unit_test(an_oom_kill_of_a_recording_with_its_tasks),
        cmocka_unit_test(an_event_of_a_recording_without_a_victim_is_as_live),
        cmocka_unit_test(the_largest_event_of_a_recording_fits_its_bounds),
        cmocka_unit_test(marks),
        cmocka_unit_test(the_largest_mark_fits_its_bound),
        cmocka_unit_test(a_boot),
        cmocka_unit_test(an_incident),
        cmocka_unit_test(a_process),
        cmocka_unit_test(what_is_absent_of_a_process_has_no_key),
        cmocka_unit_test(the_largest_process_fits_its_bound),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
