#include "base/clock.h"
#include "metric/sampler.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct sampler *sampler_wanting(const enum metric_id *ids, size_t count)
{
    struct sampler *sampler = sampler_new();

    assert_non_null(sampler);
    for (size_t i = 0; i < count; i++)
        assert_int_equal(sampler_want(sampler, &metric_table[ids[i]], NULL), 0);
    return sampler;
}

static void open_sampler(struct sampler *sampler, const struct folder *folder)
{
    struct problem problem = {0};
    if (sampler_open(sampler, folder->path, &problem) < 0)
        fail_msg("%s", problem.text);
}

static void only_the_files_that_are_needed_are_opened(void **state)
{
    static const enum metric_id wanted[] = {M_load_1m};
    struct sampler *sampler = sampler_wanting(wanted, 1);

    folder_put(*state, "loadavg", "0.50 0.25 0.10 1/1 1\n"); /* and nothing else */
    open_sampler(sampler, *state);
    for (enum source_id source = 0; source < SOURCE_COUNT; source++)
        assert_int_equal(sampler_source_error(sampler, source), 0);
    struct snapshot *snapshot = snapshot_new(sampler);
    sampler_read(sampler, snapshot);
    assert_true(sampler_has(sampler, M_load_1m, snapshot));
    assert_true(sampler_wants(sampler, M_load_1m));
    assert_false(sampler_wants(sampler, M_procs_running));
    free(snapshot);
    sampler_free(sampler);
}

static void a_missing_file_leaves_its_metrics_absent(void **state)
{
    static const enum metric_id wanted[] = {M_major_faults_per_second, M_memory_full_stall_percent};
    struct sampler *sampler = sampler_wanting(wanted, 2);

    folder_put(*state, "vmstat", "pgmajfault 5\n");
    open_sampler(sampler, *state);
    assert_int_equal(sampler_source_error(sampler, SOURCE_VMSTAT), 0);
    assert_int_equal(sampler_source_error(sampler, SOURCE_PRESSURE_MEMORY), -ENOENT);
    struct snapshot *snapshot = snapshot_new(sampler);
    sampler_read(sampler, snapshot);
    assert_true(sampler_has(sampler, M_major_faults_per_second, snapshot));
    assert_false(sampler_has(sampler, M_memory_full_stall_percent, snapshot));
    free(snapshot);
    sampler_free(sampler);
}

static void a_file_that_cannot_be_read_is_told_and_absent(void **state)
{
    static const enum metric_id wanted[] = {M_major_faults_per_second, M_memory_full_stall_percent};
    struct sampler *sampler = sampler_wanting(wanted, 2);

    folder_put(*state, "vmstat", "pgmajfault 5\n");
    folder_put(*state, "pressure/memory/folder", "");
    open_sampler(sampler, *state);
    assert_int_equal(sampler_source_error(sampler, SOURCE_PRESSURE_MEMORY), -EISDIR);
    struct snapshot *snapshot = snapshot_new(sampler);
    sampler_read(sampler, snapshot);
    assert_false(sampler_has(sampler, M_memory_full_stall_percent, snapshot));
    free(snapshot);
    sampler_free(sampler);
}

static void an_empty_folder_is_no_proc(void **state)
{
    static const enum metric_id wanted[] = {M_procs_running, M_major_faults_per_second};
    const struct folder *folder = *state;
    struct sampler *sampler = sampler_wanting(wanted, 2);
    struct problem problem = {0};
    char expected[256];

    assert_int_equal(sampler_open(sampler, folder->path, &problem), -ENOENT);
    snprintf(expected, sizeof(expected),
             "%s/stat: No such file or directory: mount it (mount -t proc proc /proc), or name another with "
             "--proc DIR",
             folder->path);
    assert_string_equal(problem.text, expected);
    sampler_free(sampler);
}

static void a_path_that_is_no_folder_is_told(void **state)
{
    static const enum metric_id wanted[] = {M_procs_running};
    const struct folder *folder = *state;
    struct sampler *sampler = sampler_wanting(wanted, 1);
    struct problem problem = {0};
    char path[128], expected[256];

    folder_put(folder, "file", "");
    snprintf(path, sizeof(path), "%s/file", folder->path);
    assert_int_equal(sampler_open(sampler, path, &problem), -ENOTDIR);
    snprintf(expected, sizeof(expected),
             "%s: Not a directory: --proc takes the folder that /proc is mounted on", path);
    assert_string_equal(problem.text, expected);
    snprintf(path, sizeof(path), "%s/none", folder->path);
    assert_int_equal(sampler_open(sampler, path, &problem), -ENOENT);
    sampler_free(sampler);
}

static void a_metric_of_the_users_own_has_its_place_behind_the_table(void **state)
{
    struct sampler *sampler = sampler_new();
    struct metric *steal, *dirty;
    size_t table_place, steal_place, dirty_place, count;

    assert_int_equal(metric_of_key("vmstat.pgsteal_kswapd", &steal), 0);
    assert_int_equal(metric_of_key("vmstat.nr_dirty", &dirty), 0);
    assert_int_equal(sampler_metric_count(sampler), METRIC_TABLE_SIZE);
    assert_int_equal(sampler_want(sampler, steal, &steal_place), 0);
    assert_int_equal(sampler_want(sampler, &metric_table[M_load_5m], &table_place), 0);
    assert_int_equal(sampler_want(sampler, dirty, &dirty_place), 0);
    assert_int_equal(steal_place, METRIC_TABLE_SIZE);
    assert_int_equal(table_place, M_load_5m);
    assert_int_equal(dirty_place, METRIC_TABLE_SIZE + 1);
    assert_int_equal(sampler_metric_count(sampler), METRIC_TABLE_SIZE + 2);

    folder_put(*state, "vmstat", "pgsteal_kswapd 5\n");
    folder_put(*state, "loadavg", "0.50 0.25 0.10 1/1 1\n");
    open_sampler(sampler, *state);
    const size_t *wanted = sampler_wanted(sampler, &count);
    assert_int_equal(count, 3);
    assert_int_equal(wanted[0], M_load_5m);
    assert_int_equal(wanted[1], steal_place);
    assert_int_equal(wanted[2], dirty_place);
    struct snapshot *snapshot = snapshot_new(sampler);
    sampler_read(sampler, snapshot);
    assert_true(sampler_has(sampler, steal_place, snapshot));
    assert_false(sampler_has(sampler, dirty_place, snapshot));
    free(snapshot);
    sampler_free(sampler);
    free(steal);
    free(dirty);
}

static void one_cpu_share_brings_the_whole_and_the_number_of_cpus(void **state)
{
    static const enum metric_id wanted[] = {M_cpu_iowait_percent};
    struct sampler *sampler = sampler_wanting(wanted, 1);
    (void)state;

    for (size_t i = M_FIRST_CPU_SHARE; i <= M_LAST_CPU_SHARE; i++)
        assert_true(sampler_wants(sampler, i));
    assert_true(sampler_wants(sampler, M_cpus_online));
    assert_false(sampler_wants(sampler, M_procs_running));
    sampler_free(sampler);
}

static void wanting_twice_is_wanting_once(void **state)
{
    static const enum metric_id wanted[] = {M_cached_bytes, M_cached_bytes, M_cpu_user_percent,
                                            M_cpu_idle_percent, M_cpus_online};
    struct sampler *sampler = sampler_wanting(wanted, COUNT_OF(wanted));
    (void)state;

    assert_int_equal(sampler_formulas(sampler)[M_cached_bytes].term_count, 2);
    assert_int_equal(sampler_formulas(sampler)[M_cpu_user_percent].term_count, 4);
    assert_int_equal(sampler_formulas(sampler)[M_cpus_online].term_count, 1);
    sampler_free(sampler);
}

static void a_metric_with_a_key_that_no_source_has_is_refused(void **state)
{
    struct metric wrong = metric_table[M_procs_running];
    struct metric long_key = metric_table[M_procs_running];
    struct metric many = metric_table[M_major_faults_per_second];
    struct sampler *sampler = sampler_new();
    (void)state;

    wrong.keys = "procs_sleeping";
    assert_int_equal(sampler_want(sampler, &wrong, NULL), -ENOENT);
    long_key.keys = "a_key_that_is_longer_than_any_key_of_the_kernel_has_ever_been_or_ever_ought_to_be";
    assert_int_equal(sampler_want(sampler, &long_key, NULL), -ENAMETOOLONG);
    many.keys = "a b c d e f g h i"; /* one more than FORMULA_TERMS_MAX */
    assert_int_equal(sampler_want(sampler, &many, NULL), -E2BIG);
    sampler_free(sampler);
}

static void has_needs_what_is_subtracted_and_one_of_what_is_added(void **state)
{
    static const enum metric_id wanted[] = {M_swap_used_bytes, M_cached_bytes, M_refaults_file_per_second};
    struct sampler *sampler = sampler_wanting(wanted, COUNT_OF(wanted));

    folder_put(*state, "meminfo", "SwapTotal: 5 kB\nCached: 7 kB\n");
    folder_put(*state, "vmstat", "workingset_refault 9\n");
    open_sampler(sampler, *state);
    struct snapshot *snapshot = snapshot_new(sampler);
    sampler_read(sampler, snapshot);
    assert_false(sampler_has(sampler, M_swap_used_bytes, snapshot));
    assert_true(sampler_has(sampler, M_cached_bytes, snapshot));
    assert_true(sampler_has(sampler, M_refaults_file_per_second, snapshot));
    free(snapshot);
    sampler_free(sampler);
}

static void a_snapshot_says_when_it_was_taken(void **state)
{
    static const enum metric_id wanted[] = {M_load_1m};
    struct sampler *sampler = sampler_wanting(wanted, 1);

    folder_put(*state, "loadavg", "0.50 0.25 0.10 1/1 1\n");
    open_sampler(sampler, *state);
    struct snapshot *snapshot = snapshot_new(sampler);
    uint64_t before = clock_monotonic_ns(), wall_before = clock_wall_ns();
    sampler_read(sampler, snapshot);
    uint64_t after = clock_monotonic_ns(), wall_after = clock_wall_ns();
    assert_true(snapshot->monotonic_ns >= before && snapshot->monotonic_ns <= after);
    assert_true(snapshot->wall_ns >= wall_before && snapshot->wall_ns <= wall_after);
    free(snapshot);
    sampler_free(sampler);
}

/* A /proc with little in it. */
static void put_small_proc(const struct folder *folder)
{
    folder_put(folder, "vmstat", "nr_free_pages 5\npgfault 30\nkey_to_come 7\npgfault 31\n");
    folder_put(folder, "meminfo", "MemTotal: 16 kB\nSwapTotal: 9 kB\nSwapFree: 4 kB\n");
    folder_put(folder, "loadavg", "0.50 0.25 0.10 1/1 1\n");
}

/* "vmstat.pgfault" and the like, each with a blank behind it. */
static void inputs_are(const struct sampler *sampler, const char *expected)
{
    TEXT(text, 512);
    size_t count;
    const struct sampler_input *inputs = sampler_inputs(sampler, &count);

    for (size_t i = 0; i < count; i++)
        text_format(&text, "%s.%s ", source_name(inputs[i].source), inputs[i].name);
    assert_text(&text, expected);
}

static struct value input_value(const struct sampler *sampler, const struct snapshot *snapshot,
                                enum source_id source, const char *name)
{
    size_t count;
    const struct sampler_input *inputs = sampler_inputs(sampler, &count);

    for (size_t i = 0; i < count; i++) {
        if (inputs[i].source == source && strcmp(inputs[i].name, name) == 0)
            return snapshot->values[inputs[i].value];
    }
    fail_msg("no input %s", name);
    return (struct value){0};
}

static void a_sampler_that_wants_nothing_has_no_inputs(void **state)
{
    struct sampler *sampler = sampler_new();
    (void)state;

    inputs_are(sampler, "");
    sampler_free(sampler);
}

static void inputs_are_what_was_wanted_each_once_in_that_order(void **state)
{
    static const enum metric_id wanted[] = {M_minor_faults_per_second, M_swap_used_bytes, M_load_5m,
                                            M_major_faults_per_second, M_swap_free_bytes, M_load_5m};
    struct sampler *sampler = sampler_wanting(wanted, COUNT_OF(wanted));
    (void)state;

    inputs_are(sampler, "vmstat.pgfault vmstat.pgmajfault meminfo.SwapTotal meminfo.SwapFree loadavg.5m ");
    sampler_free(sampler);
}

static void all_that_the_files_have_is_wanted_each_once(void **state)
{
    const struct folder *folder = *state;
    struct sampler *sampler = sampler_new();

    put_small_proc(folder);
    assert_int_equal(sampler_want_all(sampler, folder->path), 0);
    inputs_are(sampler, "vmstat.nr_free_pages vmstat.pgfault vmstat.key_to_come meminfo.MemTotal "
                        "meminfo.SwapTotal meminfo.SwapFree loadavg.1m loadavg.5m loadavg.15m ");
    sampler_free(sampler);
}

static void what_is_wanted_besides_all_comes_once_as_well(void **state)
{
    static const enum metric_id wanted[] = {M_swap_used_bytes, M_minor_faults_per_second};
    const struct folder *folder = *state;
    struct sampler *sampler = sampler_wanting(wanted, COUNT_OF(wanted));

    put_small_proc(folder);
    assert_int_equal(sampler_want_all(sampler, folder->path), 0);
    assert_int_equal(sampler_want(sampler, &metric_table[M_mem_total_bytes], NULL), 0);
    inputs_are(sampler, "meminfo.SwapTotal meminfo.SwapFree vmstat.pgfault vmstat.pgmajfault "
                        "vmstat.nr_free_pages vmstat.key_to_come meminfo.MemTotal "
                        "loadavg.1m loadavg.5m loadavg.15m ");
    sampler_free(sampler);
}

static void the_places_of_inputs_are_those_of_a_snapshot(void **state)
{
    static const enum metric_id wanted[] = {M_swap_used_bytes};
    const struct folder *folder = *state;
    struct sampler *sampler = sampler_wanting(wanted, COUNT_OF(wanted));

    put_small_proc(folder);
    assert_int_equal(sampler_want_all(sampler, folder->path), 0);
    open_sampler(sampler, folder);
    struct snapshot *snapshot = snapshot_new(sampler);
    sampler_read(sampler, snapshot);
    assert_value(input_value(sampler, snapshot, SOURCE_VMSTAT, "nr_free_pages"), 5);
    assert_value(input_value(sampler, snapshot, SOURCE_VMSTAT, "pgfault"), 30);
    assert_value(input_value(sampler, snapshot, SOURCE_VMSTAT, "key_to_come"), 7);
    assert_value(input_value(sampler, snapshot, SOURCE_MEMINFO, "MemTotal"), 16384);
    assert_value(input_value(sampler, snapshot, SOURCE_MEMINFO, "SwapFree"), 4096);
    assert_value(input_value(sampler, snapshot, SOURCE_LOADAVG, "15m"), 10);
    assert_value(sampler_total(sampler, M_swap_used_bytes, snapshot), 5120);
    free(snapshot);
    sampler_free(sampler);
}

static void the_whole_table_is_wanted(void **state)
{
    const struct folder *folder = *state;
    struct sampler *sampler = sampler_new();

    put_small_proc(folder);
    assert_int_equal(sampler_want_table(sampler), 0);
    assert_int_equal(sampler_metric_count(sampler), METRIC_TABLE_SIZE);
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
        assert_true(sampler_wants(sampler, i));
    open_sampler(sampler, folder);
    struct snapshot *snapshot = snapshot_new(sampler);
    sampler_read(sampler, snapshot);
    assert_value(sampler_total(sampler, M_swap_used_bytes, snapshot), 5120);
    assert_value(sampler_total(sampler, M_mem_total_bytes, snapshot), 16384);
    free(snapshot);
    sampler_free(sampler);
}

static void all_of_a_folder_that_is_not_there(void **state)
{
    struct sampler *sampler = sampler_new();
    (void)state;

    assert_int_equal(sampler_want_all(sampler, "/there/is/none"), -ENOENT);
    inputs_are(sampler, "");
    sampler_free(sampler);
}

static void all_of_an_empty_folder_is_nothing(void **state)
{
    const struct folder *folder = *state;
    struct sampler *sampler = sampler_new();

    assert_int_equal(sampler_want_all(sampler, folder->path), 0);
    inputs_are(sampler, "");
    sampler_free(sampler);
}

/* As a recording does that was made on another machine. */
static void an_arranged_sampler_takes_snapshots_from_elsewhere(void **state)
{
    static const enum metric_id wanted[] = {M_load_1m, M_swap_used_bytes, M_procs_running};
    struct sampler *sampler = sampler_wanting(wanted, COUNT_OF(wanted));
    size_t count;
    (void)state;

    assert_int_equal(sampler_arrange(sampler), 0);
    struct snapshot *snapshot = snapshot_new(sampler);
    const struct sampler_input *inputs = sampler_inputs(sampler, &count);
    assert_int_equal(count, 4);
    for (size_t i = 0; i < count; i++)
        snapshot->values[inputs[i].value] = (struct value){1000 >> i, true};
    assert_value(sampler_total(sampler, M_load_1m, snapshot), 1000);
    assert_value(sampler_total(sampler, M_swap_used_bytes, snapshot), 500 - 250);
    assert_value(sampler_total(sampler, M_procs_running, snapshot), 125 - 1);
    const size_t *places = sampler_wanted(sampler, &count);
    assert_int_equal(count, 3);
    assert_int_equal(places[0], M_procs_running);
    free(snapshot);
    sampler_free(sampler);
}

static void the_page_size_of_another_machine(void **state)
{
    static const enum metric_id wanted[] = {M_swap_in_bytes_per_second, M_io_in_bytes_per_second, M_load_1m};
    struct sampler *sampler = sampler_wanting(wanted, COUNT_OF(wanted));
    const struct formula *formulas = sampler_formulas(sampler);
    (void)state;

    assert_int_equal(sampler_arrange(sampler), 0);
    sampler_set_page_bytes(sampler, 65536);
    assert_near(formulas[M_swap_in_bytes_per_second].scale, 65536);
    assert_near(formulas[M_io_in_bytes_per_second].scale, 1024);
    assert_near(formulas[M_load_1m].scale, 0.01);
    sampler_free(sampler);
}

static void the_running_kernel_has_what_every_kernel_has(void **state)
{
    static const enum metric_id always[] = {
        M_procs_running,
        M_mem_free_bytes,
        M_cached_bytes,
        M_minor_faults_per_second,
        M_major_faults_per_second,
        M_interrupts_per_second,
        M_context_switches_per_second,
        M_cpu_idle_percent,
        M_cpus_online,
        M_load_15m,
        M_mem_total_bytes,
    };
    struct sampler *sampler = sampler_new();
    struct problem problem;
    (void)state;

    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
        assert_int_equal(sampler_want(sampler, &metric_table[i], NULL), 0);
    assert_int_equal(sampler_open(sampler, "/proc", &problem), 0);
    struct snapshot *snapshot = snapshot_new(sampler);
    sampler_read(sampler, snapshot);
    for (size_t i = 0; i < COUNT_OF(always); i++)
        assert_true(sampler_has(sampler, always[i], snapshot));
    free(snapshot);
    sampler_free(sampler);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit_test_in_folder(only_the_files_that_are_needed_are_opened),
        unit_test_in_folder(a_missing_file_leaves_its_metrics_absent),
        unit_test_in_folder(a_file_that_cannot_be_read_is_told_and_absent),
        unit_test_in_folder(an_empty_folder_is_no_proc),
        unit_test_in_folder(a_path_that_is_no_folder_is_told),
        unit_test_in_folder(a_metric_of_the_users_own_has_its_place_behind_the_table),
        cmocka_unit_test(one_cpu_share_brings_the_whole_and_the_number_of_cpus),
        cmocka_unit_test(wanting_twice_is_wanting_once),
        cmocka_unit_test(a_metric_with_a_key_that_no_source_has_is_refused),
        unit_test_in_folder(has_needs_what_is_subtracted_and_one_of_what_is_added),
        unit_test_in_folder(a_snapshot_says_when_it_was_taken),
        cmocka_unit_test(a_sampler_that_wants_nothing_has_no_inputs),
        cmocka_unit_test(inputs_are_what_was_wanted_each_once_in_that_order),
        unit_test_in_folder(all_that_the_files_have_is_wanted_each_once),
        unit_test_in_folder(what_is_wanted_besides_all_comes_once_as_well),
        unit_test_in_folder(the_places_of_inputs_are_those_of_a_snapshot),
        unit_test_in_folder(the_whole_table_is_wanted),
        cmocka_unit_test(all_of_a_folder_that_is_not_there),
        unit_test_in_folder(all_of_an_empty_folder_is_nothing),
        cmocka_unit_test(an_arranged_sampler_takes_snapshots_from_elsewhere),
        cmocka_unit_test(the_page_size_of_another_machine),
        cmocka_unit_test(the_running_kernel_has_what_every_kernel_has),
    };
    return cmocka_run_group_tests_name("sampler", tests, NULL, NULL);
}
