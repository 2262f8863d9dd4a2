#include "base/clock.h"
#include "kernel/cgroup.h"
#include "server/exporter.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REPLACED "\xef\xbf\xbd" /* U+FFFD */

/* Where the memory cgroups are, in place of this machine's. */
static struct {
    const char *folder;
    int error;
} cgroups;

int __wrap_cgroup_memory_find(char *path, size_t size, int *version);

int __wrap_cgroup_memory_find(char *path, size_t size, int *version)
{
    snprintf(path, size, "%s", cgroups.folder);
    *version = CGROUP_V2;
    return cgroups.error;
}

struct stage {
    struct folder folder;
    char proc_path[80];
    char cgroup_path[80];
    struct exporter_settings settings;
    struct exporter_server server;
    struct exporter *exporter;
    struct figures figures;
    struct oom_kill kill;
    char *text; /* of the last scrape */
};

static int setup(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    if (!stage)
        return -1;
    *state = stage;
    folder_make(&stage->folder);
    snprintf(stage->proc_path, sizeof(stage->proc_path), "%s/proc", stage->folder.path);
    snprintf(stage->cgroup_path, sizeof(stage->cgroup_path), "%s/groups", stage->folder.path);
    folder_put(&stage->folder, "proc/vmstat", "pgfault 1000\npgmajfault 40\n");
    folder_put(&stage->folder, "proc/meminfo", "MemTotal: 16 kB\nMemFree: 8 kB\n");
    folder_put(&stage->folder, "groups/memory.stat", "anon 1\n");
    cgroups.folder = stage->cgroup_path;
    cgroups.error = 0;
    stage->settings.proc_path = stage->proc_path;
    stage->server.drops[0].reason = "crowded";
    figures_init(&stage->figures);
    return 0;
}

static int teardown(void **state)
{
    struct stage *stage = *state;

    exporter_close(stage->exporter);
    folder_remove(&stage->folder);
    free(stage->text);
    free(stage);
    return 0;
}

#define on_stage(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static void open_exporter(struct stage *stage)
{
    struct problem problem = {0};

    if (exporter_open(&stage->exporter, &stage->settings, &problem) < 0)
        fail_msg("%s", problem.text);
}

static struct stage *opened(void **state)
{
    open_exporter(*state);
    return *state;
}

static const char *scrape(struct stage *stage, enum openmetrics_format format)
{
    const struct text *text;
    const struct openmetrics_spans *spans;

    assert_int_equal(exporter_put(stage->exporter, format, &stage->server, &text, &spans), 0);
    assert_int_equal(text->lost, 0);
    free(stage->text);
    stage->text = strndup(text->bytes, text->length);
    assert_int_equal(strlen(stage->text), text->length);
    return stage->text;
}

static void has(const char *text, const char *lines)
{
    if (!strstr(text, lines))
        fail_msg("there is no\n%sin\n%s", lines, text);
}

static void has_not(const char *text, const char *words)
{
    if (strstr(text, words))
        fail_msg("there is %s in\n%s", words, text);
}

/* -- the metric table -- */

static void totals_of_the_kernel_as_it_counts_now(void **state)
{
    struct stage *stage = opened(state);
    const char *text = scrape(stage, OPENMETRICS_TEXT_0_0_4);

    has(text, "# TYPE faultline_minor_faults_total counter\nfaultline_minor_faults_total 960\n");
    has(text, "# TYPE faultline_major_faults_total counter\nfaultline_major_faults_total 40\n");
    has(text, "# TYPE faultline_mem_free_bytes gauge\nfaultline_mem_free_bytes 8192\n");
    folder_put(&stage->folder, "proc/vmstat", "pgfault 1001\npgmajfault 41\n");
    text = scrape(stage, OPENMETRICS_TEXT_0_0_4);
    has(text, "\nfaultline_minor_faults_total 960\n");
    has(text, "\nfaultline_major_faults_total 41\n");
    has_not(text, "# EOF");
    has_not(text, "# UNIT");
    has_not(text, "node_");
    has_not(text, "faultline_comm_");
    has_not(text, "faultline_cgroup");
}

static void what_the_kernel_does_not_say_has_no_family(void **state)
{
    struct stage *stage = opened(state);
    const char *text = scrape(stage, OPENMETRICS_TEXT_0_0_4);

    has_not(text, "faultline_oom_kills");
    has_not(text, "faultline_load_1m");
    has_not(text, "faultline_cpu_");
    has_not(text, "NaN");
}

static void in_openmetrics(void **state)
{
    struct stage *stage = opened(state);
    const char *text = scrape(stage, OPENMETRICS_1_0);

    has(text, "# TYPE faultline_major_faults counter\nfaultline_major_faults_total 40\n");
    has(text, "# UNIT faultline_mem_free_bytes bytes\n");
    has(text,
        "# TYPE faultline_build_info gauge\nfaultline_build_info{version=\"" FAULTLINE_VERSION "\"} 1\n");
    assert_string_equal(text + strlen(text) - 6, "# EOF\n");
}

/* The name of the family that a line of a sample belongs to stands in the TYPE line above it, once. */
static void check_families(const char *text)
{
    char family[128] = "", seen[32768] = "";
    char *copy = strdup(text);
    char *rest = copy;

    for (char *line; (line = strsep(&rest, "\n"));) {
        char word[160];
        if (sscanf(line, "# HELP %100s", family) == 1) {
            snprintf(word, sizeof(word), " %s ", family);
            if (strstr(seen, word))
                fail_msg("%s twice", family);
            assert_true(strlen(seen) + strlen(word) < sizeof(seen));
            strcat(seen, word);
        } else if (line[0] && line[0] != '#' && strncmp(line, family, strlen(family)) != 0) {
            fail_msg("%s in the family %s", line, family);
        }
    }
    free(copy);
}

static void each_family_stands_together(void **state)
{
    struct stage *stage = *state;

    stage->settings.processes = 3;
    stage->settings.cgroups = "*";
    stage->settings.node_exporter_names = true;
    stage->settings.proc_path = fixture_path("linux-6.18", 0);
    open_exporter(stage);
    for (enum openmetrics_format format = OPENMETRICS_1_0; format <= OPENMETRICS_TEXT_0_0_4; format++)
        check_families(scrape(stage, format));
    has(stage->text, "\nnode_vmstat_pgfault ");
    has(stage->text, "\nfaultline_comm_processes{comm=\"other\"} 0\n");
}

/* -- histograms -- */

static void take(struct stage *stage, double major_faults, double stall_percent)
{
    stage->figures.values[M_major_faults_per_second] = major_faults;
    stage->figures.values[M_memory_some_stall_percent] = stall_percent;
    exporter_take_interval(stage->exporter, &stage->figures.interval);
}

static void intervals_make_histograms(void **state)
{
    struct stage *stage = opened(state);

    take(stage, 0, 0);
    take(stage, 0.5, 0.5);
    take(stage, 1, 50);
    take(stage, 2000, 100);
    take(stage, 20000, NAN);
    take(stage, NAN, NAN);
    const char *text = scrape(stage, OPENMETRICS_1_0);
    has(text, "# TYPE faultline_major_faults_per_second histogram\n"
              "faultline_major_faults_per_second_bucket{le=\"0.0\"} 1\n"
              "faultline_major_faults_per_second_bucket{le=\"1.0\"} 3\n"
              "faultline_major_faults_per_second_bucket{le=\"10.0\"} 3\n"
              "faultline_major_faults_per_second_bucket{le=\"50.0\"} 3\n"
              "faultline_major_faults_per_second_bucket{le=\"100.0\"} 3\n"
              "faultline_major_faults_per_second_bucket{le=\"500.0\"} 3\n"
              "faultline_major_faults_per_second_bucket{le=\"1000.0\"} 3\n"
              "faultline_major_faults_per_second_bucket{le=\"5000.0\"} 4\n"
              "faultline_major_faults_per_second_bucket{le=\"10000.0\"} 4\n"
              "faultline_major_faults_per_second_bucket{le=\"+Inf\"} 5\n"
              "faultline_major_faults_per_second_count 5\n"
              "faultline_major_faults_per_second_sum 22001.500000\n");
    has(text, "# TYPE faultline_memory_stall_ratio histogram\n"
              "faultline_memory_stall_ratio_bucket{le=\"0.0\"} 1\n"
              "faultline_memory_stall_ratio_bucket{le=\"0.01\"} 2\n"
              "faultline_memory_stall_ratio_bucket{le=\"0.05\"} 2\n"
              "faultline_memory_stall_ratio_bucket{le=\"0.1\"} 2\n"
              "faultline_memory_stall_ratio_bucket{le=\"0.25\"} 2\n"
              "faultline_memory_stall_ratio_bucket{le=\"0.5\"} 3\n"
              "faultline_memory_stall_ratio_bucket{le=\"0.75\"} 3\n"
              "faultline_memory_stall_ratio_bucket{le=\"1.0\"} 4\n"
              "faultline_memory_stall_ratio_bucket{le=\"+Inf\"} 4\n"
              "faultline_memory_stall_ratio_count 4\n"
              "faultline_memory_stall_ratio_sum 1.505000\n");
    has(text, "\nfaultline_intervals_total 6\n");
}

/* -- events -- */

static void alert(struct stage *stage, const char *name, enum event_state state)
{
    const struct event event = {.kind = EVENT_ALERT, .alert = name, .state = state};
    exporter_take_event(stage->exporter, &event);
}

/* Counters are held where they were, states are as they are. */
static void a_counter_that_goes_back_is_held(void **state)
{
    struct stage *stage = opened(state);

    has(scrape(stage, OPENMETRICS_TEXT_0_0_4), "\nfaultline_minor_faults_total 960\n");
    folder_put(&stage->folder, "proc/vmstat", "pgfault 1010\npgmajfault 55\n");
    folder_put(&stage->folder, "proc/meminfo", "MemTotal: 16 kB\nMemFree: 4 kB\n");
    const char *text = scrape(stage, OPENMETRICS_TEXT_0_0_4);
    has(text, "\nfaultline_minor_faults_total 960\n");
    has(text, "\nfaultline_major_faults_total 55\n");
    has(text, "faultline_mem_free_bytes 4096\n");
    folder_put(&stage->folder, "proc/vmstat", "pgfault 1100\npgmajfault 55\n");
    has(scrape(stage, OPENMETRICS_TEXT_0_0_4), "\nfaultline_minor_faults_total 1045\n");
}

static void alerts_are_active_and_counted(void **state)
{
    struct stage *stage = opened(state);
    const char *text = scrape(stage, OPENMETRICS_TEXT_0_0_4);

    has(text, "# TYPE faultline_alert_active gauge\n"
              "faultline_alert_active{alert=\"major_faults\"} 0\n"
              "faultline_alert_active{alert=\"context_switches\"} 0\n"
              "faultline_alert_active{alert=\"memory_pressure\"} 0\n"
              "faultline_alert_active{alert=\"memory_running_out\"} 0\n");
    alert(stage, "major_faults", STATE_BEGIN);
    alert(stage, "major_faults", STATE_CONTINUE);
    alert(stage, "memory_pressure", STATE_BEGIN);
    alert(stage, "memory_pressure", STATE_END);
    alert(stage, "memory_pressure", STATE_BEGIN);
    alert(stage, "memory_pressure", STATE_END);
    alert(stage, "an_alert_of_tomorrow", STATE_BEGIN);
    text = scrape(stage, OPENMETRICS_TEXT_0_0_4);
    has(text, "faultline_alert_active{alert=\"major_faults\"} 1\n");
    has(text, "faultline_alert_active{alert=\"memory_pressure\"} 0\n");
    has(text, "# TYPE faultline_alerts_total counter\n"
              "faultline_alerts_total{alert=\"major_faults\"} 1\n"
              "faultline_alerts_total{alert=\"context_switches\"} 0\n"
              "faultline_alerts_total{alert=\"memory_pressure\"} 2\n"
              "faultline_alerts_total{alert=\"memory_running_out\"} 0\n");
    has_not(text, "tomorrow");
}

static void kill_one(struct stage *stage, const char *comm, const char *cgroup, uint64_t wall_ms)
{
    const struct event event = {.kind = EVENT_OOM_KILL,
                                .wall_ns = wall_ms * 1000000,
                                .kills = 1,
                                .kill = &stage->kill};

    stage->kill = (struct oom_kill){.pid = some(7)};
    snprintf(stage->kill.comm, sizeof(stage->kill.comm), "%s", comm);
    snprintf(stage->kill.cgroup, sizeof(stage->kill.cgroup), "%s", cgroup);
    exporter_take_event(stage->exporter, &event);
}

#define LAST_KILL "faultline_oom_last_kill_timestamp_seconds"

static void victims_are_told_the_latest_first_each_once(void **state)
{
    struct stage *stage = opened(state);

    has_not(scrape(stage, OPENMETRICS_TEXT_0_0_4), LAST_KILL "{");
    kill_one(stage, "python3", "/job", 1000);
    kill_one(stage, "java", "/job", 2500);
    kill_one(stage, "python3", "/else", 3001);
    kill_one(stage, "python3", "/job", 4000);
    has(scrape(stage, OPENMETRICS_TEXT_0_0_4),
        "# TYPE " LAST_KILL " gauge\n" LAST_KILL "{comm=\"python3\",cgroup=\"/job\"} 4.000\n" LAST_KILL
        "{comm=\"python3\",cgroup=\"/else\"} 3.001\n" LAST_KILL
        "{comm=\"java\",cgroup=\"/job\"} 2.500\n# HELP");
}

static void of_victims_the_ten_latest_are_told(void **state)
{
    struct stage *stage = opened(state);
    TEXT(expected, 4096);
    char name[16];

    for (unsigned i = 0; i < 14; i++) {
        snprintf(name, sizeof(name), "job%u", i);
        kill_one(stage, name, "", i * 1000);
    }
    for (unsigned i = 13; i >= 4; i--)
        text_format(&expected, LAST_KILL "{comm=\"job%u\",cgroup=\"\"} %u.000\n", i, i);
    text_string(&expected, "# HELP");
    expected_memory[expected.length] = '\0';
    const char *text = scrape(stage, OPENMETRICS_TEXT_0_0_4);
    has(text, expected_memory);
    has_not(text, "job3\"");
    kill_one(stage, "job4", "", 99000); /* the oldest of them comes to the front */
    text = scrape(stage, OPENMETRICS_TEXT_0_0_4);
    has(text, LAST_KILL "{comm=\"job4\",cgroup=\"\"} 99.000\n" LAST_KILL "{comm=\"job13\"");
    has(text, LAST_KILL "{comm=\"job5\",cgroup=\"\"} 5.000\n# HELP");
}

static void kills_without_a_name_make_no_series(void **state)
{
    struct stage *stage = opened(state);
    const struct event nobody = {.kind = EVENT_OOM_KILL, .kills = 3};

    exporter_take_event(stage->exporter, &nobody);
    kill_one(stage, "", "/job", 1000);
    has_not(scrape(stage, OPENMETRICS_TEXT_0_0_4), LAST_KILL "{");
}

static void hostile_names_of_victims(void **state)
{
    struct stage *stage = opened(state);

    kill_one(stage, "a\"} 9\nb{", "/\xff\\", 1000);
    has(scrape(stage, OPENMETRICS_TEXT_0_0_4),
        LAST_KILL "{comm=\"a\\\"} 9\\nb{\",cgroup=\"/" REPLACED "ff\\\\\"} 1.000\n");
}

/* -- processes -- */

static void put_process(const struct stage *stage, unsigned pid, const char *comm, unsigned minor_faults,
                        unsigned rss_pages)
{
    char name[32], text[256];

    snprintf(name, sizeof(name), "proc/%u/stat", pid);
    snprintf(text, sizeof(text),
             "%u (%s) S 1 1 1 0 -1 4194560 %u 9999 5 9999 0 0 0 0 20 0 1 0 %u 9999999 %u "
             "18446744073709551615\n",
             pid, comm, minor_faults, pid, rss_pages);
    folder_put(&stage->folder, name, text);
}

static void processes_by_their_names(void **state)
{
    struct stage *stage = *state;
    char expected[256];

    stage->settings.processes = 1;
    put_process(stage, 10, "large", 100, 5000000);
    put_process(stage, 11, "small", 100, 5);
    open_exporter(stage);
    scrape(stage, OPENMETRICS_1_0);
    put_process(stage, 10, "large", 103, 5000000);
    put_process(stage, 11, "small", 102, 5);
    put_process(stage, 12, "small", 2, 6);
    const char *text = scrape(stage, OPENMETRICS_1_0);
    has(text, "# TYPE faultline_comm_minor_faults counter\n"
              "faultline_comm_minor_faults_total{comm=\"large\"} 3\n"
              "faultline_comm_minor_faults_total{comm=\"other\"} 4\n");
    has(text, "# TYPE faultline_comm_major_faults counter\n"
              "faultline_comm_major_faults_total{comm=\"large\"} 0\n"
              "faultline_comm_major_faults_total{comm=\"other\"} 5\n");
    has(text, "# TYPE faultline_comm_processes gauge\n"
              "faultline_comm_processes{comm=\"large\"} 1\n"
              "faultline_comm_processes{comm=\"other\"} 2\n");
    snprintf(expected, sizeof(expected),
             "# UNIT faultline_comm_resident_bytes bytes\n"
             "faultline_comm_resident_bytes{comm=\"large\"} %ld\n"
             "faultline_comm_resident_bytes{comm=\"other\"} %ld\n",
             5000000 * sysconf(_SC_PAGESIZE), 11 * sysconf(_SC_PAGESIZE));
    has(text, expected);
    has_not(text, "faultline_comm_swap_bytes{"); /* nobody read it */
}

/* Nothing that a process calls itself makes a sample twice. */
static void hostile_names_of_processes(void **state)
{
    struct stage *stage = *state;

    stage->settings.processes = 10;
    put_process(stage, 10, "other", 1, 1);
    put_process(stage, 11, "other (comm)", 1, 1);
    put_process(stage, 12, "a\"} 9\nb{", 1, 1);
    put_process(stage, 13, "\xff", 1, 1);
    put_process(stage, 14, "\xfe", 1, 1);
    put_process(stage, 15, REPLACED, 1, 1);
    put_process(stage, 16, "", 1, 1);
    open_exporter(stage);
    const char *text = scrape(stage, OPENMETRICS_1_0);
    has(text, "\nfaultline_comm_processes{comm=\"a\\\"} 9\\nb{\"} 1\n");
    has(text, "\nfaultline_comm_processes{comm=\"other\"} 0\n");
    has(text, "\nfaultline_comm_processes{comm=\"\"} 1\n");
    has(text, "\nfaultline_comm_processes{comm=\"other (comm)\"} 1\n");
    has(text, "\nfaultline_comm_processes{comm=\"other (its own name)\"} 1\n");
    has(text, "\nfaultline_comm_processes{comm=\"" REPLACED "ff\"} 1\n");
    has(text, "\nfaultline_comm_processes{comm=\"" REPLACED REPLACED "\"} 1\n");
    size_t samples = 0;
    for (const char *at = text; (at = strstr(at, "\nfaultline_comm_processes{")); at++) {
        char line[128];
        snprintf(line, sizeof(line), "%.*s", (int)strcspn(at + 1, "}") + 2, at);
        if (strstr(at + 1, line))
            fail_msg("%s twice", line);
        samples++;
    }
    assert_int_equal(samples, 8);
}

/* -- cgroups -- */

static void put_group(const struct stage *stage, const char *name, unsigned usage, const char *max)
{
    char path[256], text[64];

    snprintf(path, sizeof(path), "groups/%s/memory.stat", name);
    folder_put(&stage->folder, path, "pgfault 30\npgmajfault 10\n");
    snprintf(path, sizeof(path), "groups/%s/memory.current", name);
    snprintf(text, sizeof(text), "%u\n", usage);
    folder_put(&stage->folder, path, text);
    snprintf(path, sizeof(path), "groups/%s/memory.max", name);
    folder_put(&stage->folder, path, max);
    snprintf(path, sizeof(path), "groups/%s/memory.events", name);
    folder_put(&stage->folder, path, "oom_kill 2\n");
    snprintf(path, sizeof(path), "groups/%s/memory.pressure", name);
    folder_put(&stage->folder, path, "some avg10=0.00 total=1234567\nfull avg10=0.00 total=5\n");
}

static void cgroups_that_match(void **state)
{
    struct stage *stage = *state;

    stage->settings.cgroups = "/job*";
    put_group(stage, "job1", 500, "max\n");
    put_group(stage, "job2", 700, "1048576\n");
    put_group(stage, "else", 900, "max\n");
    open_exporter(stage);
    const char *text = scrape(stage, OPENMETRICS_TEXT_0_0_4);
    has(text, "# TYPE faultline_cgroup_minor_faults_total counter\n"
              "faultline_cgroup_minor_faults_total{cgroup=\"/job2\"} 20\n"
              "faultline_cgroup_minor_faults_total{cgroup=\"/job1\"} 20\n");
    has(text, "\nfaultline_cgroup_major_faults_total{cgroup=\"/job1\"} 10\n");
    has(text, "\nfaultline_cgroup_memory_bytes{cgroup=\"/job2\"} 700\n");
    has(text, "# TYPE faultline_cgroup_memory_limit_bytes gauge\n"
              "faultline_cgroup_memory_limit_bytes{cgroup=\"/job2\"} 1048576\n# HELP");
    has(text, "\nfaultline_cgroup_oom_kills_total{cgroup=\"/job1\"} 2\n");
    has(text, "\nfaultline_cgroup_memory_some_stall_seconds_total{cgroup=\"/job1\"} 1.234567\n");
    has(text, "\nfaultline_cgroup_memory_full_stall_seconds_total{cgroup=\"/job1\"} 0.000005\n");
    has(text, "\nfaultline_cgroups_left_out 0\n");
    has_not(text, "/else");
}

static void text_that_outgrows_its_memory(void **state)
{
    enum { GROUPS = 100 };
    struct stage *stage = *state;
    char name[256];

    stage->settings.cgroups = "*";
    for (unsigned i = 0; i < GROUPS; i++) {
        memset(name, 'x', 220);
        snprintf(name + 220, sizeof(name) - 220, "%u", i);
        put_group(stage, name, i + 1, "1048576\n");
    }
    open_exporter(stage);
    const char *text = scrape(stage, OPENMETRICS_1_0);
    assert_true(strlen(text) > 3 * 64 * 1024);
    assert_string_equal(text + strlen(text) - 6, "# EOF\n");
    check_families(text);
    assert_int_equal(strlen(scrape(stage, OPENMETRICS_1_0)) / 1000, strlen(text) / 1000);
}

static void without_cgroups_it_does_not_open(void **state)
{
    struct stage *stage = *state;
    struct problem problem = {0};

    stage->settings.cgroups = "*";
    cgroups.error = -ENOENT;
    assert_int_equal(exporter_open(&stage->exporter, &stage->settings, &problem), -ENOENT);
    assert_string_equal(problem.text,
                        "--cgroups: the hierarchy of memory cgroups: No such file or directory");
    assert_null(stage->exporter);
    stage->settings.cgroups = NULL;
    stage->settings.proc_path = "/no/such/proc";
    assert_int_equal(exporter_open(&stage->exporter, &stage->settings, &problem), -ENOENT);
    assert_non_null(strstr(problem.text, "/no/such/proc"));
    exporter_close(NULL);
}

/* -- of itself -- */

static void what_the_server_counts(void **state)
{
    struct stage *stage = opened(state);

    stage->server = (struct exporter_server){.connections = 3,
                                             .requests = 17,
                                             .drops = {{"crowded", 4}, {"slow", 5}, {"broken", 6}},
                                             .record_failures = 9};
    const char *text = scrape(stage, OPENMETRICS_TEXT_0_0_4);
    has(text, "# TYPE faultline_http_connections gauge\nfaultline_http_connections 3\n");
    has(text, "# TYPE faultline_http_requests_total counter\nfaultline_http_requests_total 17\n");
    has(text, "faultline_http_connections_dropped_total{reason=\"crowded\"} 4\n"
              "faultline_http_connections_dropped_total{reason=\"slow\"} 5\n"
              "faultline_http_connections_dropped_total{reason=\"broken\"} 6\n");
    has_not(text, "faultline_recording_failures");
    stage->server.records = true;
    has(scrape(stage, OPENMETRICS_TEXT_0_0_4), "\nfaultline_recording_failures_total 9\n");
}

static double number_behind(const char *text, const char *name)
{
    char line[128];

    snprintf(line, sizeof(line), "\n%s ", name);
    const char *at = strstr(text, line);
    if (!at)
        fail_msg("no %s", name);
    return strtod(at + strlen(line), NULL);
}

static void what_it_costs_itself(void **state)
{
    struct stage *stage = opened(state);
    const char *text = scrape(stage, OPENMETRICS_TEXT_0_0_4);
    double now = (double)clock_wall_ns() / 1e9;

    assert_true(number_behind(text, "faultline_process_cpu_seconds_total") > 0);
    assert_true(number_behind(text, "faultline_process_resident_memory_bytes") > 100000);
    assert_true(number_behind(text, "faultline_process_start_time_seconds") <= now + 0.001);
    assert_true(number_behind(text, "faultline_process_start_time_seconds") > now - 3600);
    assert_true(number_behind(text, "faultline_scrape_duration_seconds") >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_stage(totals_of_the_kernel_as_it_counts_now),
        on_stage(what_the_kernel_does_not_say_has_no_family),
        on_stage(in_openmetrics),
        on_stage(each_family_stands_together),
        on_stage(intervals_make_histograms),
        on_stage(a_counter_that_goes_back_is_held),
        on_stage(alerts_are_active_and_counted),
        on_stage(victims_are_told_the_latest_first_each_once),
        on_stage(of_victims_the_ten_latest_are_told),
        on_stage(kills_without_a_name_make_no_series),
        on_stage(hostile_names_of_victims),
        on_stage(processes_by_their_names),
        on_stage(hostile_names_of_processes),
        on_stage(cgroups_that_match),
        on_stage(text_that_outgrows_its_memory),
        on_stage(without_cgroups_it_does_not_open),
        on_stage(what_the_server_counts),
        on_stage(what_it_costs_itself),
    };
    return cmocka_run_group_tests_name("exporter", tests, NULL, NULL);
}
