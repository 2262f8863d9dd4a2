#include "base/clock.h"
#include "support.h"

#include <stdlib.h>
#include <unistd.h>

static void iso_is(uint64_t wall_ns, const char *expected)
{
    TEXT(text, 64);
    clock_put_iso(&text, wall_ns);
    assert_text(&text, expected);
}

static void local_is(uint64_t seconds, const char *expected)
{
    TEXT(text, 64);
    clock_put_local(&text, seconds * NS_PER_SECOND);
    assert_text(&text, expected);
}

static void iso_time_is_utc_whatever_the_zone(void **state)
{
    (void)state;
    set_zone("XYZ-7");
    iso_is(0, "1970-01-01T00:00:00.000Z");
    iso_is(UINT64_C(1795410001) * NS_PER_SECOND, "2026-11-23T05:00:01.000Z");
}

static void iso_time_is_cut_to_milliseconds_not_rounded(void **state)
{
    (void)state;
    iso_is(7000000, "1970-01-01T00:00:00.007Z");
    iso_is(7999999, "1970-01-01T00:00:00.007Z");
    iso_is(1999999999, "1970-01-01T00:00:01.999Z");
}

static void leap_years(void **state)
{
    (void)state;
    iso_is(UINT64_C(951782399) * NS_PER_SECOND, "2000-02-28T23:59:59.000Z");
    iso_is(UINT64_C(951782400) * NS_PER_SECOND, "2000-02-29T00:00:00.000Z");
    iso_is(UINT64_C(1709208000) * NS_PER_SECOND, "2024-02-29T12:00:00.000Z");
    iso_is(UINT64_C(1740787200) * NS_PER_SECOND, "2025-03-01T00:00:00.000Z");
    iso_is(UINT64_C(1735689599) * NS_PER_SECOND, "2024-12-31T23:59:59.000Z");
    iso_is(UINT64_C(4107542399) * NS_PER_SECOND, "2100-02-28T23:59:59.000Z"); /* 2100 has no 29th */
    iso_is(UINT64_C(4107542400) * NS_PER_SECOND, "2100-03-01T00:00:00.000Z");
}

static void local_time_follows_the_zone_and_its_summer_time(void **state)
{
    (void)state;
    set_zone("CET-1CEST,M3.5.0,M10.5.0/3"); /* Berlin's rule, which needs no files */
    local_is(1767268800, "2026-01-01 13:00:00");
    local_is(1782907200, "2026-07-01 14:00:00");
    local_is(1774745999, "2026-03-29 01:59:59");
    local_is(1774746000, "2026-03-29 03:00:00");
}

static void local_time_in_named_zones(void **state)
{
    (void)state;
    if (access("/usr/share/zoneinfo/Europe/Berlin", R_OK) < 0)
        skip();
    set_zone("Europe/Berlin");
    local_is(1767268800, "2026-01-01 13:00:00");
    local_is(1782907200, "2026-07-01 14:00:00");
    set_zone("Asia/Kolkata");
    local_is(1767268800, "2026-01-01 17:30:00");
    set_zone("America/St_Johns");
    local_is(1767268800, "2026-01-01 08:30:00");
    set_zone("Pacific/Auckland");
    local_is(1767268800, "2026-01-02 01:00:00");
}

static void the_zone_has_a_name(void **state)
{
    (void)state;
    set_zone("UTC0");
    assert_string_equal(clock_zone(), "UTC");
    set_zone("XYZ-3");
    assert_string_equal(clock_zone(), "XYZ");
    set_zone("<+0330>-3:30");
    assert_string_equal(clock_zone(), "+0330");
}

static void the_clocks_are_the_kernels(void **state)
{
    struct timespec before, after;
    (void)state;

    clock_gettime(CLOCK_MONOTONIC, &before);
    uint64_t now = clock_monotonic_ns();
    clock_gettime(CLOCK_MONOTONIC, &after);
    assert_true(now >= (uint64_t)before.tv_sec * NS_PER_SECOND + (uint64_t)before.tv_nsec);
    assert_true(now <= (uint64_t)after.tv_sec * NS_PER_SECOND + (uint64_t)after.tv_nsec);

    clock_gettime(CLOCK_REALTIME, &before);
    now = clock_wall_ns();
    clock_gettime(CLOCK_REALTIME, &after);
    assert_true(now >= (uint64_t)before.tv_sec * NS_PER_SECOND + (uint64_t)before.tv_nsec);
    assert_true(now <= (uint64_t)after.tv_sec * NS_PER_SECOND + (uint64_t)after.tv_nsec);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(iso_time_is_utc_whatever_the_zone),
        cmocka_unit_test(iso_time_is_cut_to_milliseconds_not_rounded),
        cmocka_unit_test(leap_years),
        cmocka_unit_test(local_time_follows_the_zone_and_its_summer_time),
        cmocka_unit_test(local_time_in_named_zones),
        cmocka_unit_test(the_zone_has_a_name),
        cmocka_unit_test(the_clocks_are_the_kernels),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
