#include "base/clock.h"
#include "render/listing.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static const struct listing_field fields[] = {
    {"device", " ", -5, 0, "", LISTING_NAME, 6},
    {"reads", "total", 6, 9, " ", LISTING_COUNT, 0},
    {"read_bytes", "sectors", 7, 0, "  ", LISTING_SECTORS, 0},
    {"busy_seconds", "sec", 4, 0, " ", LISTING_MS_AS_SECONDS, 0},
    {"discards", "", 0, 0, "", LISTING_COUNT, 0},
    {NULL, "shown", 6, 0, " ", LISTING_COUNT, 0},
};
static const struct listing listing = {"disk", "a title", "a wide title", fields, COUNT_OF(fields)};
static const struct listing_style plain = {.unit = SIZE_K, .unit_letter = 'K'};

#define SOME(n)                                                                                              \
    {                                                                                                        \
        .number = { n, true }                                                                                \
    }
static const union listing_cell cells[] = {{.name = "vda"}, SOME(12), SOME(100),
                                           SOME(5678),      SOME(9),  SOME(1)};

static void columns_of_their_widths(void **state)
{
    TEXT(text, 512);
    (void)state;

    listing_put_headings(&text, &listing, &plain);
    listing_put_row(&text, &listing, &plain, cells, 0);
    assert_text(&text, "a title\n"
                       "       total  sectors  sec  shown\n"
                       "vda       12      100    5      1\n");
    assert_true(text.length <= 2 * listing_max(&listing));
}

static void wide_and_with_the_time(void **state)
{
    struct listing_style style = plain;
    TEXT(text, 512);
    (void)state;

    set_zone("UTC");
    style.wide = true;
    style.timestamp = true;
    listing_put_headings(&text, &listing, &style);
    listing_put_row(&text, &listing, &style, cells, UINT64_C(1795443690) * NS_PER_SECOND);
    assert_text(&text, "a wide title -----timestamp-----\n"
                       "          total  sectors  sec  shown                 UTC\n"
                       "vda          12      100    5      1 2026-11-23 14:21:30\n");
}

static void names_are_cut_and_cannot_steer_a_terminal(void **state)
{
    union listing_cell odd[COUNT_OF(fields)] = {{.name = "a\033[31mred"}};
    TEXT(text, 512);
    (void)state;

    listing_put_row(&text, &listing, &plain, odd, 0);
    assert_text(&text, "a\\x1b[31m      -        -    -      -\n"); /* and the others are absent */
}

static void a_line_for_each(void **state)
{
    static const struct listing_field of_memory[] = {
        {"mem_total_bytes", "total memory", 0, 0, "", LISTING_MEMORY, 0},
        {"io_in_bytes", "K paged in", 0, 0, "", LISTING_KIB, 0},
        {"absent", "not there", 0, 0, "", LISTING_COUNT, 0},
        {"swap_in_bytes", "pages swapped in", 0, 0, "", LISTING_PAGES, 0},
        {"cpu_user_seconds", "ticks", 0, 0, "", LISTING_TICKS, 0},
        {"read_seconds", "milli reading", 0, 0, "", LISTING_MS, 0},
    };
    static const struct listing lines = {"stats", NULL, NULL, of_memory, COUNT_OF(of_memory)};
    const union listing_cell figures[] = {SOME(2047), SOME(7),   {.number = {5, false}},
                                          SOME(3),    SOME(250), SOME(1234)};
    TEXT(text, 1024);
    TEXT(json, 1024);
    char expected[256];
    (void)state;

    listing_put_lines(&text, &lines, &plain, figures);
    assert_text(&text, "            1 K total memory\n" /* cut */
                       "            7 K paged in\n"
                       "            3 pages swapped in\n"
                       "          250 ticks\n"
                       "         1234 milli reading\n");
    listing_put_json(&json, &lines, figures, 0);
    snprintf(expected, sizeof(expected),
             "{\"type\":\"stats\",\"time\":\"1970-01-01T00:00:00.000Z\",\"mem_total_bytes\":2047,\"io_in_"
             "bytes\":7168,"
             "\"swap_in_bytes\":%ld,\"cpu_user_seconds\":%.2f,\"read_seconds\":1.234}\n",
             3 * sysconf(_SC_PAGESIZE), 250.0 / (double)sysconf(_SC_CLK_TCK));
    assert_text(&json, expected);
}

static void json_and_csv(void **state)
{
    union listing_cell quoted[COUNT_OF(fields)] = {{.name = "a,\"b"}, SOME(UINT64_MAX)};
    union listing_cell steering[COUNT_OF(fields)] = {{.name = "a\033[m\n"}};
    TEXT(json, 512);
    TEXT(csv, 512);
    (void)state;

    listing_put_json(&json, &listing, cells, 0);
    assert_text(&json,
                "{\"type\":\"disk\",\"time\":\"1970-01-01T00:00:00.000Z\",\"device\":\"vda\",\"reads\":12,"
                "\"read_bytes\":51200,\"busy_seconds\":5.678,\"discards\":9}\n");
    listing_put_csv_header(&csv, &listing);
    listing_put_csv(&csv, &listing, cells, 0);
    listing_put_csv(&csv, &listing, quoted, 0);
    listing_put_csv(&csv, &listing, steering, 0);
    assert_text(&csv, "time,device,reads,read_bytes,busy_seconds,discards\n"
                      "1970-01-01T00:00:00.000Z,vda,12,51200,5.678,9\n"
                      "1970-01-01T00:00:00.000Z,\"a,\"\"b\",18446744073709551615,,,\n"
                      "1970-01-01T00:00:00.000Z,a\\x1b[m\\x0a,,,,\n");
}

static const struct listing_field of_top[] = {
    {"bytes", "BYTES", 6, 0, "", LISTING_BYTES, 0},  {"rate", "RATE", 6, 0, " ", LISTING_RATE, 0},
    {"percent", "%", 6, 0, " ", LISTING_PERCENT, 0}, {"ended", "", 1, 0, " ", LISTING_TRUE, 0},
    {"name", "NAME", -4, 0, "|", LISTING_NAME, 0},
};
static const struct listing top = {"top", NULL, NULL, of_top, COUNT_OF(of_top)};

#define FIGURE(n)                                                                                            \
    {                                                                                                        \
        .figure = n                                                                                          \
    }

static void bytes_rates_and_shares(void **state)
{
    static const union listing_cell rows[][COUNT_OF(of_top)] = {
        {SOME(1023), FIGURE(0), FIGURE(0), SOME(1), {.name = "a"}},
        {SOME(0), FIGURE(0.04), FIGURE(0.25), SOME(0), {.name = "b"}},
        {SOME(1), FIGURE(9.94), FIGURE(9.99), SOME(1), {.name = "c"}},
        {SOME(UINT64_C(10) << 30), FIGURE(10), FIGURE(99.6), {.number = {1, false}}, {.name = "d"}},
        {SOME(1536), FIGURE(123456.5), FIGURE(100), SOME(1), {.name = "longer"}},
    };
    TEXT(text, 2048);
    (void)state;

    listing_put_headings(&text, &top, &plain);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        listing_put_row(&text, &top, &plain, rows[i], 0);
    assert_text(&text, " BYTES   RATE      %  |NAME\n"
                       "  1.0K      0      0 x|a   \n"
                       "     0    0.0    0.3 x|b   \n"
                       "  0.0K    9.9     10 x|c   \n"
                       "   10G     10    100  |d   \n"
                       "  1.5K 123457    100 x|longer\n");
    text.length = 0;
    listing_put_csv_header(&text, &top);
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        listing_put_csv(&text, &top, rows[i], 0);
    assert_text(&text, "time,bytes,rate,percent,ended,name\n"
                       "1970-01-01T00:00:00.000Z,1023,0.0,0.00,true,a\n"
                       "1970-01-01T00:00:00.000Z,0,0.0,0.25,true,b\n"
                       "1970-01-01T00:00:00.000Z,1,9.9,9.99,true,c\n"
                       "1970-01-01T00:00:00.000Z,10737418240,10.0,99.60,,d\n"
                       "1970-01-01T00:00:00.000Z,1536,123456.5,100.00,true,longer\n");
    text.length = 0;
    listing_put_json(&text, &top, rows[2], 0);
    listing_put_json(&text, &top, rows[3], 0);
    assert_text(&text, "{\"type\":\"top\",\"time\":\"1970-01-01T00:00:00.000Z\",\"bytes\":1,\"rate\":9.9,"
                       "\"percent\":9.99,\"ended\":true,\"name\":\"c\"}\n"
                       "{\"type\":\"top\",\"time\":\"1970-01-01T00:00:00.000Z\",\"bytes\":10737418240,"
                       "\"rate\":10.0,\"percent\":99.60,\"name\":\"d\"}\n");
}

static void what_is_absent(void **state)
{
    static const union listing_cell absent[] = {
        {.number = {7, false}}, FIGURE(NAN), FIGURE(NAN), {.number = {7, false}}, {.name = ""}};
    TEXT(text, 1024);
    (void)state;

    listing_put_row(&text, &top, &plain, absent, 0);
    listing_put_json(&text, &top, absent, 0);
    listing_put_csv(&text, &top, absent, 0);
    assert_text(&text, "     -      -      -  |-   \n"
                       "{\"type\":\"top\",\"time\":\"1970-01-01T00:00:00.000Z\"}\n"
                       "1970-01-01T00:00:00.000Z,,,,,\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_of_their_widths),
        cmocka_unit_test(wide_and_with_the_time),
        cmocka_unit_test(names_are_cut_and_cannot_steer_a_terminal),
        cmocka_unit_test(a_line_for_each),
        cmocka_unit_test(json_and_csv),
        cmocka_unit_test(bytes_rates_and_shares),
        cmocka_unit_test(what_is_absent),
    };
    return cmocka_run_group_tests_name("listing", tests, NULL, NULL);
}
