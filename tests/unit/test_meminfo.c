#include "parsing.h"

#include <stdlib.h>

#define KIB UINT64_C(1024)

static void amounts_are_read_as_bytes(void **state)
{
    static const char text[] =
        "MemTotal:       24684084 kB\nMemFree:        24230044 kB\nBuffers:             956 kB\n"
        "SwapTotal:             0 kB\n";
    (void)state;

    assert_parses(SOURCE_MEMINFO, "MemTotal", text, 24684084 * KIB);
    assert_parses(SOURCE_MEMINFO, "MemFree", text, 24230044 * KIB);
    assert_parses(SOURCE_MEMINFO, "Buffers", text, 956 * KIB);
    assert_parses(SOURCE_MEMINFO, "SwapTotal", text, 0);
}

static void lines_without_a_unit_are_counts(void **state)
{
    static const char text[] =
        "HugePages_Total:      12\nHugepagesize:       2048 kB\nHugePages_Free:        7\n";
    (void)state;

    assert_parses(SOURCE_MEMINFO, "HugePages_Total", text, 12);
    assert_parses(SOURCE_MEMINFO, "Hugepagesize", text, 2048 * KIB);
    assert_parses(SOURCE_MEMINFO, "HugePages_Free", text, 7);
}

static void a_line_that_is_cut_short_within_its_unit_is_absent(void **state)
{
    (void)state;
    assert_not_in(SOURCE_MEMINFO, "MemFree", "MemFree:  500000");
    assert_not_in(SOURCE_MEMINFO, "MemFree", "MemFree:  500000 ");
    assert_not_in(SOURCE_MEMINFO, "MemFree", "MemFree:  500000 k");
    assert_parses(SOURCE_MEMINFO, "MemFree", "MemFree:  500000 kB", 500000 * KIB);
}

static void a_key_that_is_the_beginning_of_another(void **state)
{
    static const char text[] = "MemFree: 1 kB\nMemory: 2 kB\nMem: 3 kB\nActive(anon): 4 kB\nActive: 5 kB\n";
    (void)state;

    assert_parses(SOURCE_MEMINFO, "Mem", text, 3 * KIB);
    assert_parses(SOURCE_MEMINFO, "MemFree", text, 1 * KIB);
    assert_parses(SOURCE_MEMINFO, "Active", text, 5 * KIB);
    assert_parses(SOURCE_MEMINFO, "Active(anon)", text, 4 * KIB);
    assert_not_in(SOURCE_MEMINFO, "MemFr", text);
    assert_not_in(SOURCE_MEMINFO, "Mem", "MemFree: 1 kB\n");
}

static void an_amount_that_does_not_fit_is_absent(void **state)
{
    (void)state;
    assert_parses(SOURCE_MEMINFO, "A", "A: 18014398509481983 kB\n", 18014398509481983 * KIB);
    assert_not_in(SOURCE_MEMINFO, "A", "A: 18014398509481984 kB\n"); /* 2^64 bytes */
    assert_not_in(SOURCE_MEMINFO, "A", "A: 18446744073709551615 kB\n");
    assert_not_in(SOURCE_MEMINFO, "A", "A: 100000000000000000000 kB\n");
}

static void a_file_that_ends_early(void **state)
{
    (void)state;
    assert_not_in(SOURCE_MEMINFO, "MemFree", "MemTotal: 1 kB\nMemFree:");
    assert_not_in(SOURCE_MEMINFO, "MemFree", "MemTotal: 1 kB\nMemFree:   ");
    assert_not_in(SOURCE_MEMINFO, "MemFree", "MemTotal: 1 kB\nMemFree");
    assert_parses(SOURCE_MEMINFO, "MemFree", "MemTotal: 1 kB\nMemFree: 5 kB", 5 * KIB);
}

static void recorded_files(void **state)
{
    static const struct {
        const char *machine, *name;
        uint64_t number;
    } cases[] = {
        {"linux-6.18", "MemTotal", 24684084 * KIB},
        {"linux-6.18", "MemAvailable", 24343848 * KIB},
        {"linux-6.18", "Cached", 298932 * KIB},
        {"linux-6.18", "SReclaimable", 63084 * KIB},
        {"linux-6.18", "VmallocTotal", 34359738367 * KIB},
        {"linux-6.18", "HugePages_Total", 0},
        {"linux-6.18", "DirectMap1G", 25165824 * KIB},
        {"linux-4.4", "MemTotal", 4046356 * KIB},
        {"linux-4.14", "SwapTotal", 2097148 * KIB},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(cases); i++) {
        char *text = fixture_get(cases[i].machine, 0, "meminfo");
        assert_parses(SOURCE_MEMINFO, cases[i].name, text, cases[i].number);
        free(text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(amounts_are_read_as_bytes),
        cmocka_unit_test(lines_without_a_unit_are_counts),
        cmocka_unit_test(a_line_that_is_cut_short_within_its_unit_is_absent),
        cmocka_unit_test(a_key_that_is_the_beginning_of_another),
        cmocka_unit_test(an_amount_that_does_not_fit_is_absent),
        cmocka_unit_test(a_file_that_ends_early),
        cmocka_unit_test(recorded_files),
    };
    return cmocka_run_group_tests_name("meminfo", tests, NULL, NULL);
}
