#include "base/clock.h"
#include "base/when.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define BERLIN "CET-1CEST,M3.5.0,M10.5.0/3" /* its rule, which needs no files */

enum {
    MIDNIGHT = 1795392000, /* 2026-11-23 00:00 UTC */
    NOW = 1795443690,      /* 2026-11-23 14:21:30 UTC */
};

static const uint64_t now_ns = NOW * NS_PER_SECOND + 500000000;

static uint64_t at_ns(const char *words, uint64_t now)
{
    uint64_t wall_ns = 1;

    int status = when_parse(words, now, &wall_ns);
    if (status != 0)
        print_error("'%s'\n", words);
    assert_int_equal(status, 0);
    return wall_ns;
}

static void is_ns(const char *words, uint64_t expected_ns)
{
    uint64_t wall_ns = at_ns(words, now_ns);

    if (wall_ns != expected_ns)
        print_error("'%s'\n", words);
    assert_int_equal(wall_ns, expected_ns);
}

static void is(const char *words, uint64_t expected)
{
    is_ns(words, expected * NS_PER_SECOND);
}

static void fails(const char *words, int error)
{
    uint64_t wall_ns = 42;

    int status = when_parse(words, now_ns, &wall_ns);
    if (status != error)
        print_error("'%s'\n", words);
    assert_int_equal(status, error);
    assert_int_equal(wall_ns, 42); /* left alone */
}

static void words_for_now_and_days(void **state)
{
    (void)state;
    is_ns("now", now_ns);
    is("today", MIDNIGHT);
    is("yesterday", MIDNIGHT - 86400);
    is("tomorrow", MIDNIGHT + 86400);
    is("yesterday 14:00", MIDNIGHT - 86400 + 14 * 3600);
    is("today 3:12:05", MIDNIGHT + 3 * 3600 + 12 * 60 + 5);
    is("tomorrow 23:59", MIDNIGHT + 2 * 86400 - 60);
}

static void a_day_is_one_of_the_local_calendar(void **state)
{
    (void)state;
    set_zone(BERLIN);
    is("today", 1795388400);
    is("2026-11-23", 1795388400);
    set_zone("XYZ-12"); /* where it is the 24th already */
    is("today", MIDNIGHT + 12 * 3600);
    is("yesterday 00:30", MIDNIGHT - 12 * 3600 + 1800);
}

static void months_and_years_begin_and_end(void **state)
{
    (void)state;
    uint64_t new_year = UINT64_C(1767225600) * NS_PER_SECOND; /* 2026-01-01 00:00 UTC */

    assert_int_equal(at_ns("yesterday", new_year), new_year - 86400 * NS_PER_SECOND);
    assert_int_equal(at_ns("tomorrow", new_year - 1), new_year);
    assert_int_equal(at_ns("23:00", new_year), new_year - 3600 * NS_PER_SECOND);
}

static void a_time_of_day_is_the_last_one_that_was(void **state)
{
    (void)state;
    is("03:12", MIDNIGHT + 3 * 3600 + 12 * 60);
    is("3:12:05", MIDNIGHT + 3 * 3600 + 12 * 60 + 5);
    is_ns("3:12:05.5", (MIDNIGHT + 3 * 3600 + 12 * 60 + 5) * NS_PER_SECOND + 500000000);
    is("0:00", MIDNIGHT);
    is("14:21:30", NOW);
    is_ns("14:21:30.5", now_ns); /* now itself */
    is("14:21:31", NOW + 1 - 86400);
    is("14:22", MIDNIGHT + 14 * 3600 + 22 * 60 - 86400);
    is("23:59:59", MIDNIGHT - 1);
}

static void dates(void **state)
{
    (void)state;
    is("2026-11-23", MIDNIGHT);
    is("2026-11-23 14:00", MIDNIGHT + 14 * 3600);
    is("2026-11-23 14:00:05", MIDNIGHT + 14 * 3600 + 5);
    is_ns("2026-11-23 14:00:05.25", (MIDNIGHT + 14 * 3600 + 5) * NS_PER_SECOND + 250000000);
    is_ns("2026-11-23 14:00:05,25", (MIDNIGHT + 14 * 3600 + 5) * NS_PER_SECOND + 250000000);
    is("2026-11-23T14:00", MIDNIGHT + 14 * 3600);
    is("2024-02-29", 1709164800);
    is("1970-01-01", 0);
    is("2030-01-01", 1893456000);
}

static void a_zone_overrules_the_local_one(void **state)
{
    (void)state;
    set_zone(BERLIN);
    is("2026-11-23T14:00:05Z", MIDNIGHT + 14 * 3600 + 5);
    is("2026-11-23 14:00 UTC", MIDNIGHT + 14 * 3600);
    is("2026-11-23T14:00:05+01:00", MIDNIGHT + 13 * 3600 + 5);
    is("2026-11-23T14:00:05+0100", MIDNIGHT + 13 * 3600 + 5);
    is("2026-11-23T14:00:05+01", MIDNIGHT + 13 * 3600 + 5);
    is("2026-11-23T14:00:05-0330", MIDNIGHT + 17 * 3600 + 1800 + 5);
    is("1970-01-01T01:00+01:00", 0);
    is("2026-11-23T14:00:05", MIDNIGHT + 13 * 3600 + 5);
}

static void seconds_since_1970(void **state)
{
    (void)state;
    is("@1764000000", 1764000000);
    is_ns("@1764000000.5", UINT64_C(1764000000500000000));
    is_ns("@0.0000000019", 1); /* the rest is cut */
    is("@0", 0);
    is("@18446744073", UINT64_C(18446744073));
}

static void spans_before_now(void **state)
{
    (void)state;
    is_ns("10 min ago", now_ns - 600 * NS_PER_SECOND);
    is_ns("2 hours ago", now_ns - 7200 * NS_PER_SECOND);
    is_ns("1h30m ago", now_ns - 5400 * NS_PER_SECOND);
    is_ns("1h 30 min ago", now_ns - 5400 * NS_PER_SECOND);
    is_ns("1.5 hours ago", now_ns - 5400 * NS_PER_SECOND);
    is_ns("-10min", now_ns - 600 * NS_PER_SECOND);
    is_ns("- 10 min", now_ns - 600 * NS_PER_SECOND);
    is_ns("-1h", now_ns - 3600 * NS_PER_SECOND);
    is_ns("-0.5s", now_ns - 500000000);
    is_ns("0 s ago", now_ns);
}

static void every_unit(void **state)
{
    static const struct {
        const char *words;
        uint64_t seconds;
    } rows[] = {
        {"-3s", 3},          {"-3sec", 3},        {"-3 secs", 3},        {"-1 second", 1},
        {"-3 seconds", 3},   {"-3m", 180},        {"-3min", 180},        {"-3 mins", 180},
        {"-1 minute", 60},   {"-3 minutes", 180}, {"-3h", 10800},        {"-1 hour", 3600},
        {"-3 hours", 10800}, {"-3d", 259200},     {"-1 day", 86400},     {"-3 days", 259200},
        {"-3w", 1814400},    {"-1 week", 604800}, {"-3 weeks", 1814400},
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(rows); i++)
        is_ns(rows[i].words, now_ns - rows[i].seconds * NS_PER_SECOND);
}

static void case_and_blanks_do_not_matter(void **state)
{
    (void)state;
    is_ns("  NOW ", now_ns);
    is("\tYesterday   14:00  ", MIDNIGHT - 86400 + 14 * 3600);
    is("2026-11-23t14:00:05z", MIDNIGHT + 14 * 3600 + 5);
    is("2026-11-23   14:00:05  utc ", MIDNIGHT + 14 * 3600 + 5);
    is_ns("10  Min\tAGO\n", now_ns - 600 * NS_PER_SECOND);
    is_ns("10min ago", now_ns - 600 * NS_PER_SECOND);
}

static void daylight_saving_skips_an_hour(void **state)
{
    (void)state;
    set_zone(BERLIN);
    is("2026-03-29 01:59:59", 1774745999);
    is("2026-03-29 02:30", 1774747800); /* 03:30 */
    is("2026-03-29 03:00", 1774746000);
    is("2026-03-30 02:30", 1774830600);
}

static void daylight_saving_repeats_an_hour(void **state)
{
    (void)state;
    set_zone(BERLIN);
    for (int again = 0; again < 2; again++) { /* whatever was asked before */
        is("2026-10-25 02:30", 1792888200);
        is("2026-10-25 03:30", 1792895400);
        is("2026-10-25 02:30", 1792888200);
        is("2026-10-25 01:30", 1792884600);
    }
    is("2026-10-25 02:30+01:00", 1792891800);

    uint64_t second_half = (UINT64_C(1792891800) - 600) * NS_PER_SECOND; /* 02:20 CET */
    assert_int_equal(at_ns("02:30", second_half), UINT64_C(1792888200) * NS_PER_SECOND);
    uint64_t first_half = (UINT64_C(1792888200) - 600) * NS_PER_SECOND; /* 02:20 CEST */
    assert_int_equal(at_ns("02:30", first_half), UINT64_C(1792801800) * NS_PER_SECOND);
}

static void latest_is(const char *words, uint64_t now, uint64_t seconds)
{
    uint64_t wall_ns = 0;
    assert_int_equal(when_parse_latest(words, now * NS_PER_SECOND, &wall_ns), 0);
    assert_int_equal(wall_ns, seconds * NS_PER_SECOND);
}

static void of_an_hour_that_comes_twice_the_latest_can_be_asked_for(void **state)
{
    const uint64_t noon = 1792926000; /* 2026-10-25 12:00 CET */
    (void)state;

    set_zone(BERLIN);
    latest_is("2026-10-25 02:30", noon, 1792891800);
    latest_is("02:30", noon, 1792891800);
    latest_is("today 02:30", noon, 1792891800);
    latest_is("2026-10-25T02:30+02:00", noon, 1792888200); /* its zone says which */
    latest_is("2026-10-25 01:30", noon, 1792884600);
    latest_is("2026-10-25 03:30", noon, 1792895400);
    latest_is("2026-03-29 02:30", noon, 1774747800);  /* one that is left out, as ever */
    latest_is("02:30", 1792891800 - 600, 1792888200); /* 02:20 CET: the second is to come */
    latest_is("-1h", noon, noon - 3600);
}

static void days_of_23_and_25_hours(void **state)
{
    uint64_t noon = UINT64_C(1792926000) * NS_PER_SECOND; /* 2026-10-25 12:00 CET */
    (void)state;

    set_zone(BERLIN);
    assert_int_equal(at_ns("today", noon), UINT64_C(1792879200) * NS_PER_SECOND);
    assert_int_equal(at_ns("tomorrow", noon), UINT64_C(1792969200) * NS_PER_SECOND);
    assert_int_equal(at_ns("1 day ago", noon), noon - 86400 * NS_PER_SECOND);
}

static void zones_that_moved(void **state)
{
    (void)state;
    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) < 0)
        skip();
    set_zone("Europe/Berlin");
    is("2026-07-01 12:00", 1782900000);
    is("2026-03-29 02:30", 1774747800);
    set_zone("Europe/Moscow"); /* 2014-10-26 had an hour twice, without daylight saving */
    is("2014-10-26 01:30", 1414272600);
    set_zone("Pacific/Apia"); /* the 30th was left out */
    is("2011-12-31", 1325239200);
    is("2011-12-29 23:00", 1325235600);
}

static void what_is_before_1970_or_does_not_fit(void **state)
{
    (void)state;
    fails("1969-12-31", -ERANGE);
    fails("1970-01-01T00:59+01:00", -ERANGE);
    fails("0000-01-01", -ERANGE);
    fails("9999-12-31 23:59:59", -ERANGE);
    fails("@18446744074", -ERANGE);
    fails("@99999999999999999999999999", -ERANGE);
    fails("60 years ago", -EINVAL); /* no unit: their length differs */
    fails("3000 weeks ago", -ERANGE);
    fails("-99999999999999999999999999s", -ERANGE);
    fails("-18446744073s 18446744073s", -ERANGE);
    fails("-99999999999w", -ERANGE);

    set_zone(BERLIN);
    uint64_t wall_ns = 42;
    assert_int_equal(when_parse("yesterday", 0, &wall_ns), -ERANGE);
    assert_int_equal(wall_ns, 42);
}

static void what_no_clock_and_no_calendar_shows(void **state)
{
    static const char *const words[] = {
        "24:00",      "12:60",      "12:00:60",   "99:99",      "2026-13-01",       "2026-00-10",
        "2026-02-29", "2026-11-31", "2026-11-00", "2100-02-29", "2026-11-23 25:00", "2026-11-23T10:00+24:00",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(words); i++)
        fails(words[i], -EINVAL);
}

static void what_is_no_time(void **state)
{
    static const char *const words[] = {
        "",
        " ",
        "noon",
        "nows",
        "now now",
        "now 14:00",
        "todays",
        "yesterday ago",
        "yesterday 14",
        "yesterdayyyyyyyyyyyyyyyyyyyyyyy",
        "14",
        "14:",
        "14:0",
        "14:00:",
        "14:00:5",
        "14:00:05.",
        "014:00",
        "14:00 foo",
        "14:00 UTC",
        "2026",
        "2026-11",
        "2026-1-3",
        "26-11-23",
        "20261123",
        "2026-11-23T",
        "2026-11-2314:00",
        "2026-11-23 14:00:05 XYZ",
        "2026-11-23T14:00:05+1",
        "2026-11-23T14:00:05+01:0",
        "2026-11-23T14:00:05Z9",
        "2026-11-23 Z",
        "2026-11-23 14:00 tomorrow",
        "@",
        "@ 5",
        "@-1",
        "@1.",
        "@1.5.5",
        "@5 s",
        "10",
        "10 min",
        "10 ago",
        "min ago",
        "ago",
        "-",
        "-ago",
        "--1h",
        "-1h ago",
        "-1h30",
        "+1h",
        "1e3 s ago",
        ".5 h ago",
        "10 parsecs ago",
        "10 min ago ago",
        "10 minago",
        "\xc3\xa4",
        "\xff\xfe",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(words); i++)
        fails(words[i], -EINVAL);
}

/* BYTE a million times, behind FRONT. */
static void long_gives(const char *front, char byte, int error)
{
    enum { LONG = 1000000 };
    char *words = malloc(LONG + 1);

    assert_non_null(words);
    memset(words, byte, LONG);
    words[LONG] = '\0';
    memcpy(words, front, strlen(front));
    uint64_t wall_ns;
    assert_int_equal(when_parse(words, now_ns, &wall_ns), error);
    free(words);
}

static void very_long_words(void **state)
{
    (void)state;
    long_gives("", 'x', -EINVAL);
    long_gives("", ' ', -EINVAL);
    long_gives("", '9', -EINVAL);
    long_gives("@", '9', -ERANGE);
    long_gives("now ", ' ', 0);
    long_gives("3:12:05.", '1', 0);
    long_gives("now", 'w', -EINVAL);
}

static void parts_are_read_up_to_what_they_are_not(void **state)
{
    struct when_fields fields = {0};
    const char *words = "2026-11-23 03:12:05.25 host";
    (void)state;

    const char *at = when_scan_date(words, &fields);
    assert_ptr_equal(at, words + 10);
    at = when_scan_clock(at + 1, &fields);
    assert_ptr_equal(at, words + 22);
    assert_int_equal(fields.year, 2026);
    assert_int_equal(fields.month, 11);
    assert_int_equal(fields.day, 23);
    assert_int_equal(fields.hour, 3);
    assert_int_equal(fields.minute, 12);
    assert_int_equal(fields.second, 5);
    assert_int_equal(fields.nanosecond, 250000000);

    uint64_t number = 0;
    const char *digits = "12345";
    assert_ptr_equal(when_scan_digits(digits, 1, 3, &number), digits + 3);
    assert_int_equal(number, 123);
    assert_null(when_scan_digits(digits, 6, 9, &number));
}

static void the_name_of_a_zone_tells_two_times_apart(void **state)
{
    const struct when_fields fields = {.year = 2026, .month = 10, .day = 25, .hour = 2, .minute = 30};
    uint64_t wall_ns = 0;
    (void)state;

    set_zone(BERLIN);
    assert_int_equal(when_from_local(&fields, NULL, &wall_ns), 0);
    assert_int_equal(wall_ns, UINT64_C(1792888200) * NS_PER_SECOND);
    assert_int_equal(when_from_local(&fields, "CET", &wall_ns), 0);
    assert_int_equal(wall_ns, UINT64_C(1792891800) * NS_PER_SECOND);
    assert_int_equal(when_from_local(&fields, "CEST", &wall_ns), 0);
    assert_int_equal(wall_ns, UINT64_C(1792888200) * NS_PER_SECOND);
    assert_int_equal(when_from_local(&fields, "EST", &wall_ns), -EINVAL);
}

#define test_in_utc(test) cmocka_unit_test_setup(test, in_utc)

int main(void)
{
    const struct CMUnitTest tests[] = {
        test_in_utc(words_for_now_and_days),
        test_in_utc(a_day_is_one_of_the_local_calendar),
        test_in_utc(months_and_years_begin_and_end),
        test_in_utc(a_time_of_day_is_the_last_one_that_was),
        test_in_utc(dates),
        test_in_utc(a_zone_overrules_the_local_one),
        test_in_utc(seconds_since_1970),
        test_in_utc(spans_before_now),
        test_in_utc(every_unit),
        test_in_utc(case_and_blanks_do_not_matter),
        test_in_utc(daylight_saving_skips_an_hour),
        test_in_utc(daylight_saving_repeats_an_hour),
        test_in_utc(of_an_hour_that_comes_twice_the_latest_can_be_asked_for),
        test_in_utc(days_of_23_and_25_hours),
        test_in_utc(zones_that_moved),
        test_in_utc(what_is_before_1970_or_does_not_fit),
        test_in_utc(what_no_clock_and_no_calendar_shows),
        test_in_utc(what_is_no_time),
        test_in_utc(very_long_words),
        test_in_utc(parts_are_read_up_to_what_they_are_not),
        test_in_utc(the_name_of_a_zone_tells_two_times_apart),
    };
    return cmocka_run_group_tests_name("when", tests, NULL, NULL);
}
