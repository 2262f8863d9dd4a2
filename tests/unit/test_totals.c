#include "metric/sampler.h"
#include "metric/totals.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>

static void every_total_can_be_had(void **state)
{
    (void)state;
    for (size_t i = 0; i < TOTAL_TABLE_SIZE; i++) {
        struct sampler *sampler = sampler_new();
        size_t place;
        assert_non_null(sampler);
        assert_int_equal(sampler_want(sampler, &total_table[i], &place), 0);
        sampler_free(sampler);
        for (size_t other = 0; other < i; other++) {
            assert_string_not_equal(total_table[i].id, total_table[other].id);
            assert_string_not_equal(total_table[i].help, total_table[other].help);
        }
    }
}

/* One total of files of the test's own. */
static struct value total(const struct folder *folder, enum total_id id)
{
    struct sampler *sampler = sampler_new();
    struct problem problem;
    size_t place;

    assert_int_equal(sampler_want(sampler, &total_table[id], &place), 0);
    assert_int_equal(sampler_open(sampler, folder->path, &problem), 0);
    struct snapshot *snapshot = snapshot_new(sampler);
    sampler_read(sampler, snapshot);
    struct value value = sampler_total(sampler, place, snapshot);
    free(snapshot);
    sampler_free(sampler);
    return value;
}

static void totals_are_exact(void **state)
{
    const struct folder *folder = *state;

    folder_put(folder, "stat", "cpu  1 2 3 4 5 6 7 8 9\nctxt 18446744073709551615\nbtime 1795531807\n");
    folder_put(folder, "meminfo", "MemTotal: 100 kB\nMemAvailable: 30 kB\nCached: 5 kB\n");
    assert_value(total(folder, T_context_switches), UINT64_MAX); /* a double holds 53 bits */
    assert_value(total(folder, T_boot_time_seconds), 1795531807);
    assert_value(total(folder, T_cpu_guest_seconds), 9);
    assert_false(total(folder, T_cpu_guest_nice_seconds).present);
    assert_value(total(folder, T_mem_used_bytes), 70 * 1024);
    assert_value(total(folder, T_cached_bytes), 5 * 1024); /* before 2.6.19 without reclaimable slabs */
    folder_put(folder, "meminfo",
               "MemTotal: 100 kB\nMemAvailable: 300 kB\nCached: 18014398509481983 kB\nSReclaimable: 1 kB\n");
    assert_value(total(folder, T_mem_used_bytes), 0);
    assert_false(total(folder, T_cached_bytes).present); /* too much for 64 bits */
    folder_put(folder, "meminfo", "MemTotal: 100 kB\n");
    assert_false(total(folder, T_mem_used_bytes).present);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_total_can_be_had),
        unit_test_in_folder(totals_are_exact),
    };
    return cmocka_run_group_tests_name("totals", tests, NULL, NULL);
}
