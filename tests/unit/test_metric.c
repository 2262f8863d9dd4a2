#include "metric/metric.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const struct metric *metric(const char *name)
{
    const struct metric *found = metric_find(name);
    if (!found)
        fail_msg("no metric %s", name);
    return found;
}

/* The keys of the JSON sample that users rely on, in their order. */
static void the_table_has_the_promised_keys_in_their_order(void **state)
{
    static const char *const promised[] = {
        "procs_running",
        "procs_blocked",
        "swap_used_bytes",
        "mem_free_bytes",
        "mem_available_bytes",
        "buffers_bytes",
        "cached_bytes",
        "minor_faults_per_second",
        "major_faults_per_second",
        "refaults_file_per_second",
        "refaults_anon_per_second",
        "swap_in_bytes_per_second",
        "swap_out_bytes_per_second",
        "io_in_bytes_per_second",
        "io_out_bytes_per_second",
        "interrupts_per_second",
        "context_switches_per_second",
        "forks_per_second",
        "cpu_user_percent",
        "cpu_system_percent",
        "cpu_idle_percent",
        "cpu_iowait_percent",
        "cpu_steal_percent",
        "cpu_guest_percent",
        "cpu_some_stall_percent",
        "memory_some_stall_percent",
        "memory_full_stall_percent",
        "io_some_stall_percent",
        "io_full_stall_percent",
        "oom_kills",
    };
    (void)state;

    assert_true(METRIC_TABLE_SIZE >= COUNT_OF(promised));
    for (size_t i = 0; i < COUNT_OF(promised); i++)
        assert_string_equal(metric_table[i].id, promised[i]);
    assert_string_equal(metric_table[M_oom_kills].id, "oom_kills");
}

static void ids_and_headings_are_all_different(void **state)
{
    (void)state;
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++) {
        for (size_t other = 0; other < METRIC_TABLE_SIZE; other++) {
            if (other != i)
                assert_string_not_equal(metric_table[i].heading, metric_table[other].heading);
            if (other != i)
                assert_string_not_equal(metric_table[i].id, metric_table[other].id);
            assert_string_not_equal(metric_table[i].id, metric_table[other].heading);
        }
    }
}

static void the_cpu_shares_stand_together(void **state)
{
    (void)state;
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++) {
        bool inside = i >= M_FIRST_CPU_SHARE && i <= M_LAST_CPU_SHARE;
        assert_int_equal(metric_table[i].kind == METRIC_CPU_SHARE, inside);
    }
}

static bool ends_with(const char *word, const char *end)
{
    size_t length = strlen(word);
    return length >= strlen(end) && strcmp(word + length - strlen(end), end) == 0;
}

static void the_unit_is_part_of_the_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++) {
        const struct metric *row = &metric_table[i];
        assert_int_equal(ends_with(row->id, "_per_second"), row->kind == METRIC_RATE);
        assert_int_equal(ends_with(row->id, "_percent"), row->unit == METRIC_PERCENT);
        assert_int_equal(ends_with(row->id, "_bytes") || ends_with(row->id, "_bytes_per_second"),
                         row->unit == METRIC_BYTES);
    }
}

static void headings_fit_their_columns(void **state)
{
    (void)state;
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++) {
        assert_true(strlen(metric_table[i].heading) <= metric_table[i].width);
        assert_true(strlen(metric_table[i].help) > 0);
    }
}

static void every_key_is_one_that_its_source_can_have(void **state)
{
    (void)state;
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++) {
        char keys[256];
        assert_true(strlen(metric_table[i].keys) < sizeof(keys));
        strcpy(keys, metric_table[i].keys);
        for (char *key = strtok(keys, " "); key; key = strtok(NULL, " ")) {
            key += key[0] == '-';
            if (strcmp(key, "1") != 0)
                assert_int_equal(source_knows(metric_table[i].source, key), 0);
        }
    }
}

static void a_row_is_found_by_id_and_by_heading(void **state)
{
    (void)state;
    assert_ptr_equal(metric_find("major_faults_per_second"), &metric_table[M_major_faults_per_second]);
    assert_ptr_equal(metric_find("maj"), &metric_table[M_major_faults_per_second]);
    assert_ptr_equal(metric_find("r"), &metric_table[M_procs_running]);
    assert_ptr_equal(metric_find("memF"), &metric_table[M_memory_full_stall_percent]);
    assert_null(metric_find("ma"));
    assert_null(metric_find("MAJ"));
    assert_null(metric_find(""));
}

static void a_raw_unit_is_worth(void **state)
{
    (void)state;
    assert_near(metric_scale(metric("bi")), 1024);
    assert_near(metric_scale(metric("si")), (double)sysconf(_SC_PAGESIZE));
    assert_near(metric_scale(metric("load1")), 0.01);
    assert_near(metric_scale(metric("maj")), 1);
    assert_near(metric_scale(metric("free")), 1); /* the reader has made bytes of it */
}

static void worth_is(const char *name, uint64_t multiplier, uint64_t divisor)
{
    struct metric_worth worth = metric_total_worth(metric(name));
    assert_int_equal(worth.multiplier, multiplier);
    assert_int_equal(worth.divisor, divisor);
}

static void a_raw_unit_of_a_total_is_worth(void **state)
{
    (void)state;
    worth_is("bi", 1024, 1);
    worth_is("si", (uint64_t)sysconf(_SC_PAGESIZE), 1);
    worth_is("load1", 1, 100);
    worth_is("maj", 1, 1);
    worth_is("oom", 1, 1);
    worth_is("free", 1, 1);
    worth_is("memS", 1, 1000000);
    worth_is("us", 1, (uint64_t)sysconf(_SC_CLK_TCK));
}

static void digits_behind_the_point(void **state)
{
    (void)state;
    assert_int_equal(metric_decimals(metric("us")), 2);
    assert_int_equal(metric_decimals(metric("ioF")), 2);
    assert_int_equal(metric_decimals(metric("load5")), 2);
    assert_int_equal(metric_decimals(metric("maj")), 1);
    assert_int_equal(metric_decimals(metric("si")), 1);
    assert_int_equal(metric_decimals(metric("free")), 0);
    assert_int_equal(metric_decimals(metric("oom")), 0);
    assert_int_equal(metric_decimals(metric("r")), 0);
}

static void a_counter_of_vmstat_becomes_a_rate(void **state)
{
    struct metric *made;
    (void)state;

    assert_int_equal(metric_of_key("vmstat.pgsteal_kswapd", &made), 0);
    assert_string_equal(made->id, "vmstat.pgsteal_kswapd_per_second");
    assert_string_equal(made->keys, "pgsteal_kswapd");
    assert_string_equal(made->heading, "pgsteal_kswapd");
    assert_int_equal(made->width, strlen("pgsteal_kswapd"));
    assert_int_equal(made->kind, METRIC_RATE);
    assert_int_equal(made->unit, METRIC_COUNT);
    assert_int_equal(made->source, SOURCE_VMSTAT);
    assert_near(metric_scale(made), 1);
    free(made);
}

static void a_state_of_vmstat_stays_what_it_is(void **state)
{
    struct metric *made;
    (void)state;

    assert_int_equal(metric_of_key("vmstat.nr_dirty", &made), 0);
    assert_string_equal(made->id, "vmstat.nr_dirty");
    assert_int_equal(made->kind, METRIC_GAUGE);
    free(made);
}

static void a_key_of_meminfo_becomes_bytes_or_a_count(void **state)
{
    struct metric *made;
    (void)state;

    assert_int_equal(metric_of_key("meminfo.Active(anon)", &made), 0);
    assert_string_equal(made->id, "meminfo.Active(anon)_bytes");
    assert_int_equal(made->kind, METRIC_GAUGE);
    assert_int_equal(made->unit, METRIC_BYTES);
    assert_int_equal(made->source, SOURCE_MEMINFO);
    free(made);
    assert_int_equal(metric_of_key("meminfo.HugePages_Free", &made), 0);
    assert_string_equal(made->id, "meminfo.HugePages_Free");
    assert_int_equal(made->unit, METRIC_COUNT);
    free(made);
    assert_int_equal(metric_of_key("meminfo.Slab", &made), 0);
    assert_int_equal(made->width, 5); /* a short key's numbers are wider than it */
    free(made);
}

static void a_name_that_is_no_key_is_refused(void **state)
{
    static const char *const names[] = {
        "",           "vmstat",     "vmstat.",    "vmstat",    "vmstats.a", "pgfault",    "stat.ctxt",
        "vmstat.a b", "vmstat.a\"", "vmstat.a,b", "vmstat.\n", "meminfo.",  "vmstat.a/b", "pressure/cpu.some",
        "vmstat.a\\"};
    char longest[100] = "vmstat.";
    struct metric *made;
    (void)state;

    for (size_t i = 0; i < COUNT_OF(names); i++)
        assert_int_equal(metric_of_key(names[i], &made), -ENOENT);
    memset(longest + 7, 'k', 70);
    assert_int_equal(metric_of_key(longest, &made), -ENAMETOOLONG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_table_has_the_promised_keys_in_their_order),
        cmocka_unit_test(ids_and_headings_are_all_different),
        cmocka_unit_test(the_cpu_shares_stand_together),
        cmocka_unit_test(the_unit_is_part_of_the_id),
        cmocka_unit_test(headings_fit_their_columns),
        cmocka_unit_test(every_key_is_one_that_its_source_can_have),
        cmocka_unit_test(a_row_is_found_by_id_and_by_heading),
        cmocka_unit_test(a_raw_unit_is_worth),
        cmocka_unit_test(a_raw_unit_of_a_total_is_worth),
        cmocka_unit_test(digits_behind_the_point),
        cmocka_unit_test(a_counter_of_vmstat_becomes_a_rate),
        cmocka_unit_test(a_state_of_vmstat_stays_what_it_is),
        cmocka_unit_test(a_key_of_meminfo_becomes_bytes_or_a_count),
        cmocka_unit_test(a_name_that_is_no_key_is_refused),
    };
    return cmocka_run_group_tests_name("metric", tests, NULL, NULL);
}
