#include "base/clock.h"

static uint64_t read_ns(clockid_t clock)
{
    struct timespec now;
    clock_gettime(clock, &now);
    return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
    return read_ns(CLOCK_MONOTONIC);
}

uint64_t clock_wall_ns(void)
{
    return read_ns(CLOCK_REALTIME);
}

uint64_t clock_slept_ns(void)
{
    uint64_t monotonic_ns = read_ns(CLOCK_MONOTONIC);
    uint64_t boot_ns = read_ns(CLOCK_BOOTTIME);
    return boot_ns - monotonic_ns < NS_PER_SECOND ? 0 : boot_ns - monotonic_ns;
}

static void put_padded(struct text *text, int number, int digits)
{
    for (int place = digits, power = 1; place > 1; place--) {
        power *= 10;
        if (number < power)
            text_char(text, '0');
    }
    text_unsigned(text, (uint64_t)number);
}

static void put_time_of_day(struct text *text, const struct tm *when)
{
    put_padded(text, when->tm_hour, 2);
    text_char(text, ':');
    put_padded(text, when->tm_min, 2);
    text_char(text, ':');
    put_padded(text, when->tm_sec, 2);
}

static void put_date_time(struct text *text, const struct tm *when, char between)
{
    put_padded(text, when->tm_year + 1900, 4);
    text_char(text, '-');
    put_padded(text, when->tm_mon + 1, 2);
    text_char(text, '-');
    put_padded(text, when->tm_mday, 2);
    text_char(text, between);
    put_time_of_day(text, when);
}

void clock_put_iso(struct text *text, uint64_t wall_ns)
{
    time_t seconds = (time_t)(wall_ns / NS_PER_SECOND);
    struct tm when;

    gmtime_r(&seconds, &when);
    put_date_time(text, &when, 'T');
    text_char(text, '.');
    put_padded(text, (int)(wall_ns % NS_PER_SECOND / 1000000), 3);
    text_char(text, 'Z');
}

void clock_put_local(struct text *text, uint64_t wall_ns)
{
    time_t seconds = (time_t)(wall_ns / NS_PER_SECOND);
    struct tm when;

    localtime_r(&seconds, &when);
    put_date_time(text, &when, ' ');
}

void clock_put_time_of_day(struct text *text, uint64_t wall_ns)
{
    time_t seconds = (time_t)(wall_ns / NS_PER_SECOND);
    struct tm when;

    localtime_r(&seconds, &when);
    put_time_of_day(text, &when);
}

const char *clock_zone(void)
{
    static char zone[20]; /* as wide as a time; vmstat(8) cuts it there, too */
    time_t now = time(NULL);
    struct tm when;

    localtime_r(&now, &when);
    struct text name = text_over(zone, sizeof(zone) - 1);
    text_printable(&name, when.tm_zone);
    zone[name.length] = '\0';
    return zone;
}
