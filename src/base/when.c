#include "base/when.h"

#include "base/clock.h"

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

enum {
    SECONDS_PER_MINUTE = 60,
    SECONDS_PER_HOUR = 60 * SECONDS_PER_MINUTE,
    SECONDS_PER_DAY = 24 * SECONDS_PER_HOUR,
};

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Of ASCII letters only, whatever the locale. */
static char to_lower(char byte)
{
    if (byte >= 'A' && byte <= 'Z')
        return (char)(byte - 'A' + 'a');
    return byte;
}

static bool is_letter(char byte)
{
    return to_lower(byte) >= 'a' && to_lower(byte) <= 'z';
}

static const char *skip_blanks(const char *at)
{
    return at + strspn(at, " \t\n");
}

static bool is_end(const char *at)
{
    return *skip_blanks(at) == '\0';
}

/* A word of letters, in lower case. One that is too long to be any that is known is cut, and still none. */
struct word {
    char letters[12];
};

static const char *scan_word(const char *at, struct word *word)
{
    size_t length = 0;

    for (; is_letter(*at); at++) {
        if (length < sizeof(word->letters) - 1)
            word->letters[length++] = to_lower(*at);
    }
    word->letters[length] = '\0';
    return at;
}

static bool word_is(const struct word *word, const char *name)
{
    return strcmp(word->letters, name) == 0;
}

const char *when_scan_digits(const char *at, unsigned least, unsigned most, uint64_t *number)
{
    uint64_t sum = 0;
    unsigned count = 0;

    for (; count < most && is_digit(*at); at++, count++)
        sum = sum * 10 + (uint64_t)(*at - '0');
    *number = sum;
    return count < least ? NULL : at;
}

/* LEAST to MOST digits behind the byte BEFORE, or behind none where that is zero. AT may be NULL. */
static const char *scan_part(const char *at, char before, unsigned least, unsigned most, int *part)
{
    uint64_t number;

    if (!at || (before && *at++ != before))
        return NULL;
    at = when_scan_digits(at, least, most, &number);
    *part = (int)number;
    return at;
}

/* The digits behind a point, as billionths. */
static const char *scan_fraction(const char *at, uint32_t *billionths)
{
    uint32_t place = 100000000;

    *billionths = 0;
    for (; is_digit(*at); at++, place /= 10)
        *billionths += place * (uint32_t)(*at - '0');
    return at;
}

const char *when_scan_date(const char *at, struct when_fields *fields)
{
    at = scan_part(at, '\0', 4, 4, &fields->year);
    at = scan_part(at, '-', 2, 2, &fields->month);
    return scan_part(at, '-', 2, 2, &fields->day);
}

const char *when_scan_clock(const char *at, struct when_fields *fields)
{
    fields->second = 0;
    fields->nanosecond = 0;
    at = scan_part(at, '\0', 1, 2, &fields->hour);
    at = scan_part(at, ':', 2, 2, &fields->minute);
    if (!at || *at != ':')
        return at;
    at = scan_part(at, ':', 2, 2, &fields->second);
    if (!at || (*at != '.' && *at != ',') || !is_digit(at[1]))
        return at;
    return scan_fraction(at + 1, &fields->nanosecond);
}

const char *when_scan_zone(const char *at, int *east)
{
    struct word word;
    int hours;
    int minutes = 0;

    *east = 0;
    if (is_letter(*at)) {
        at = scan_word(at, &word);
        return word_is(&word, "z") || word_is(&word, "utc") ? at : NULL;
    }
    if (*at != '+' && *at != '-')
        return NULL;
    char sign = *at++;
    at = scan_part(at, '\0', 2, 2, &hours);
    if (at && (*at == ':' || is_digit(*at)))
        at = scan_part(at, *at == ':' ? ':' : '\0', 2, 2, &minutes);
    if (!at || hours >= 24 || minutes >= 60)
        return NULL;
    *east = (hours * SECONDS_PER_HOUR + minutes * SECONDS_PER_MINUTE) * (sign == '-' ? -1 : 1);
    return at;
}

static int to_wall(time_t seconds, uint32_t nanosecond, uint64_t *wall_ns)
{
    uint64_t ns;

    if (seconds < 0 || __builtin_mul_overflow((uint64_t)seconds, NS_PER_SECOND, &ns) ||
        __builtin_add_overflow(ns, nanosecond, &ns))
        return -ERANGE;
    *wall_ns = ns;
    return 0;
}

/* The seconds since 1970 if FIELDS were UTC. False where no calendar and no clock shows such fields. */
static bool seconds_as_utc(const struct when_fields *fields, time_t *seconds)
{
    const struct tm shown = {
        .tm_year = fields->year - 1900,
        .tm_mon = fields->month - 1,
        .tm_mday = fields->day,
        .tm_hour = fields->hour,
        .tm_min = fields->minute,
        .tm_sec = fields->second,
    };
    struct tm proper = shown;

    /* It carries what is too much over to the next field. */
    *seconds = timegm(&proper);
    return proper.tm_mon == shown.tm_mon && proper.tm_mday == shown.tm_mday &&
           proper.tm_hour == shown.tm_hour && proper.tm_min == shown.tm_min && proper.tm_sec == shown.tm_sec;
}

int when_from_zone(const struct when_fields *fields, int east, uint64_t *wall_ns)
{
    time_t seconds;

    if (!seconds_as_utc(fields, &seconds))
        return -EINVAL;
    return to_wall(seconds - east, fields->nanosecond, wall_ns);
}

static time_t local_offset(time_t seconds)
{
    struct tm local = {0};

    localtime_r(&seconds, &local);
    return local.tm_gmtoff;
}

static bool local_zone_is(time_t seconds, const char *zone)
{
    struct tm local = {0};

    return localtime_r(&seconds, &local) && strcmp(local.tm_zone, zone) == 0;
}

/*
 * Not with mktime(): of a time that comes twice, glibc's takes the one that is nearer to what it was asked
 * before. A day to either side, the offsets before and after any change are in force.
 */
static int from_local(const struct when_fields *fields, const char *zone, bool latest, uint64_t *wall_ns)
{
    time_t shown;

    if (!seconds_as_utc(fields, &shown))
        return -EINVAL;
    const time_t offsets[] = {local_offset(shown - SECONDS_PER_DAY), local_offset(shown + SECONDS_PER_DAY)};

    for (int i = 0; i < 2; i++) {
        time_t offset = offsets[latest ? 1 - i : i];
        time_t seconds = shown - offset;
        if (local_offset(seconds) == offset && (!zone || local_zone_is(seconds, zone)))
            return to_wall(seconds, fields->nanosecond, wall_ns);
    }
    return zone ? -EINVAL : to_wall(shown - offsets[0], fields->nanosecond, wall_ns);
}

int when_from_local(const struct when_fields *fields, const char *zone, uint64_t *wall_ns)
{
    return from_local(fields, zone, false, wall_ns);
}

/* Nanoseconds that do not fit are UINT64_MAX from here on, so that what follows them is still looked at. */
static uint64_t times(uint64_t a, uint64_t b)
{
    uint64_t product;
    return __builtin_mul_overflow(a, b, &product) ? UINT64_MAX : product;
}

static uint64_t plus(uint64_t a, uint64_t b)
{
    uint64_t sum;
    return __builtin_add_overflow(a, b, &sum) ? UINT64_MAX : sum;
}

/* "90", "1.5": in billionths. NULL where no digit is there. */
static const char *scan_decimal(const char *at, uint64_t *billionths)
{
    uint64_t whole = 0;
    uint32_t fraction = 0;

    if (!is_digit(*at))
        return NULL;
    for (; is_digit(*at); at++)
        whole = plus(times(whole, 10), (uint64_t)(*at - '0'));
    if (*at == '.' && is_digit(at[1]))
        at = scan_fraction(at + 1, &fraction);
    *billionths = plus(times(whole, NS_PER_SECOND), fraction);
    return at;
}

/* 0 where WORD is no unit of time. */
static uint32_t unit_seconds(const struct word *word)
{
    static const struct {
        const char *name;
        uint32_t seconds;
    } units[] = {
        {"s", 1},
        {"sec", 1},
        {"secs", 1},
        {"second", 1},
        {"seconds", 1},
        {"m", SECONDS_PER_MINUTE},
        {"min", SECONDS_PER_MINUTE},
        {"mins", SECONDS_PER_MINUTE},
        {"minute", SECONDS_PER_MINUTE},
        {"minutes", SECONDS_PER_MINUTE},
        {"h", SECONDS_PER_HOUR},
        {"hour", SECONDS_PER_HOUR},
        {"hours", SECONDS_PER_HOUR},
        {"d", SECONDS_PER_DAY},
        {"day", SECONDS_PER_DAY},
        {"days", SECONDS_PER_DAY},
        {"w", 7 * SECONDS_PER_DAY},
        {"week", 7 * SECONDS_PER_DAY},
        {"weeks", 7 * SECONDS_PER_DAY},
    };

    for (size_t i = 0; i < sizeof(units) / sizeof(*units); i++) {
        if (word_is(word, units[i].name))
            return units[i].seconds;
    }
    return 0;
}

/* "1h 30 min": at least one number with its unit. */
static const char *scan_span(const char *at, uint64_t *span_ns)
{
    struct word unit;
    uint64_t number;

    *span_ns = 0;
    do {
        at = scan_decimal(skip_blanks(at), &number);
        if (!at)
            return NULL;
        at = scan_word(skip_blanks(at), &unit);
        if (unit_seconds(&unit) == 0)
            return NULL;
        *span_ns = plus(*span_ns, times(number, unit_seconds(&unit)));
        at = skip_blanks(at);
    } while (is_digit(*at));
    return at;
}

/* The fields of the midnight DAYS after today. */
static struct when_fields midnight(uint64_t now_ns, int days)
{
    time_t now = (time_t)(now_ns / NS_PER_SECOND);
    struct tm day = {0};

    localtime_r(&now, &day);
    day.tm_mday += days;
    timegm(&day); /* the month may be over */
    return (struct when_fields){.year = day.tm_year + 1900, .month = day.tm_mon + 1, .day = day.tm_mday};
}

/* The forms of times: each says -EINVAL where WORDS, which begin with no blank, have another one. */

struct asked {
    uint64_t now_ns;
    bool latest; /* of a local time that comes twice, the second one is meant */
};

static int parse_now(const char *words, const struct asked *asked, uint64_t *wall_ns)
{
    struct word word;
    const char *at = scan_word(words, &word);

    if (!word_is(&word, "now") || !is_end(at))
        return -EINVAL;
    *wall_ns = asked->now_ns;
    return 0;
}

static int parse_day(const char *words, const struct asked *asked, uint64_t *wall_ns)
{
    static const struct {
        const char *name;
        int days;
    } names[] = {{"yesterday", -1}, {"today", 0}, {"tomorrow", 1}};
    struct word word;
    const char *at = skip_blanks(scan_word(words, &word));

    for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
        if (!word_is(&word, names[i].name))
            continue;
        struct when_fields fields = midnight(asked->now_ns, names[i].days);
        if (*at)
            at = when_scan_clock(at, &fields);
        return at && is_end(at) ? from_local(&fields, NULL, asked->latest, wall_ns) : -EINVAL;
    }
    return -EINVAL;
}

static int parse_clock(const char *words, const struct asked *asked, uint64_t *wall_ns)
{
    int error = -EINVAL;

    for (int days = 0; days >= -1; days--) {
        struct when_fields fields = midnight(asked->now_ns, days);
        const char *at = when_scan_clock(words, &fields);
        if (!at || !is_end(at))
            return -EINVAL;
        error = from_local(&fields, NULL, asked->latest, wall_ns);
        if (error == 0 && *wall_ns > asked->now_ns)
            error = from_local(&fields, NULL, false, wall_ns);
        if (error < 0 || *wall_ns <= asked->now_ns)
            break;
    }
    return error;
}

static int parse_date(const char *words, const struct asked *asked, uint64_t *wall_ns)
{
    struct when_fields fields = {0};
    int east;
    const char *at = when_scan_date(words, &fields);
    (void)asked;

    if (!at)
        return -EINVAL;
    if (is_end(at))
        return from_local(&fields, NULL, asked->latest, wall_ns);
    if (to_lower(*at) != 't' && skip_blanks(at) == at)
        return -EINVAL;
    at = when_scan_clock(to_lower(*at) == 't' ? at + 1 : skip_blanks(at), &fields);
    if (!at)
        return -EINVAL;
    if (is_end(at))
        return from_local(&fields, NULL, asked->latest, wall_ns);
    at = when_scan_zone(skip_blanks(at), &east);
    return at && is_end(at) ? when_from_zone(&fields, east, wall_ns) : -EINVAL;
}

static int parse_seconds(const char *words, const struct asked *asked, uint64_t *wall_ns)
{
    const char *at = *words == '@' ? scan_decimal(words + 1, wall_ns) : NULL;
    (void)asked;

    if (!at || !is_end(at))
        return -EINVAL;
    return *wall_ns == UINT64_MAX ? -ERANGE : 0;
}

static int parse_ago(const char *words, const struct asked *asked, uint64_t *wall_ns)
{
    bool minus = *words == '-';
    struct word word;
    uint64_t span_ns;
    const char *at = scan_span(minus ? words + 1 : words, &span_ns);

    if (at && !minus) {
        at = scan_word(at, &word);
        if (!word_is(&word, "ago"))
            return -EINVAL;
    }
    if (!at || !is_end(at))
        return -EINVAL;
    if (span_ns > asked->now_ns)
        return -ERANGE;
    *wall_ns = asked->now_ns - span_ns;
    return 0;
}

static int parse(const char *words, const struct asked *asked, uint64_t *wall_ns)
{
    static int (*const forms[])(const char *, const struct asked *, uint64_t *) = {
        parse_now, parse_day, parse_clock, parse_date, parse_seconds, parse_ago,
    };
    int error = -EINVAL;
    uint64_t parsed = 0;

    words = skip_blanks(words);
    for (size_t i = 0; i < sizeof(forms) / sizeof(*forms) && error == -EINVAL; i++)
        error = forms[i](words, asked, &parsed);
    if (error == 0)
        *wall_ns = parsed;
    return error;
}

int when_parse(const char *words, uint64_t now_ns, uint64_t *wall_ns)
{
    return parse(words, &(const struct asked){now_ns, false}, wall_ns);
}

int when_parse_latest(const char *words, uint64_t now_ns, uint64_t *wall_ns)
{
    return parse(words, &(const struct asked){now_ns, true}, wall_ns);
}
