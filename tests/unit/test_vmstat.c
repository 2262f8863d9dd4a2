#include "kernel/vmstat.h"
#include "parsing.h"

#include <stdio.h>
#include <stdlib.h>

static void a_key_is_read_with_its_number(void **state)
{
    static const char text[] = "nr_free_pages 6057511\npgfault 5902529\npgmajfault 445705\noom_kill 0\n";
    (void)state;

    assert_parses(SOURCE_VMSTAT, "nr_free_pages", text, 6057511);
    assert_parses(SOURCE_VMSTAT, "pgfault", text, 5902529);
    assert_parses(SOURCE_VMSTAT, "pgmajfault", text, 445705);
    assert_parses(SOURCE_VMSTAT, "oom_kill", text, 0); /* zero, and there */
}

static void a_key_that_this_kernel_lacks_is_absent_not_zero(void **state)
{
    char *text = fixture_get("linux-4.4", 0, "vmstat");
    (void)state;

    assert_not_in(SOURCE_VMSTAT, "oom_kill", text);
    assert_not_in(SOURCE_VMSTAT, "workingset_refault_file", text);
    assert_parses(SOURCE_VMSTAT, "workingset_refault", text, 2204118);
    free(text);
}

static void values_near_2_to_the_64(void **state)
{
    (void)state;
    assert_parses(SOURCE_VMSTAT, "pgfault", "pgfault 18446744073709551615\n", UINT64_MAX);
    assert_not_in(SOURCE_VMSTAT, "pgfault", "pgfault 18446744073709551616\n");
    assert_not_in(SOURCE_VMSTAT, "pgfault", "pgfault 100000000000000000000\n"); /* 21 digits */
}

static void a_line_of_another_form_is_absent(void **state)
{
    (void)state;
    assert_not_in(SOURCE_VMSTAT, "pgfault", "pgfault\n7\n");
    assert_not_in(SOURCE_VMSTAT, "pgfault", "pgfault \n7\n");
    assert_not_in(SOURCE_VMSTAT, "pgfault", "pgfault -7\n");
    assert_not_in(SOURCE_VMSTAT, "pgfault", "pgfault 7.5\n");
    assert_not_in(SOURCE_VMSTAT, "pgfault", "pgfault: 7\n");
    assert_not_in(SOURCE_VMSTAT, "pgfault", " pgfault 7\n");
    assert_not_in(SOURCE_VMSTAT, "pgfault", "pgfault\t7\n");
}

static void every_key_of_every_recorded_file_is_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < fixture_machine_count; i++) {
        char *text = fixture_get(fixture_machines[i], 1, "vmstat");
        char key[64];
        unsigned long long number;
        int length;
        for (const char *at = text; sscanf(at, "%63s %llu\n%n", key, &number, &length) == 2; at += length)
            assert_parses(SOURCE_VMSTAT, key, text, number);
        free(text);
    }
}

static void states_and_counts_are_told_apart(void **state)
{
    static const char *const states[] = {"nr_free_pages", "nr_zone_inactive_anon", "nr_dirty",
                                         "nr_writeback",  "nr_kernel_stack",       "nr_dirty_threshold",
                                         "nr_shmem",      "workingset_nodes"};
    static const char *const counters[] = {"pgfault",
                                           "pgmajfault",
                                           "pswpin",
                                           "oom_kill",
                                           "nr_dirtied",
                                           "nr_written",
                                           "nr_vmscan_write",
                                           "nr_vmscan_immediate_reclaim",
                                           "nr_throttled_written",
                                           "nr_foll_pin_acquired",
                                           "nr_tlb_remote_flush",
                                           "nr_tlb_local_flush_one",
                                           "workingset_refault_file",
                                           "workingset_activate_anon",
                                           "thp_fault_alloc",
                                           "numa_hit"};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(states); i++)
        assert_true(vmstat_is_gauge(states[i]));
    for (size_t i = 0; i < COUNT_OF(counters); i++)
        assert_false(vmstat_is_gauge(counters[i]));
}

/* What falls between two frames of a recording is no count. */
static void no_count_of_the_recordings_falls(void **state)
{
    (void)state;
    for (size_t i = 0; i < fixture_machine_count; i++) {
        char *before = fixture_get(fixture_machines[i], 0, "vmstat");
        char *after = fixture_get(fixture_machines[i], 2, "vmstat");
        char key[64];
        unsigned long long number;
        int length;
        for (const char *at = before; sscanf(at, "%63s %llu\n%n", key, &number, &length) == 2; at += length) {
            struct value later = parse_one(SOURCE_VMSTAT, key, after);
            if (!vmstat_is_gauge(key) && later.number < number)
                fail_msg("%s: %s falls from %llu", fixture_machines[i], key, number);
        }
        free(before);
        free(after);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_key_is_read_with_its_number),
        cmocka_unit_test(a_key_that_this_kernel_lacks_is_absent_not_zero),
        cmocka_unit_test(values_near_2_to_the_64),
        cmocka_unit_test(a_line_of_another_form_is_absent),
        cmocka_unit_test(every_key_of_every_recorded_file_is_found),
        cmocka_unit_test(states_and_counts_are_told_apart),
        cmocka_unit_test(no_count_of_the_recordings_falls),
    };
    return cmocka_run_group_tests_name("vmstat", tests, NULL, NULL);
}
