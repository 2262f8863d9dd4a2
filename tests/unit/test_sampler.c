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
        cmocka_unit_test(the_running_kernel_has_what_every_kernel_has),
    };
    return cmocka_run_group_tests_name("sampler", tests, NULL, NULL);
}
