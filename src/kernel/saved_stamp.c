#include "kernel/saved_stamp.h"

#include "base/clock.h"
#include "base/when.h"

#include <string.h>
#include <time.h>

enum {
    US_DIGITS = 6,
    DAY_SECONDS = 24 * 60 * 60,
};

#define US_PER_SECOND UINT64_C(1000000)

static bool begins_with(const char *string, const char *start)
{
    return strncmp(string, start, strlen(start)) == 0;
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " ");
}

/* AT if the byte there is BYTE. */
static const char *expect(const char *at, char byte)
{
    return at && *at == byte ? at : NULL;
}

static const char *skip(const char *at, char byte)
{
    return expect(at, byte) ? at + 1 : NULL;
}

/* A table's row that AT begins with: its number from 1, or 0. */
static int which(const char *at, const char *const *names, int count)
{
    for (int i = 0; i < count; i++) {
        if (begins_with(at, names[i]))
            return i + 1;
    }
    return 0;
}

/* "<6>": a facility and a level. */
static const char *skip_priority(const char *at, bool *kernels)
{
    uint64_t priority;

    if (*at != '<')
        return at;
    const char *end = skip(when_scan_digits(at + 1, 1, 4, &priority), '>');
    if (!end)
        return at;
    *kernels = priority >> 3 == 0;
    return end;
}

/* "err   : ": the place behind it, or NULL; the word is filled up to six bytes. */
static const char *skip_decoded(const char *at, const char *const *names, int count, int *found)
{
    enum { WIDTH = 6 };

    *found = which(at, names, count);
    if (*found == 0)
        return NULL;
    size_t length = strlen(names[*found - 1]);
    for (at += length; length < WIDTH; length++, at++) {
        if (*at != ' ')
            return NULL;
    }
    return skip(at, ':');
}

/* "kern  :err   : ": the same in words. */
static const char *skip_decoded_priority(const char *at, bool *kernels)
{
    static const char *const facilities[] = {
        "kern",   "user",   "mail",   "daemon", "authpriv", "auth",   "syslog", "lpr",
        "news",   "uucp",   "cron",   "ftp",    "res0",     "res1",   "res2",   "res3",
        "local0", "local1", "local2", "local3", "local4",   "local5", "local6", "local7",
    };
    static const char *const levels[] = {"emerg", "alert", "crit", "err", "warn", "notice", "info", "debug"};
    int facility;
    int level;
    const char *end =
        skip_decoded(at, facilities, (int)(sizeof(facilities) / sizeof(*facilities)), &facility);

    end = end ? skip(skip_decoded(end, levels, (int)(sizeof(levels) / sizeof(*levels)), &level), ' ') : NULL;
    if (!end)
        return at;
    *kernels = facility == 1;
    return end;
}

const char *saved_stamp_skip_priority(const char *at, bool *kernels)
{
    return skip_decoded_priority(skip_priority(at, kernels), kernels);
}

/* Each of the functions read_* reads a time that AT begins with into LINE, and returns the place behind it,
 * or NULL where there is none. */

static void set_local(struct saved_line *line, const struct when_fields *fields, const char *zone)
{
    line->has_wall = when_from_local(fields, zone, &line->wall_ns) == 0;
}

static const char *scan_weekday(const char *at)
{
    static const char *const names[] = {"Mon ", "Tue ", "Wed ", "Thu ", "Fri ", "Sat ", "Sun "};

    return which(at, names, 7) ? at + 4 : NULL;
}

/* "Nov 23", "Nov  3", "Nov23" */
static const char *scan_month_and_day(const char *at, struct when_fields *fields)
{
    static const char *const names[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    uint64_t day;

    fields->month = which(at, names, 12);
    if (fields->month == 0)
        return NULL;
    at = when_scan_digits(skip_blanks(at + 3), 1, 2, &day);
    fields->day = (int)day;
    return at;
}

/* "   98.765432" */
static const char *scan_microseconds(const char *at, uint64_t *us)
{
    uint64_t seconds;
    uint64_t fraction;

    at = skip(when_scan_digits(skip_blanks(at), 1, 12, &seconds), '.');
    at = at ? when_scan_digits(at, US_DIGITS, US_DIGITS, &fraction) : NULL;
    if (at)
        *us = seconds * US_PER_SECOND + fraction;
    return at;
}

/* The end of a time in brackets. Before it, dmesg -d says how much later this is than the line before. */
static const char *scan_bracket(const char *at)
{
    if (!at)
        return NULL;
    if (begins_with(at, " <"))
        at = skip(at + 2 + strspn(at + 2, " .-0123456789"), '>');
    return skip(at, ']');
}

/* "[   98.765432]" */
static const char *read_monotonic(const char *at, uint64_t now_ns, struct saved_line *line)
{
    uint64_t us = 0;
    (void)now_ns;

    at = skip(at, '[');
    at = at ? scan_bracket(scan_microseconds(at, &us)) : NULL;
    if (at) {
        line->has_monotonic = true;
        line->monotonic_us = us;
    }
    return at;
}

/* "[Mon Nov 23 14:21:30 2026]" */
static const char *read_ctime(const char *at, uint64_t now_ns, struct saved_line *line)
{
    struct when_fields fields = {0};
    uint64_t year = 0;
    (void)now_ns;

    at = skip(at, '[');
    at = at ? scan_weekday(at) : NULL;
    at = at ? skip(scan_month_and_day(at, &fields), ' ') : NULL;
    at = at ? skip(when_scan_clock(at, &fields), ' ') : NULL;
    at = at ? scan_bracket(when_scan_digits(at, 4, 4, &year)) : NULL;
    if (at) {
        fields.year = (int)year;
        set_local(line, &fields, NULL);
    }
    return at;
}

/* "[  +0.000123]", "[<    0.000123>]": since the line before, of which nobody knows how many are missing. */
static const char *read_relative(const char *at, uint64_t now_ns, struct saved_line *line)
{
    (void)now_ns;
    (void)line;
    at = skip(at, '[');
    if (!at)
        return NULL;
    at = skip_blanks(at);
    if (*at != '+' && *at != '<')
        return NULL;
    size_t length = strspn(at + 1, " .-0123456789>");
    return length > 0 ? skip(at + 1 + length, ']') : NULL;
}

/* "[Nov23 14:21]", which is cut to the minute. */
static const char *read_minute(const char *at, uint64_t now_ns, struct saved_line *line)
{
    struct when_fields fields;
    (void)now_ns;
    (void)line;

    at = skip(at, '[');
    at = at ? skip(scan_month_and_day(at, &fields), ' ') : NULL;
    return at ? skip(when_scan_clock(at, &fields), ']') : NULL;
}

/* "2026-11-23T14:21:30.123456+00:00". Without a zone, the local one. */
static const char *read_iso(const char *at, uint64_t now_ns, struct saved_line *line)
{
    struct when_fields fields = {0};
    int east;
    (void)now_ns;

    at = skip(when_scan_date(at, &fields), 'T');
    at = at ? when_scan_clock(at, &fields) : NULL;
    if (!at)
        return NULL;
    const char *zone_end = when_scan_zone(at, &east);
    at = expect(zone_end ? zone_end : at, ' ');
    if (at && zone_end)
        line->has_wall = when_from_zone(&fields, east, &line->wall_ns) == 0;
    else if (at)
        set_local(line, &fields, NULL);
    return at;
}

/* "2026-11-23T14:21:30,123456+00:00": it is dmesg that has a comma there. */
static const char *read_dmesg_iso(const char *at, uint64_t now_ns, struct saved_line *line)
{
    const char *end = read_iso(at, now_ns, line);

    return end && memchr(at, ',', (size_t)(end - at)) ? end : NULL;
}

/* Sets the time by a zone's name. What is neither UTC nor the local zone's name then is unknown. */
static void set_wall_in_zone(struct saved_line *line, const struct when_fields *fields, const char *zone,
                             size_t length)
{
    char name[16];
    int east;

    if (length >= sizeof(name))
        return;
    memcpy(name, zone, length);
    name[length] = '\0';
    if (expect(when_scan_zone(name, &east), '\0'))
        line->has_wall = when_from_zone(fields, east, &line->wall_ns) == 0;
    else
        set_local(line, fields, name);
}

/* "Mon 2026-11-23 14:21:30 UTC" */
static const char *read_full(const char *at, uint64_t now_ns, struct saved_line *line)
{
    struct when_fields fields = {0};
    (void)now_ns;

    at = scan_weekday(at);
    at = at ? skip(when_scan_date(at, &fields), ' ') : NULL;
    at = at ? skip(when_scan_clock(at, &fields), ' ') : NULL;
    if (!at)
        return NULL;
    size_t zone_length = strcspn(at, " ");
    set_wall_in_zone(line, &fields, at, zone_length);
    return at + zone_length;
}

/* The latest year in which FIELDS, that have none, are not more than a day after NOW_NS. */
static void set_wall_without_year(struct saved_line *line, struct when_fields *fields, uint64_t now_ns)
{
    enum { YEARS = 9 }; /* February 29 may be eight years away: 2096, 2104 */
    time_t seconds = (time_t)(now_ns / NS_PER_SECOND);
    struct tm now = {0};

    gmtime_r(&seconds, &now);
    for (int back = -1; back < YEARS; back++) {
        fields->year = now.tm_year + 1900 - back;
        set_local(line, fields, NULL);
        line->has_wall &= line->wall_ns / NS_PER_SECOND <= now_ns / NS_PER_SECOND + DAY_SECONDS;
        if (line->has_wall)
            break;
    }
}

/* "Nov 23 14:21:30.123456" */
static const char *read_dateless(const char *at, uint64_t now_ns, struct saved_line *line)
{
    struct when_fields fields = {0};

    at = skip(scan_month_and_day(at, &fields), ' ');
    at = at ? expect(when_scan_clock(at, &fields), ' ') : NULL;
    if (at)
        set_wall_without_year(line, &fields, now_ns);
    return at;
}

/* "1764000000.123456" */
static const char *read_unix(const char *at, uint64_t now_ns, struct saved_line *line)
{
    enum { LEAST_SECONDS = 100000000 }; /* of 1973: a smaller number is something else */
    uint64_t us = 0;
    (void)now_ns;

    if (*at == ' ')
        return NULL;
    at = expect(scan_microseconds(at, &us), ' ');
    if (!at || us < LEAST_SECONDS * US_PER_SECOND)
        return NULL;
    line->has_wall = us <= UINT64_MAX / 1000;
    line->wall_ns = line->has_wall ? us * 1000 : 0;
    return at;
}

static const struct stamp {
    const char *(*read)(const char *at, uint64_t now_ns, struct saved_line *line);
    enum saved_header header;
} stamps[] = {
    {read_monotonic, SAVED_HEADER_MAYBE}, {read_ctime, SAVED_HEADER_NEVER},
    {read_relative, SAVED_HEADER_NEVER},  {read_minute, SAVED_HEADER_NEVER},
    {read_dmesg_iso, SAVED_HEADER_NEVER}, {read_iso, SAVED_HEADER_ALWAYS},
    {read_full, SAVED_HEADER_ALWAYS},     {read_dateless, SAVED_HEADER_ALWAYS},
    {read_unix, SAVED_HEADER_ALWAYS},
};

static const char *skip_one_blank(const char *at)
{
    return at + (*at == ' ');
}

enum saved_header saved_stamp_take_time(const char **at, uint64_t now_ns, struct saved_line *line)
{
    for (size_t i = 0; i < sizeof(stamps) / sizeof(*stamps); i++) {
        const char *end = stamps[i].read(*at, now_ns, line);
        if (!end)
            continue;
        *at = skip_one_blank(end);
        return stamps[i].header;
    }
    return SAVED_HEADER_NEVER;
}

bool saved_stamp_take_monotonic(const char **at, struct saved_line *line)
{
    const char *end = read_monotonic(*at, 0, line);

    if (end)
        *at = skip_one_blank(end);
    return end;
}

bool saved_stamp_find_monotonic(const char **at, struct saved_line *line)
{
    for (const char *found = strstr(*at, " ["); found; found = strstr(found + 1, " [")) {
        const char *stamp = found + 1;
        if (!saved_stamp_take_monotonic(&stamp, line))
            continue;
        *at = stamp;
        return true;
    }
    return false;
}
