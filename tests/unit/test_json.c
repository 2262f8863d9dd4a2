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

/* The string is handed over in memory that ends with it: the sanitizers see a read beyond. */
static void string_is(const char *string, const char *expected)
{
    TEXT(text, 512);
    char *copy = strdup(string);

    assert_non_null(copy);
    json_put_string(&text, copy);
    free(copy);
    assert_text(&text, expected);
}

static void a_string_stands_in_quotes(void **state)
{
    (void)state;
    string_is("", "\"\"");
    string_is("python3", "\"python3\"");
    string_is("foo) Z 1/2", "\"foo) Z 1/2\"");
}

static void quotes_and_backslashes_are_escaped(void **state)
{
    (void)state;
    string_is("a\"b\\c", "\"a\\\"b\\\\c\"");
    string_is("\\", "\"\\\\\"");
    string_is("\"", "\"\\\"\"");
}

static void every_control_byte_is_escaped(void **state)
{
    (void)state;
    for (int byte = 1; byte < 0x20; byte++) {
        char string[] = {'a', (char)byte, 'b', '\0'};
        char expected[32];
        snprintf(expected, sizeof(expected), "\"a\\u%04xb\"", (unsigned)byte);
        string_is(string, expected);
    }
    string_is("\x7f", "\"\\u007f\"");
}

static void valid_utf8_passes_up_to_its_limits(void **state)
{
    (void)state;
    string_is("é€😀", "\"é€😀\"");
    string_is("\xc2\xa0", "\"\xc2\xa0\"");                 /* U+00A0 */
    string_is("\xdf\xbf", "\"\xdf\xbf\"");                 /* U+07FF */
    string_is("\xe0\xa0\x80", "\"\xe0\xa0\x80\"");         /* U+0800 */
    string_is("\xed\x9f\xbf", "\"\xed\x9f\xbf\"");         /* U+D7FF */
    string_is("\xee\x80\x80", "\"\xee\x80\x80\"");         /* U+E000 */
    string_is("\xef\xbf\xbf", "\"\xef\xbf\xbf\"");         /* U+FFFF */
    string_is("\xf0\x90\x80\x80", "\"\xf0\x90\x80\x80\""); /* U+10000 */
    string_is("\xf4\x8f\xbf\xbf", "\"\xf4\x8f\xbf\xbf\""); /* U+10FFFF */
}

static void what_steers_a_terminal_is_escaped(void **state)
{
    (void)state;
    string_is("\xc2\x80\xc2\x9b"
              "31m\xc2\x9f",
              "\"\\u0080\\u009b31m\\u009f\"");
    string_is((char[]){'\xd8', '\x9c', 0}, "\"\\u061c\"");
    string_is((char[]){'\xe2', '\x80', '\x8e', 0}, "\"\\u200e\"");
    string_is((char[]){'\xe2', '\x80', '\xa8', 0}, "\"\\u2028\""); /* for Python it ends a line */
    string_is((char[]){'\xe2', '\x80', '\xae', 0}, "\"\\u202e\""); /* a turn of the direction of writing */
    string_is((char[]){'\xe2', '\x81', '\xa9', 0}, "\"\\u2069\"");
    string_is("\x7f", "\"\\u007f\"");
}

static void bytes_that_are_no_utf8_are_replaced(void **state)
{
    (void)state;
    string_is("a\xff"
              "b",
              "\"a" REPLACED "b\"");
    string_is("\x80", "\"" REPLACED "\"");
    string_is("\xbf\xbf", "\"" REPLACED REPLACED "\"");
    string_is("\xfe", "\"" REPLACED "\"");
    string_is("caf\xe9 ok", "\"caf" REPLACED " ok\""); /* Latin-1 */
}

static void sequences_that_break_off_are_replaced_and_what_follows_is_kept(void **state)
{
    (void)state;
    string_is("\xc3", "\"" REPLACED "\"");
    string_is("\xe2\x82", "\"" REPLACED REPLACED "\"");
    string_is("\xf0\x9f\x98", "\"" REPLACED REPLACED REPLACED "\"");
    string_is("\xe2\x82x", "\"" REPLACED REPLACED "x\"");
    string_is("\xe2\"", "\"" REPLACED "\\\"\"");
    string_is("\xc3\xc3\xa9", "\"" REPLACED "é\"");
}

static void overlong_forms_are_replaced(void **state)
{
    (void)state;
    string_is("\xc0\x80", "\"" REPLACED REPLACED "\"");
    string_is("\xc1\xbf", "\"" REPLACED REPLACED "\"");
    string_is("\xe0\x80\x80", "\"" REPLACED REPLACED REPLACED "\"");
    string_is("\xe0\x9f\xbf", "\"" REPLACED REPLACED REPLACED "\"");
    string_is("\xf0\x80\x80\x80", "\"" REPLACED REPLACED REPLACED REPLACED "\"");
    string_is("\xf0\x8f\xbf\xbf", "\"" REPLACED REPLACED REPLACED REPLACED "\"");
    string_is("\xc0\xa2", "\"" REPLACED REPLACED "\""); /* a quote in disguise */
}

static void surrogates_and_what_lies_beyond_unicode_are_replaced(void **state)
{
    (void)state;
    string_is("\xed\xa0\x80", "\"" REPLACED REPLACED REPLACED "\"");
    string_is("\xed\xbf\xbf", "\"" REPLACED REPLACED REPLACED "\"");
    string_is("\xf4\x90\x80\x80", "\"" REPLACED REPLACED REPLACED REPLACED "\"");
    string_is("\xf5\x80\x80\x80", "\"" REPLACED REPLACED REPLACED REPLACED "\"");
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

/* -- page faults -- */

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
    static char longest[FAULT_NAMES_PATH_MAX];
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
        cmocka_unit_test(a_string_stands_in_quotes),
        cmocka_unit_test(quotes_and_backslashes_are_escaped),
        cmocka_unit_test(every_control_byte_is_escaped),
        cmocka_unit_test(valid_utf8_passes_up_to_its_limits),
        cmocka_unit_test(what_steers_a_terminal_is_escaped),
        cmocka_unit_test(bytes_that_are_no_utf8_are_replaced),
        cmocka_unit_test(sequences_that_break_off_are_replaced_and_what_follows_is_kept),
        cmocka_unit_test(overlong_forms_are_replaced),
        cmocka_unit_test(surrogates_and_what_lies_beyond_unicode_are_replaced),
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
        cmocka_unit_test(the_latency_of_a_row),
        cmocka_unit_test(what_is_not_known_of_faults_has_no_key),
        cmocka_unit_test(other_rows_and_all),
        cmocka_unit_test(a_fault_by_itself),
        cmocka_unit_test(the_largest_latency_fits_its_bound),
    };
    return cmocka_run_group_tests_name("json", tests, NULL, NULL);
}
