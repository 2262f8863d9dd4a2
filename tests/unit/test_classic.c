#include "render/classic.h"
#include "render/table.h"
#include "support.h"

#include <math.h>

/* A row of figures 1, 2, 3 and so on, which outgrow their cells where FACTOR is large. */
static void put(struct text *text, const struct classic_choice *choice, double factor, bool since_boot)
{
    struct columns columns = {0};
    struct sampler *sampler = sampler_new();
    struct figures figures;

    figures_init(&figures);
    assert_int_equal(classic_add_columns(&columns, choice), 0);
    assert_int_equal(columns_want(&columns, sampler), 0);
    double values[128] = {0};
    assert_true(columns.list[columns.count - 1].index < COUNT_OF(values));
    for (size_t i = 0; i < columns.count; i++) {
        bool bytes = columns.list[i].metric->unit == METRIC_BYTES;
        values[columns.list[i].index] = ((double)i + 1.7) * factor * (bytes ? 1024 : 1);
    }
    struct interval interval = {.values = values, .value_count = COUNT_OF(values), .since_boot = since_boot};
    struct table table = {.columns = &columns,
                          .title = classic_title(choice),
                          .style = {.plain = true, .unit = SIZE_K}};
    table_put_header(text, &table);
    table_put_row(text, &table, &interval, false);
    columns_free(&columns);
    sampler_free(sampler);
}

static void the_row_of_vmstat(void **state)
{
    struct classic_choice choice = {0};
    TEXT(text, 1024);
    (void)state;

    put(&text, &choice, 1, false); /* sizes are cut, all else is rounded */
    assert_text(&text,
                "procs -----------memory---------- ---swap-- -----io---- -system-- -------cpu-------\n"
                " r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st gu\n"
                " 2  3      3      4      5      6    8    9    10    11   12   13 14 15 16 17 18 19\n");
}

static void since_boot_rates_are_cut(void **state)
{
    struct classic_choice choice = {.active = true};
    TEXT(text, 1024);
    (void)state;

    put(&text, &choice, 1, true);
    assert_text(&text,
                "procs -----------memory---------- ---swap-- -----io---- -system-- -------cpu-------\n"
                " r  b   swpd   free  inact active   si   so    bi    bo   in   cs us sy id wa st gu\n"
                " 2  3      3      4      5      6    7    8     9    10   11   12 14 15 16 17 18 19\n");
}

static void wide_with_faults(void **state)
{
    struct classic_choice choice = {.wide = true, .faults = true, .letter = true};
    TEXT(text, 1024);
    (void)state;

    put(&text, &choice, 1, false);
    assert_text(
        &text,
        "--procs-- -----------------------memory---------------------- ---swap-- -----io---- -system-- "
        "----------cpu---------- ------faults-----\n"
        "   r    b         swpd         free         buff        cache   si   so    bi    bo   in   cs  us  "
        "sy  id  wa  "
        "st  gu      min      maj\n"
        "   2    3            3            4            5            6    8    9    10    11   12   13  14  "
        "15  16  17  "
        "18  19       20       21\n");
}

/* As since 4.0.6: what a figure is too wide by, the next ones make up for. */
static void what_outgrows_its_cell(void **state)
{
    struct classic_choice choice = {0};
    TEXT(text, 1024);
    (void)state;

    put(&text, &choice, 1000, false);
    assert_text(
        &text,
        "procs -----------memory---------- ---swap-- -----io---- -system-- -------cpu-------\n"
        " r  b   swpd   free   buff  cache   si   so    bi    bo   in   cs us sy id wa st gu\n"
        "1700 2700 3700 4700   5700   6700 7700 8700  9700 10700 11700 12700 13700 14700 15700 16700 17700 "
        "18700\n");
}

static void its_own_process_counts_to_the_letter(void **state)
{
    struct columns columns = {0};
    (void)state;

    assert_int_equal(classic_add_columns(&columns, &(struct classic_choice){.letter = true}), 0);
    assert_string_equal(columns.list[0].metric->keys, "procs_running");
    assert_int_equal(columns.count, 18);
    columns_free(&columns);
    assert_int_equal(classic_add_columns(&columns, &(struct classic_choice){0}), 0);
    assert_string_equal(columns.list[0].metric->keys, "procs_running -1");
    columns_free(&columns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_row_of_vmstat),
        cmocka_unit_test(since_boot_rates_are_cut),
        cmocka_unit_test(wide_with_faults),
        cmocka_unit_test(what_outgrows_its_cell),
        cmocka_unit_test(its_own_process_counts_to_the_letter),
    };
    return cmocka_run_group_tests_name("classic", tests, NULL, NULL);
}
