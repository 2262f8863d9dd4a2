#include "parsing.h"

#include <stdlib.h>

static const enum source_id files[] = {SOURCE_PRESSURE_CPU, SOURCE_PRESSURE_MEMORY, SOURCE_PRESSURE_IO,
                                       SOURCE_PRESSURE_IRQ};

static void totals_are_read_from_their_lines(void **state)
{
    static const char text[] = "some avg10=0.06 avg60=0.95 avg300=0.41 total=1765694\n"
                               "full avg10=0.00 avg60=0.00 avg300=0.00 total=12\n";
    (void)state;

    for (size_t i = 0; i < COUNT_OF(files); i++) {
        assert_parses(files[i], "some", text, 1765694);
        assert_parses(files[i], "full", text, 12);
    }
}

static void a_kernel_without_a_line_lacks_its_value(void **state)
{
    (void)state;
    assert_not_in(SOURCE_PRESSURE_CPU, "full",
                  "some avg10=0.06 avg60=0.95 avg300=0.41 total=1765694\n"); /* before 5.13 */
    assert_not_in(SOURCE_PRESSURE_IRQ, "some", "full avg10=0.06 avg60=0.95 avg300=0.41 total=1765694\n");
}

static void the_total_of_another_line_is_not_taken(void **state)
{
    (void)state;
    assert_not_in(SOURCE_PRESSURE_IO, "some", "some avg10=0.06\nfull avg10=0.00 total=12\n");
    assert_not_in(SOURCE_PRESSURE_IO, "some", "some avg10=0.06 subtotal=5\n");
    assert_not_in(SOURCE_PRESSURE_IO, "some", "awesome avg10=0.06 total=5\n");
}

static void an_unusual_total_is_absent(void **state)
{
    (void)state;
    assert_not_in(SOURCE_PRESSURE_IO, "some", "some avg10=0.06 total=\n");
    assert_not_in(SOURCE_PRESSURE_IO, "some", "some avg10=0.06 total=");
    assert_not_in(SOURCE_PRESSURE_IO, "some", "some avg10=0.06 total=x\n");
    assert_not_in(SOURCE_PRESSURE_IO, "some", "some avg10=0.06 total=18446744073709551616\n");
    assert_parses(SOURCE_PRESSURE_IO, "some", "some avg10=0.06 total=18446744073709551615", UINT64_MAX);
}

static void a_field_more_in_a_line_does_not_matter(void **state)
{
    (void)state;
    assert_parses(SOURCE_PRESSURE_IO, "some", "some avg5=1.00 avg10=0.06 total=7 max=9\n", 7);
}

static void other_names_are_unknown(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        assert_true(source_knows(files[i], "some") == 0);
        assert_true(source_knows(files[i], "full") == 0);
        assert_true(source_knows(files[i], "avg10") < 0);
        assert_true(source_knows(files[i], "") < 0);
    }
}

static void recorded_files(void **state)
{
    char *cpu = fixture_get("linux-6.18", 0, "pressure/cpu");
    char *io = fixture_get("linux-6.18", 0, "pressure/io");
    char *memory = fixture_get("linux-6.18", 0, "pressure/memory");
    (void)state;

    assert_parses(SOURCE_PRESSURE_CPU, "some", cpu, 30076320);
    assert_parses(SOURCE_PRESSURE_CPU, "full", cpu, 0);
    assert_parses(SOURCE_PRESSURE_IO, "some", io, 19813685);
    assert_parses(SOURCE_PRESSURE_IO, "full", io, 18451978);
    assert_parses(SOURCE_PRESSURE_MEMORY, "some", memory, 592229);
    assert_parses(SOURCE_PRESSURE_MEMORY, "full", memory, 481852);
    free(cpu);
    free(io);
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(totals_are_read_from_their_lines),
        cmocka_unit_test(a_kernel_without_a_line_lacks_its_value),
        cmocka_unit_test(the_total_of_another_line_is_not_taken),
        cmocka_unit_test(an_unusual_total_is_absent),
        cmocka_unit_test(a_field_more_in_a_line_does_not_matter),
        cmocka_unit_test(other_names_are_unknown),
        cmocka_unit_test(recorded_files),
    };
    return cmocka_run_group_tests_name("pressure", tests, NULL, NULL);
}
