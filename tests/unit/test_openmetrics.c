#include "base/clock.h"
#include "metric/sampler.h"
#include "render/openmetrics.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REPLACED "\xef\xbf\xbd" /* U+FFFD */

static const struct value absent;

static void name_is(const struct metric *metric, const char *expected)
{
    TEXT(text, OPENMETRICS_VALUE_MAX);
    openmetrics_put_name(&text, metric);
    assert_text(&text, expected);
}

static void family_is(enum openmetrics_format format, const struct metric *metric, const char *expected)
{
    TEXT(text, OPENMETRICS_FAMILY_MAX);
    openmetrics_put_family(&text, format, metric);
    assert_text(&text, expected);
}

static void value_is(enum metric_id id, struct value total, const char *expected)
{
    TEXT(text, OPENMETRICS_VALUE_MAX);
    openmetrics_put_value(&text, &metric_table[id], NULL, total, NULL);
    assert_text(&text, expected);
}

static void a_metric_of_each_kind_has_its_name(void **state)
{
    static const struct {
        enum metric_id id;
        const char *name;
    } names[] = {
        {M_procs_running, "faultline_procs_running"},
        {M_mem_free_bytes, "faultline_mem_free_bytes"},
        {M_mem_total_bytes, "faultline_mem_total_bytes"},
        {M_load_15m, "faultline_load_15m"},
        {M_minor_faults_per_second, "faultline_minor_faults_total"},
        {M_major_faults_per_second, "faultline_major_faults_total"},
        {M_swap_in_bytes_per_second, "faultline_swap_in_bytes_total"},
        {M_cpu_user_percent, "faultline_cpu_user_seconds_total"},
        {M_memory_some_stall_percent, "faultline_memory_some_stall_seconds_total"},
        {M_oom_kills, "faultline_oom_kills_total"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(names); i++)
        name_is(&metric_table[names[i].id], names[i].name);
}

static void keyed_name_is(const char *key, const char *expected)
{
    struct metric *metric;

    assert_int_equal(metric_of_key(key, &metric), 0);
    name_is(metric, expected);
    free(metric);
}

static void a_key_of_the_kernels_own_becomes_a_name(void **state)
{
    (void)state;
    keyed_name_is("vmstat.pgsteal_kswapd", "faultline_vmstat_pgsteal_kswapd_total");
    keyed_name_is("vmstat.nr_dirty", "faultline_vmstat_nr_dirty");
    keyed_name_is("meminfo.MemFree", "faultline_meminfo_memfree_bytes");
    keyed_name_is("meminfo.Active(anon)", "faultline_meminfo_active_anon_bytes");
    keyed_name_is("meminfo.HugePages_Free", "faultline_meminfo_hugepages_free");
}

static void only_a_counter_is_called_total(void **state)
{
    (void)state;
    keyed_name_is("meminfo.HugePages_Total", "faultline_meminfo_hugepages");
    keyed_name_is("meminfo.VmallocTotal", "faultline_meminfo_vmalloctotal_bytes");
}

static void names_in_the_table_are_all_different(void **state)
{
    char names[METRIC_TABLE_SIZE][OPENMETRICS_VALUE_MAX] = {0};
    (void)state;

    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++) {
        struct text name = text_over(names[i], sizeof(names[i]) - 1);
        openmetrics_put_name(&name, &metric_table[i]);
        assert_int_equal(name.lost, 0);
        assert_int_equal(strspn(names[i], "abcdefghijklmnopqrstuvwxyz0123456789_"), name.length);
        for (size_t other = 0; other < i; other++)
            assert_string_not_equal(names[i], names[other]);
    }
}

static void a_family_of_openmetrics_is_named_without_total(void **state)
{
    (void)state;
    family_is(OPENMETRICS_1_0, &metric_table[M_major_faults_per_second],
              "# HELP faultline_major_faults page faults that waited for a read from disk, up to "
              "milliseconds each\n"
              "# TYPE faultline_major_faults counter\n");
    family_is(OPENMETRICS_1_0, &metric_table[M_procs_blocked],
              "# HELP faultline_procs_blocked tasks waiting for I/O, not interruptible\n"
              "# TYPE faultline_procs_blocked gauge\n");
}

static void a_unit_is_told_where_the_name_ends_with_it(void **state)
{
    (void)state;
    family_is(OPENMETRICS_1_0, &metric_table[M_mem_free_bytes],
              "# HELP faultline_mem_free_bytes memory that nothing uses\n"
              "# TYPE faultline_mem_free_bytes gauge\n"
              "# UNIT faultline_mem_free_bytes bytes\n");
    family_is(OPENMETRICS_1_0, &metric_table[M_io_in_bytes_per_second],
              "# HELP faultline_io_in_bytes read from block devices, swap included\n"
              "# TYPE faultline_io_in_bytes counter\n"
              "# UNIT faultline_io_in_bytes bytes\n");
    family_is(OPENMETRICS_1_0, &metric_table[M_cpu_idle_percent],
              "# HELP faultline_cpu_idle_seconds CPU time with nothing to do\n"
              "# TYPE faultline_cpu_idle_seconds counter\n"
              "# UNIT faultline_cpu_idle_seconds seconds\n");
}

static void a_family_of_the_text_format_is_named_with_total_and_has_no_unit(void **state)
{
    (void)state;
    family_is(OPENMETRICS_TEXT_0_0_4, &metric_table[M_io_in_bytes_per_second],
              "# HELP faultline_io_in_bytes_total read from block devices, swap included\n"
              "# TYPE faultline_io_in_bytes_total counter\n");
    family_is(OPENMETRICS_TEXT_0_0_4, &metric_table[M_mem_free_bytes],
              "# HELP faultline_mem_free_bytes memory that nothing uses\n"
              "# TYPE faultline_mem_free_bytes gauge\n");
}

static void help_is_escaped(void **state)
{
    static const struct metric metric = {.id = "state",
                                         .kind = METRIC_GAUGE,
                                         .help = "of \"x\", a\\b\nnext \xff"};
    (void)state;

    family_is(OPENMETRICS_1_0, &metric,
              "# HELP faultline_state of \\\"x\\\", a\\\\b\\nnext " REPLACED "\n"
              "# TYPE faultline_state gauge\n");
    family_is(OPENMETRICS_TEXT_0_0_4, &metric,
              "# HELP faultline_state of \"x\", a\\\\b\\nnext " REPLACED "\n"
              "# TYPE faultline_state gauge\n");
}

static void whole_numbers_are_exact_to_their_last_digit(void **state)
{
    (void)state;
    value_is(M_major_faults_per_second, some(0), "faultline_major_faults_total 0\n");
    value_is(M_major_faults_per_second, some(UINT64_MAX),
             "faultline_major_faults_total 18446744073709551615\n");
    value_is(M_mem_free_bytes, some(9007199254740993), "faultline_mem_free_bytes 9007199254740993\n");
    value_is(M_oom_kills, some(3), "faultline_oom_kills_total 3\n");
}

static void sizes_are_in_bytes(void **state)
{
    char expected[OPENMETRICS_VALUE_MAX];
    (void)state;

    snprintf(expected, sizeof(expected), "faultline_swap_in_bytes_total %ld\n", 3 * sysconf(_SC_PAGESIZE));
    value_is(M_swap_in_bytes_per_second, some(3), expected);
    value_is(M_io_in_bytes_per_second, some(18014398509481983),
             "faultline_io_in_bytes_total 18446744073709550592\n");
    value_is(M_io_in_bytes_per_second, some(18014398509481984), ""); /* 2^64 bytes */
}

static void microseconds_and_ticks_are_put_as_seconds(void **state)
{
    (void)state;
    value_is(M_memory_some_stall_percent, some(5822152),
             "faultline_memory_some_stall_seconds_total 5.822152\n");
    value_is(M_io_full_stall_percent, some(42), "faultline_io_full_stall_seconds_total 0.000042\n");
    value_is(M_cpu_some_stall_percent, some(UINT64_MAX),
             "faultline_cpu_some_stall_seconds_total 18446744073709.551615\n");
    if (sysconf(_SC_CLK_TCK) != 100)
        skip();
    value_is(M_cpu_user_percent, some(599961), "faultline_cpu_user_seconds_total 5999.61\n");
    value_is(M_cpu_idle_percent, some(7), "faultline_cpu_idle_seconds_total 0.07\n");
}

static void a_load_keeps_its_hundredths(void **state)
{
    (void)state;
    value_is(M_load_1m, some(6), "faultline_load_1m 0.06\n");
    value_is(M_load_5m, some(1200), "faultline_load_5m 12.00\n");
}

static void what_is_absent_is_not_there(void **state)
{
    (void)state;
    value_is(M_oom_kills, absent, "");
    value_is(M_memory_some_stall_percent, absent, "");
}

static void a_time_is_cut_to_milliseconds(void **state)
{
    static const struct {
        uint64_t wall_ns;
        const char *expected;
    } times[] = {
        {UINT64_C(1795410001) * NS_PER_SECOND, "faultline_oom_kills_total 3 1795410001.000\n"},
        {UINT64_C(1795410001) * NS_PER_SECOND + 7999999, "faultline_oom_kills_total 3 1795410001.007\n"},
        {0, "faultline_oom_kills_total 3 0.000\n"},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(times); i++) {
        TEXT(text, OPENMETRICS_VALUE_MAX);
        openmetrics_put_value(&text, &metric_table[M_oom_kills], NULL, some(3), &times[i].wall_ns);
        assert_text(&text, times[i].expected);
    }
}

/* The value is handed over in memory that ends with it: the sanitizers see a read beyond. */
static void label_is(const char *value, const char *expected)
{
    char *copy = strdup(value);
    assert_non_null(copy);
    struct openmetrics_label label = {"comm", copy};
    struct openmetrics_labels labels = {&label, 1};
    struct text text = text_new(2 * OPENMETRICS_VALUE_MAX);

    openmetrics_put_value(&text, &metric_table[M_oom_kills], &labels, some(1), NULL);
    free(copy);
    assert_text(&text, expected);
    text_free(&text);
}

static void label_values_are_escaped(void **state)
{
    (void)state;
    label_is("python3", "faultline_oom_kills_total{comm=\"python3\"} 1\n");
    label_is("", "faultline_oom_kills_total{comm=\"\"} 1\n");
    label_is("foo) Z 1 (", "faultline_oom_kills_total{comm=\"foo) Z 1 (\"} 1\n");
    label_is("a\"} 9\nb{c=\"\\", "faultline_oom_kills_total{comm=\"a\\\"} 9\\nb{c=\\\"\\\\\"} 1\n");
    label_is("caf\xe9 \xe2\x82\xac \xe2\x82", "faultline_oom_kills_total{comm=\"caf" REPLACED
                                              "e9 \xe2\x82\xac " REPLACED "e2" REPLACED "82\"} 1\n");
    label_is("\xc0\xa2", "faultline_oom_kills_total{comm=\"" REPLACED "c0" REPLACED
                         "a2\"} 1\n"); /* a quote in disguise */
    label_is("\x1b[31m\t", "faultline_oom_kills_total{comm=\"" REPLACED "1b[31m" REPLACED "09\"} 1\n");
    label_is("a\xe2\x80\xaez", "faultline_oom_kills_total{comm=\"a" REPLACED "e2" REPLACED "80" REPLACED
                               "aez\"} 1\n"); /* turns the direction */
}

static void a_sample_may_have_several_labels_or_none(void **state)
{
    static const struct openmetrics_label list[] = {{"cgroup", "/train/job"}, {"comm", "trainer"}};
    const struct openmetrics_labels both = {list, 2};
    const struct openmetrics_labels none = {list, 0};
    const uint64_t wall_ns = 1500 * UINT64_C(1000000);
    TEXT(text, OPENMETRICS_VALUE_MAX);
    (void)state;

    openmetrics_put_value(&text, &metric_table[M_oom_kills], &both, some(2), &wall_ns);
    openmetrics_put_value(&text, &metric_table[M_oom_kills], &none, some(3), NULL);
    openmetrics_put_value(&text, &metric_table[M_oom_kills], &both, absent, NULL);
    assert_text(&text, "faultline_oom_kills_total{cgroup=\"/train/job\",comm=\"trainer\"} 2 1.500\n"
                       "faultline_oom_kills_total 3\n");
}

static void only_openmetrics_has_an_end(void **state)
{
    TEXT(openmetrics, OPENMETRICS_END_MAX);
    TEXT(plain, OPENMETRICS_END_MAX);
    (void)state;

    openmetrics_put_end(&openmetrics, OPENMETRICS_1_0);
    openmetrics_put_end(&plain, OPENMETRICS_TEXT_0_0_4);
    assert_text(&openmetrics, "# EOF\n");
    assert_text(&plain, "");
}

static void fits(const struct metric *metric)
{
    const uint64_t last = UINT64_MAX;

    for (enum openmetrics_format format = OPENMETRICS_1_0; format <= OPENMETRICS_TEXT_0_0_4; format++) {
        TEXT(family, OPENMETRICS_FAMILY_MAX);
        openmetrics_put_family(&family, format, metric);
        assert_int_equal(family.lost, 0);
    }
    TEXT(value, OPENMETRICS_VALUE_MAX);
    openmetrics_put_value(&value, metric, NULL, some(UINT64_MAX), &last);
    assert_int_equal(value.lost, 0);
}

static void every_metric_fits_its_bounds(void **state)
{
    char longest[100] = "vmstat.";
    struct metric *metric;
    (void)state;

    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
        fits(&metric_table[i]);
    memset(longest + 7, 'k', 90);
    while (metric_of_key(longest, &metric) == -ENAMETOOLONG)
        longest[strlen(longest) - 1] = '\0';
    assert_true(strlen(longest) > 40);
    fits(metric);
    free(metric);
}

static void totals_of_a_sampler_are_what_is_put(void **state)
{
    static const enum metric_id ids[] = {M_procs_running, M_minor_faults_per_second,
                                         M_major_faults_per_second, M_oom_kills};
    const struct folder *folder = *state;
    struct problem problem = {0};
    struct sampler *sampler = sampler_new();
    TEXT(text, COUNT_OF(ids) * OPENMETRICS_VALUE_MAX);

    folder_put(folder, "stat", "cpu  1 0 0 0 0 0 0 0 0 0\ncpu0 1 0 0 0 0 0 0 0 0 0\nprocs_running 3\n");
    folder_put(folder, "vmstat", "pgfault 1000\npgmajfault 40\n");
    for (size_t i = 0; i < COUNT_OF(ids); i++)
        assert_int_equal(sampler_want(sampler, &metric_table[ids[i]], NULL), 0);
    assert_int_equal(sampler_open(sampler, folder->path, &problem), 0);
    struct snapshot *snapshot = snapshot_new(sampler);
    sampler_read(sampler, snapshot);
    for (size_t i = 0; i < COUNT_OF(ids); i++) {
        struct value total = sampler_total(sampler, ids[i], snapshot);
        openmetrics_put_value(&text, &metric_table[ids[i]], NULL, total, NULL);
    }
    free(snapshot);
    sampler_free(sampler);
    assert_text(&text, "faultline_procs_running 2\n"
                       "faultline_minor_faults_total 960\n"
                       "faultline_major_faults_total 40\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_metric_of_each_kind_has_its_name),
        cmocka_unit_test(a_key_of_the_kernels_own_becomes_a_name),
        cmocka_unit_test(only_a_counter_is_called_total),
        cmocka_unit_test(names_in_the_table_are_all_different),
        cmocka_unit_test(a_family_of_openmetrics_is_named_without_total),
        cmocka_unit_test(a_unit_is_told_where_the_name_ends_with_it),
        cmocka_unit_test(a_family_of_the_text_format_is_named_with_total_and_has_no_unit),
        cmocka_unit_test(help_is_escaped),
        cmocka_unit_test(whole_numbers_are_exact_to_their_last_digit),
        cmocka_unit_test(sizes_are_in_bytes),
        cmocka_unit_test(microseconds_and_ticks_are_put_as_seconds),
        cmocka_unit_test(a_load_keeps_its_hundredths),
        cmocka_unit_test(what_is_absent_is_not_there),
        cmocka_unit_test(a_time_is_cut_to_milliseconds),
        cmocka_unit_test(label_values_are_escaped),
        cmocka_unit_test(a_sample_may_have_several_labels_or_none),
        cmocka_unit_test(only_openmetrics_has_an_end),
        cmocka_unit_test(every_metric_fits_its_bounds),
        unit_test_in_folder(totals_of_a_sampler_are_what_is_put),
    };
    return cmocka_run_group_tests_name("openmetrics", tests, NULL, NULL);
}
