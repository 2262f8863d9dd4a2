/* Points in time as people and logs write them. */
#pragma once

#include <stdint.h>

/*
 * Reads WORDS as a time before or after NOW_NS (CLOCK_REALTIME), in the local time zone where it names none:
 *
 *     now, today, yesterday, tomorrow     the last three: midnight
 *     yesterday 14:00, today 3:12:05      that time of that day
 *     03:12, 3:12:05.5                    of today, or of yesterday where that has not been yet
 *     2026-11-23, 2026-11-23 14:00:05.25  midnight, or that time; the seconds may be left out
 *     2026-11-23T14:00:05Z                "UTC", "+01", "+0100" or "+01:00" in place of the Z
 *     @1764000000, @1764000000.5          seconds since 1970
 *     10 min ago, 1h30m ago, 1.5 hours ago
 *     -10min, -1h 30m                     the same
 *
 * Units are s, sec, second, m, min, minute, h, hour, d, day, w, week, and the plurals of words. A day is 24
 * hours there. Case and blanks between words do not matter; what is finer than a nanosecond is cut.
 *
 * Sets *WALL_NS and returns 0; -EINVAL where it is none of these; -ERANGE where it is before 1970 or does not
 * fit. Of a local time that daylight saving repeats it is the first; one that it skips is taken by the clock
 * as it was before, so that 02:30 is 03:30.
 */
int when_parse(const char *words, uint64_t now_ns, uint64_t *wall_ns);

/* The same, but of a local time that daylight saving repeats it is the second. */
int when_parse_latest(const char *words, uint64_t now_ns, uint64_t *wall_ns);

/* What a calendar and a clock show. */
struct when_fields {
    int year;
    int month; /* from 1 */
    int day;
    int hour;
    int minute;
    int second;
    uint32_t nanosecond;
};

/*
 * These read what AT, which is terminated, begins with, and return the place behind it, or NULL. Whether
 * there is such a day or minute is not looked at before the fields are made a time.
 */

/* LEAST to MOST (18) digits. */
const char *when_scan_digits(const char *at, unsigned least, unsigned most, uint64_t *number);

/* "2026-11-23" */
const char *when_scan_date(const char *at, struct when_fields *fields);

/* "3:12", "03:12:05", "03:12:05.25", "03:12:05,25" */
const char *when_scan_clock(const char *at, struct when_fields *fields);

/* "Z", "UTC", "+01", "+0100", "+01:00": seconds east of Greenwich. */
const char *when_scan_zone(const char *at, int *east);

/* The time that FIELDS are EAST seconds east of Greenwich. 0; -EINVAL where there is no such date or time of
 * day; -ERANGE as above. */
int when_from_zone(const struct when_fields *fields, int east, uint64_t *wall_ns);

/* The time that FIELDS are here, as told above. Where ZONE is not NULL, -EINVAL unless the local zone has
 * that name then: "CEST". */
int when_from_local(const struct when_fields *fields, const char *zone, uint64_t *wall_ns);
