#include "support.h"
#include "watch/diagnosis.h"

#include <unistd.h>

/* Pages a second. */
struct pages {
    double major, refaulted_file, swapped_in, from_zswap, from_devices, direct_scans;
};

static void set(struct figures *figures, struct pages pages)
{
    double page = (double)sysconf(_SC_PAGESIZE);

    figures_init(figures);
    figures->values[M_major_faults_per_second] = pages.major;
    figures->values[M_refaults_file_per_second] = pages.refaulted_file;
    figures->values[M_refaults_anon_per_second] = pages.swapped_in + pages.from_zswap;
    figures->values[M_swap_in_bytes_per_second] = pages.swapped_in * page;
    figures->values[M_io_in_bytes_per_second] = pages.from_devices * page;
    figures->values[M_direct_scans_per_second] = pages.direct_scans;
}

static enum diagnosis reads(struct pages pages)
{
    struct figures figures;
    set(&figures, pages);
    return diagnose_reads(&figures.interval);
}

static enum diagnosis stall(struct pages pages)
{
    struct figures figures;
    set(&figures, pages);
    return diagnose_memory_stall(&figures.interval);
}

static void pages_that_were_not_in_memory_before_are_a_cold_read(void **state)
{
    (void)state;
    assert_int_equal(reads((struct pages){.major = 85, .from_devices = 2700}), DIAGNOSIS_COLD_READ);
    assert_int_equal(reads((struct pages){.major = 85, .from_devices = 100, .refaulted_file = 49}),
                     DIAGNOSIS_COLD_READ);
    assert_int_equal(reads((struct pages){.major = 85}), DIAGNOSIS_COLD_READ); /* a network file system */
}

static void pages_that_were_just_evicted_are_file_thrash(void **state)
{
    (void)state;
    assert_int_equal(reads((struct pages){.major = 85, .from_devices = 100, .refaulted_file = 92}),
                     DIAGNOSIS_FILE_THRASH);
    assert_int_equal(reads((struct pages){.major = 85, .from_devices = 100, .refaulted_file = 50}),
                     DIAGNOSIS_FILE_THRASH);
    assert_int_equal(reads((struct pages){.major = 85, .refaulted_file = 100}), DIAGNOSIS_FILE_THRASH);
}

static void pages_that_come_back_from_swap_are_swap_thrash(void **state)
{
    (void)state;
    assert_int_equal(reads((struct pages){.major = 82448, .from_zswap = 84000, .from_devices = 85000}),
                     DIAGNOSIS_SWAP_THRASH);
    assert_int_equal(reads((struct pages){.major = 85, .from_devices = 100, .swapped_in = 60}),
                     DIAGNOSIS_SWAP_THRASH);
    assert_int_equal(reads((struct pages){.major = 85, .swapped_in = 90}),
                     DIAGNOSIS_SWAP_THRASH); /* zram: no device */
}

static void where_both_together_are_most_the_larger_names_it(void **state)
{
    (void)state;
    assert_int_equal(
        reads((struct pages){.major = 9, .from_devices = 100, .refaulted_file = 30, .swapped_in = 25}),
        DIAGNOSIS_FILE_THRASH);
    assert_int_equal(
        reads((struct pages){.major = 9, .from_devices = 100, .refaulted_file = 25, .swapped_in = 30}),
        DIAGNOSIS_SWAP_THRASH);
    assert_int_equal(
        reads((struct pages){.major = 9, .from_devices = 100, .refaulted_file = 24, .swapped_in = 25}),
        DIAGNOSIS_COLD_READ);
    assert_int_equal(
        reads((struct pages){.major = 9, .from_devices = 100, .refaulted_file = 25, .swapped_in = 25}),
        DIAGNOSIS_FILE_THRASH); /* half of all, and neither the larger */
}

static void figures_that_carry_none(void **state)
{
    (void)state;
    assert_int_equal(reads((struct pages){0}), DIAGNOSIS_NONE);
    assert_int_equal(reads((struct pages){.major = NAN, .from_devices = NAN, .swapped_in = NAN}),
                     DIAGNOSIS_NONE);
    assert_int_equal(reads((struct pages){.major = 85, .from_devices = 100, .refaulted_file = NAN}),
                     DIAGNOSIS_NONE);
}

static void a_kernel_that_lacks_some_figures(void **state)
{
    (void)state;
    assert_int_equal(
        reads((struct pages){.major = 85, .from_devices = NAN, .refaulted_file = 80, .swapped_in = NAN}),
        DIAGNOSIS_FILE_THRASH);
    assert_int_equal(
        reads((struct pages){.major = NAN, .from_devices = NAN, .refaulted_file = 0, .swapped_in = 5}),
        DIAGNOSIS_SWAP_THRASH);
}

static void a_stall_for_memory_is_thrash_or_direct_reclaim_never_a_cold_read(void **state)
{
    (void)state;
    assert_int_equal(stall((struct pages){.from_devices = 100, .refaulted_file = 92, .direct_scans = 500}),
                     DIAGNOSIS_FILE_THRASH);
    assert_int_equal(stall((struct pages){.from_devices = 100, .swapped_in = 92}), DIAGNOSIS_SWAP_THRASH);
    assert_int_equal(stall((struct pages){.from_devices = 100, .direct_scans = 500}),
                     DIAGNOSIS_DIRECT_RECLAIM);
    assert_int_equal(stall((struct pages){.from_devices = 100}), DIAGNOSIS_NONE);
    assert_int_equal(stall((struct pages){.from_devices = 100, .direct_scans = NAN}), DIAGNOSIS_NONE);
    assert_int_equal(stall((struct pages){.refaulted_file = NAN, .direct_scans = 1}),
                     DIAGNOSIS_DIRECT_RECLAIM);
}

static void names(void **state)
{
    (void)state;
    assert_null(diagnosis_name(DIAGNOSIS_NONE));
    assert_string_equal(diagnosis_name(DIAGNOSIS_COLD_READ), "cold_read");
    assert_string_equal(diagnosis_name(DIAGNOSIS_FILE_THRASH), "file_thrash");
    assert_string_equal(diagnosis_name(DIAGNOSIS_SWAP_THRASH), "swap_thrash");
    assert_string_equal(diagnosis_name(DIAGNOSIS_DIRECT_RECLAIM), "direct_reclaim");
}

static void meaning_is(enum diagnosis diagnosis, struct pages pages, const char *expected)
{
    struct figures figures;
    TEXT(text, 256);

    set(&figures, pages);
    diagnosis_put_meaning(&text, diagnosis, &figures.interval);
    assert_text(&text, expected);
}

static void meanings_word_for_word(void **state)
{
    (void)state;
    meaning_is(DIAGNOSIS_NONE, (struct pages){.from_devices = 100}, "");
    meaning_is(DIAGNOSIS_COLD_READ, (struct pages){.from_devices = 200, .refaulted_file = 7},
               "refaults 4%: files are read for the first time, or after a long while");
    meaning_is(DIAGNOSIS_FILE_THRASH, (struct pages){.from_devices = 100, .refaulted_file = 92},
               "refaults 92%: the working set does not fit in RAM");
    meaning_is(DIAGNOSIS_FILE_THRASH,
               (struct pages){.from_devices = 100, .refaulted_file = 60, .swapped_in = 25},
               "refaults 60%, swap-ins 25%: the working set does not fit in RAM");
    meaning_is(DIAGNOSIS_SWAP_THRASH, (struct pages){.from_devices = 100, .swapped_in = 60},
               "swap-ins 60%: memory in use was swapped out and is needed again");
    meaning_is(DIAGNOSIS_DIRECT_RECLAIM, (struct pages){.direct_scans = 512.4},
               "direct reclaim of 512 pages/s: tasks must free memory before they get any");
}

static void a_share_is_never_above_100_percent(void **state)
{
    (void)state;
    meaning_is(DIAGNOSIS_FILE_THRASH, (struct pages){.major = 3, .from_devices = 10, .refaulted_file = 92},
               "refaults 100%: the working set does not fit in RAM");
}

static void its_inputs_are_what_it_looks_at(void **state)
{
    static const enum metric_id looked_at[] = {M_major_faults_per_second, M_refaults_file_per_second,
                                               M_swap_in_bytes_per_second, M_io_in_bytes_per_second,
                                               M_direct_scans_per_second};
    (void)state;

    for (size_t i = 0; i < COUNT_OF(looked_at); i++) {
        bool found = false;
        for (size_t n = 0; n < diagnosis_input_count; n++)
            found |= diagnosis_inputs[n] == looked_at[i];
        assert_true(found);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pages_that_were_not_in_memory_before_are_a_cold_read),
        cmocka_unit_test(pages_that_were_just_evicted_are_file_thrash),
        cmocka_unit_test(pages_that_come_back_from_swap_are_swap_thrash),
        cmocka_unit_test(where_both_together_are_most_the_larger_names_it),
        cmocka_unit_test(figures_that_carry_none),
        cmocka_unit_test(a_kernel_that_lacks_some_figures),
        cmocka_unit_test(a_stall_for_memory_is_thrash_or_direct_reclaim_never_a_cold_read),
        cmocka_unit_test(names),
        cmocka_unit_test(meanings_word_for_word),
        cmocka_unit_test(a_share_is_never_above_100_percent),
        cmocka_unit_test(its_inputs_are_what_it_looks_at),
    };
    return cmocka_run_group_tests_name("diagnosis", tests, NULL, NULL);
}
