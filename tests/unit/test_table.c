#include "base/clock.h"
#include "render/table.h"
#include "showing.h"

#include <stdlib.h>
#include <string.h>

#define MIB 0x1p20
#define GIB 0x1p30

static const char default_header[] =
    " r  b   swpd   free   buff  cache   min   maj    in    cs  us  sy  id  wa\n";

/*                              r  b  swpd      free        buff       cache       min  maj in   cs   us sy id
 * wa */
static const double calm[14] = {1, 0, 0, 8192 * MIB, 128 * MIB, 2048 * MIB, 120, 0, 150, 200, 2, 1, 97, 0};
static const double thrashing[14] = {2,  1,   500 * MIB, 5 * MIB, 120 * MIB, 1000 * MIB, 2000,
                                     85, 800, 6000,      10,      40,        10,         40};

/* One row of VALUES under the columns of LIST. */
static void row_is(const char *list, struct style style, const double *values, size_t count,
                   const char *expected)
{
    struct showing showing;
    TEXT(text, 4096);

    show_columns(&showing, list);
    struct table table = {.columns = &showing.columns, .style = style};
    set_values(&showing, values, count);
    table_put_row(&text, &table, &showing.figures.interval, false);
    size_t longest = table_row_max(&showing.columns);
    showing_free(&showing);
    assert_text(&text, expected);
    assert_true(text.length <= longest);
}

static void cell_is(const char *column, enum size_unit unit, double value, const char *expected)
{
    struct style style = {.unit = unit};
    row_is(column, style, &value, 1, expected);
}

static void the_default_header(void **state)
{
    struct showing showing;
    TEXT(text, 256);
    (void)state;

    show_columns(&showing, NULL);
    struct table table = {.columns = &showing.columns};
    table_put_header(&text, &table);
    showing_free(&showing);
    assert_text(&text, default_header);
    assert_true(text.length <= 81); /* a terminal of 80 columns, and the newline */
}

static void the_example_rows(void **state)
{
    static const struct style plain = {0};
    (void)state;

    row_is(NULL, plain, calm, 14,
           " 1  0      0  8192M   128M  2048M   120     0   150   200   2   1  97   0\n");
    row_is(NULL, plain, thrashing, 14,
           " 2  1   500M     5M   120M  1000M  2000    85   800  6000  10  40  10  40\n");
}

static void a_number_that_outgrows_its_column_is_made_up_for_by_the_next(void **state)
{
    static const struct style plain = {0};
    double values[14];
    (void)state;

    memcpy(values, calm, sizeof(calm));
    values[6] = 1234567;
    row_is(NULL, plain, values, 14,
           " 1  0      0  8192M   128M  2048M 1234567   0   150   200   2   1  97   0\n");
}

static void what_one_column_cannot_make_up_for_the_next_ones_do(void **state)
{
    static const struct style plain = {0};
    double values[14];
    (void)state;

    memcpy(values, calm, sizeof(calm));
    values[6] = 1234567;
    values[7] = 54321;
    row_is(NULL, plain, values, 14,
           " 1  0      0  8192M   128M  2048M 1234567 54321 150   200   2   1  97   0\n");
    values[7] = 4321;
    row_is(NULL, plain, values, 14,
           " 1  0      0  8192M   128M  2048M 1234567 4321  150   200   2   1  97   0\n");
    values[8] = 98765;
    values[9] = 87654;
    row_is(NULL, plain, values, 14,
           " 1  0      0  8192M   128M  2048M 1234567 4321 98765 87654  2   1  97   0\n");
}

static void a_first_column_that_is_too_narrow(void **state)
{
    static const struct style plain = {0};
    double values[14];
    (void)state;

    memcpy(values, calm, sizeof(calm));
    values[0] = 123456;
    row_is(NULL, plain, values, 14,
           "123456 0   0  8192M   128M  2048M   120     0   150   200   2   1  97   0\n");
}

static void a_last_column_that_is_too_narrow_pushes_the_end(void **state)
{
    static const double values[] = {1, 123456};
    static const struct style plain = {0};
    (void)state;

    row_is("r,b", plain, values, 2, " 1 123456\n");
}

static void cells_are_never_glued_together(void **state)
{
    static const double huge[14] = {1e9,  1e9,  9e18, 9e18, 9e18, 9e18, 1e12,
                                    1e12, 1e12, 1e12, 100,  100,  100,  100};
    static const struct style plain = {0};
    (void)state;

    row_is(
        NULL, plain, huge, 14,
        "1000000000 1000000000 8185452T 8185452T 8185452T 8185452T 1000000000000 1000000000000 1000000000000 "
        "1000000000000 100 100 100 100\n");
}

static void what_is_absent_is_a_dash(void **state)
{
    static const struct style plain = {0};
    double values[14];
    (void)state;

    for (size_t i = 0; i < 14; i++)
        values[i] = NAN;
    row_is(NULL, plain, values, 14,
           " -  -      -      -      -      -     -     -     -     -   -   -   -   -\n");
}

static void zero_is_a_bare_0(void **state)
{
    (void)state;
    for (enum size_unit unit = SIZE_AUTO; unit <= SIZE_M; unit++) {
        cell_is("free", unit, 0, "     0\n");
        cell_is("bi", unit, 0, "     0\n");
    }
}

static void memory_is_in_mib_and_from_100000m_on_in_gib(void **state)
{
    (void)state;
    cell_is("free", SIZE_AUTO, 1 * MIB, "    1M\n");
    cell_is("free", SIZE_AUTO, 8192 * MIB, " 8192M\n");
    cell_is("free", SIZE_AUTO, 99999 * MIB, "99999M\n");
    cell_is("free", SIZE_AUTO, 99999.4 * MIB, "99999M\n");
    cell_is("free", SIZE_AUTO, 99999.5 * MIB, "   98G\n");
    cell_is("free", SIZE_AUTO, 100000 * MIB, "   98G\n");
    cell_is("free", SIZE_AUTO, 1500 * GIB, " 1500G\n");
    cell_is("free", SIZE_AUTO, 99999 * GIB, "99999G\n");
    cell_is("free", SIZE_AUTO, 102400 * GIB, "  100T\n");
}

static void memory_in_a_fixed_unit(void **state)
{
    (void)state;
    cell_is("free", SIZE_k, 8192 * MIB, "8589935k\n");
    cell_is("free", SIZE_K, 8192 * MIB, "8388608K\n");
    cell_is("free", SIZE_m, 8192 * MIB, " 8590m\n");
    cell_is("free", SIZE_M, 8192 * MIB, " 8192M\n");
    cell_is("free", SIZE_M, 200000 * MIB, "200000M\n"); /* stays what was asked for */
    cell_is("buff", SIZE_k, 1000, "    1k\n");
    cell_is("buff", SIZE_K, 1024, "    1K\n");
}

static void rates_of_bytes_are_in_kib_unless_they_are_large_or_a_unit_is_asked_for(void **state)
{
    (void)state;
    cell_is("bi", SIZE_AUTO, 512, "    1K\n");
    cell_is("bi", SIZE_AUTO, 2048, "    2K\n");
    cell_is("so", SIZE_AUTO, 99999 * 0x1p10, "99999K\n");
    cell_is("so", SIZE_AUTO, 100000 * 0x1p10, "   98M\n");
    cell_is("bo", SIZE_AUTO, 3 * GIB, " 3072M\n");
    cell_is("bo", SIZE_M, 3 * GIB, " 3072M\n");
    cell_is("bo", SIZE_k, 5000, "    5k\n");
}

static void rates_and_shares_are_whole_numbers_stalls_have_a_digit_loads_two(void **state)
{
    (void)state;
    cell_is("maj", SIZE_AUTO, 84.5, "   85\n");
    cell_is("maj", SIZE_AUTO, 0.4, "    0\n");
    cell_is("us", SIZE_AUTO, 99.6, "100\n");
    cell_is("memF", SIZE_AUTO, 0.05, "  0.1\n");
    cell_is("memF", SIZE_AUTO, 100, "100.0\n");
    cell_is("load1", SIZE_AUTO, 1.9, " 1.90\n");
    cell_is("load15", SIZE_AUTO, 123.456, "123.46\n");
}

static void keys_of_the_users_own_have_columns_as_wide_as_their_names(void **state)
{
    struct showing showing;
    TEXT(header, 256);
    TEXT(row, 256);
    static const double values[] = {12, 5 * MIB, 3};
    (void)state;

    show_columns(&showing, "vmstat.pgsteal_kswapd,meminfo.Slab,r");
    struct table table = {.columns = &showing.columns};
    /* Values of one's own lie behind the table's. */
    double all[METRIC_TABLE_SIZE + 2];
    all[METRIC_TABLE_SIZE] = values[0];
    all[METRIC_TABLE_SIZE + 1] = values[1];
    all[M_procs_running] = values[2];
    showing.figures.interval.values = all;
    table_put_header(&header, &table);
    table_put_row(&row, &table, &showing.figures.interval, false);
    showing_free(&showing);
    assert_text(&header, "pgsteal_kswapd  Slab  r\n");
    assert_text(&row, "            12    5M  3\n");
}

static void the_time_stands_behind_the_row(void **state)
{
    struct showing showing;
    TEXT(text, 512);
    (void)state;

    set_zone("XYZ-2");
    show_columns(&showing, "r,b");
    struct table table = {.columns = &showing.columns, .style = {.timestamp = true}};
    static const double values[] = {1, 0};
    set_values(&showing, values, 2);
    showing.figures.interval.wall_ns = UINT64_C(1795410001) * NS_PER_SECOND;
    table_put_header(&text, &table);
    table_put_row(&text, &table, &showing.figures.interval, false);
    showing_free(&showing);
    assert_text(&text, " r  b                 XYZ\n"
                       " 1  0 2026-11-23 07:00:01\n");
}

static void interval_row_is(double seconds, double delay, const char *expected)
{
    struct showing showing;
    TEXT(text, 128);
    static const double values[] = {1};

    show_columns(&showing, "r");
    struct table table = {.columns = &showing.columns, .delay_seconds = delay};
    set_values(&showing, values, 1);
    showing.figures.interval.seconds = seconds;
    table_put_row(&text, &table, &showing.figures.interval, false);
    showing_free(&showing);
    assert_text(&text, expected);
}

static void an_interval_that_is_not_the_delay_is_marked(void **state)
{
    (void)state;
    interval_row_is(6.02, 1, " 1 [6.0s]\n"); /* after a stop */
    interval_row_is(1, 1, " 1\n");
    interval_row_is(1.09, 1, " 1\n");
    interval_row_is(1.11, 1, " 1 [1.1s]\n");
    interval_row_is(0.7, 1, " 1 [0.7s]\n");
    interval_row_is(0.065, 0.05, " 1\n"); /* 15 ms are nothing */
    interval_row_is(0.08, 0.05, " 1 [0.1s]\n");
    interval_row_is(3600, 0, " 1\n"); /* no nominal delay */
}

static void a_storm_is_a_red_row_where_there_is_color(void **state)
{
    struct showing showing;
    TEXT(red, 128);
    TEXT(plain, 128);
    static const double values[] = {1, 12345};
    (void)state;

    show_columns(&showing, "r,cs");
    set_values(&showing, values, 2);
    struct table table = {.columns = &showing.columns, .style = {.color = true}};
    table_put_row(&red, &table, &showing.figures.interval, true);
    table_put_row(&red, &table, &showing.figures.interval, false);
    table.style.color = false;
    table_put_row(&plain, &table, &showing.figures.interval, true);
    showing_free(&showing);
    assert_text(&red, "\033[31m 1 12345\033[0m\n 1 12345\n");
    assert_text(&plain, " 1 12345\n");
}

static void events_are_lines_with_a_sign_or_a_word(void **state)
{
    struct event warning = {.severity = SEVERITY_WARNING,
                            .message = "HIGH IO LATENCY: 85 Major Faults/sec detected!"};
    struct event kill = {.severity = SEVERITY_CRITICAL,
                         .message = "OOM KILL DETECTED: The kernel terminated a process to reclaim memory."};
    struct style signs = {.signs = true}, words = {0}, colored = {.color = true};
    TEXT(text, 1024);
    (void)state;

    table_put_event(&text, &signs, &warning);
    table_put_event(&text, &signs, &kill);
    table_put_event(&text, &words, &warning);
    table_put_event(&text, &colored, &kill);
    assert_text(
        &text,
        "⚠️  HIGH IO LATENCY: 85 Major Faults/sec detected!\n"
        "🚨 OOM KILL DETECTED: The kernel terminated a process to reclaim memory.\n"
        "WARNING: HIGH IO LATENCY: 85 Major Faults/sec detected!\n"
        "\033[1;31mCRITICAL: OOM KILL DETECTED: The kernel terminated a process to reclaim memory.\033[0m\n");
}

static void an_event_has_its_time_in_front_and_cannot_steer_the_terminal(void **state)
{
    struct event event = {.severity = SEVERITY_WARNING,
                          .message = "evil\033[2Jname\n",
                          .wall_ns = UINT64_C(1795410001) * NS_PER_SECOND};
    struct style style = {.timestamp = true};
    TEXT(text, 256);
    (void)state;

    set_zone("UTC0");
    table_put_event(&text, &style, &event);
    assert_text(&text, "2026-11-23 05:00:01 WARNING: evil\\x1b[2Jname\\x0a\n");
}

static void mark_is(struct mark mark, const char *expected)
{
    TEXT(text, 256);

    set_zone("UTC0");
    mark.wall_ns = UINT64_C(1795410001) * NS_PER_SECOND;
    table_put_mark(&text, &mark);
    assert_text(&text, expected);
}

static void marks_are_lines_that_say_what_happened(void **state)
{
    (void)state;
    mark_is((struct mark){.kind = MARK_BOOT, .seconds = 200, .orderly = true},
            "-- 2026-11-23 05:00:01: the machine was started anew; the recorder had been ended, nothing for "
            "3 min 20 s --\n");
    mark_is(
        (struct mark){.kind = MARK_BOOT, .seconds = NAN},
        "-- 2026-11-23 05:00:01: the machine was started anew; the recorder had been cut off, nothing for "
        "? --\n");
    mark_is((struct mark){.kind = MARK_RESTART, .seconds = 2, .orderly = true},
            "-- 2026-11-23 05:00:01: the recorder had been ended, nothing for 2.0 s --\n");
    mark_is((struct mark){.kind = MARK_RESTART, .seconds = 12},
            "-- 2026-11-23 05:00:01: the recorder had been cut off, nothing for 12 s --\n");
    mark_is((struct mark){.kind = MARK_LOSS, .seconds = NAN},
            "-- 2026-11-23 05:00:01: something is missing here: damaged, or overwritten --\n");
    mark_is((struct mark){.kind = MARK_SUSPEND, .seconds = 3600},
            "-- 2026-11-23 05:00:01: the machine slept for 1 h --\n");
}

static void a_clock_is_set_forward_or_back(void **state)
{
    (void)state;
    mark_is((struct mark){.kind = MARK_CLOCK_STEP, .seconds = 3600},
            "-- 2026-11-23 05:00:01: the clock was set forward by 1 h --\n");
    mark_is((struct mark){.kind = MARK_CLOCK_STEP, .seconds = -61},
            "-- 2026-11-23 05:00:01: the clock was set back by 1 min 1 s --\n");
}

static void rows_follow_one_another(void **state)
{
    struct showing showing;
    TEXT(text, 512);
    (void)state;

    show_columns(&showing, "min,maj");
    struct table table = {.columns = &showing.columns};
    static const double large[] = {1234567, 1}, small[] = {2, 3};
    set_values(&showing, large, 2);
    table_put_row(&text, &table, &showing.figures.interval, false);
    set_values(&showing, small, 2); /* the row before has no part in it */
    table_put_row(&text, &table, &showing.figures.interval, false);
    showing_free(&showing);
    assert_text(&text, "1234567   1\n    2     3\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_default_header),
        cmocka_unit_test(the_example_rows),
        cmocka_unit_test(a_number_that_outgrows_its_column_is_made_up_for_by_the_next),
        cmocka_unit_test(what_one_column_cannot_make_up_for_the_next_ones_do),
        cmocka_unit_test(a_first_column_that_is_too_narrow),
        cmocka_unit_test(a_last_column_that_is_too_narrow_pushes_the_end),
        cmocka_unit_test(cells_are_never_glued_together),
        cmocka_unit_test(what_is_absent_is_a_dash),
        cmocka_unit_test(zero_is_a_bare_0),
        cmocka_unit_test(memory_is_in_mib_and_from_100000m_on_in_gib),
        cmocka_unit_test(memory_in_a_fixed_unit),
        cmocka_unit_test(rates_of_bytes_are_in_kib_unless_they_are_large_or_a_unit_is_asked_for),
        cmocka_unit_test(rates_and_shares_are_whole_numbers_stalls_have_a_digit_loads_two),
        cmocka_unit_test(keys_of_the_users_own_have_columns_as_wide_as_their_names),
        cmocka_unit_test(the_time_stands_behind_the_row),
        cmocka_unit_test(an_interval_that_is_not_the_delay_is_marked),
        cmocka_unit_test(a_storm_is_a_red_row_where_there_is_color),
        cmocka_unit_test(events_are_lines_with_a_sign_or_a_word),
        cmocka_unit_test(an_event_has_its_time_in_front_and_cannot_steer_the_terminal),
        cmocka_unit_test(marks_are_lines_that_say_what_happened),
        cmocka_unit_test(a_clock_is_set_forward_or_back),
        cmocka_unit_test(rows_follow_one_another),
    };
    return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
