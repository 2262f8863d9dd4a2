#include "base/clock.h"
#include "render/csv.h"
#include "render/json.h"
#include "showing.h"

#include <string.h>

static void the_header_has_the_keys_of_json(void **state)
{
    struct showing showing;
    TEXT(text, 256);
    (void)state;

    show_columns(&showing, "r,maj,vmstat.pgsteal_kswapd");
    csv_put_header(&text, &showing.columns);
    showing_free(&showing);
    assert_text(
        &text,
        "time,interval_seconds,procs_running,major_faults_per_second,vmstat.pgsteal_kswapd_per_second\n");
}

static void a_row(void **state)
{
    static const double values[] = {1, 84.96, 12.345, 8192.0 * 1024 * 1024};
    struct showing showing;
    TEXT(text, 256);
    (void)state;

    show_columns(&showing, "r,maj,us,free");
    set_values(&showing, values, COUNT_OF(values));
    showing.figures.interval.wall_ns = UINT64_C(1795410001) * NS_PER_SECOND;
    showing.figures.interval.seconds = 0.1;
    csv_put_row(&text, &showing.columns, &showing.figures.interval);
    showing_free(&showing);
    assert_text(&text, "2026-11-23T05:00:01.000Z,0.100,1,85.0,12.35,8589934592\n");
}

static void what_is_absent_is_an_empty_cell(void **state)
{
    struct showing showing;
    TEXT(text, 256);
    (void)state;

    show_columns(&showing, "r,maj,min");
    showing.figures.values[M_major_faults_per_second] = 0;
    csv_put_row(&text, &showing.columns, &showing.figures.interval);
    showing_free(&showing);
    assert_text(&text, "1970-01-01T00:00:00.000Z,1.000,,0.0,\n");
}

static size_t count(const struct text *text, char byte)
{
    size_t found = 0;
    for (size_t i = 0; i < text->length; i++)
        found += text->bytes[i] == byte;
    return found;
}

static void header_and_rows_have_as_many_cells(void **state)
{
    struct showing showing;
    struct text header = text_new(16384), empty = text_new(16384), full = text_new(16384);
    (void)state;

    show_columns(&showing, NULL);
    columns_add_set(&showing.columns, COLUMNS_ALL);
    columns_want(&showing.columns, showing.sampler);
    csv_put_header(&header, &showing.columns);
    csv_put_row(&empty, &showing.columns, &showing.figures.interval);
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
        showing.figures.values[i] = 0x1p64;
    csv_put_row(&full, &showing.columns, &showing.figures.interval);
    assert_int_equal(count(&header, ','), METRIC_TABLE_SIZE + 1);
    assert_int_equal(count(&empty, ','), METRIC_TABLE_SIZE + 1);
    assert_int_equal(count(&full, ','), METRIC_TABLE_SIZE + 1);
    assert_int_equal(count(&full, '\n'), 1);
    assert_true(full.length <= json_sample_max(&showing.columns)); /* the room that a stream has for it */
    showing_free(&showing);
    text_free(&header);
    text_free(&empty);
    text_free(&full);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_header_has_the_keys_of_json),
        cmocka_unit_test(a_row),
        cmocka_unit_test(what_is_absent_is_an_empty_cell),
        cmocka_unit_test(header_and_rows_have_as_many_cells),
    };
    return cmocka_run_group_tests_name("csv", tests, NULL, NULL);
}
