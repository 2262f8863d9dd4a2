#include "base/size.h"

#include "base/number.h"

#include <errno.h>
#include <math.h>
#include <string.h>

void text_size(struct text *text, double bytes)
{
    static const char units[] = "KMGTPE";
    double number = bytes / 1024;
    const char *unit = units;

    for (; number >= 999.5 && unit[1]; unit++)
        number /= 1024;
    text_decimal(text, number, number < 9.95 && number > 0 ? 1 : 0);
    text_char(text, *unit);
}

void text_size_within(struct text *text, const char *before, double bytes, const char *after)
{
    text_string(text, before);
    text_size(text, bytes);
    text_string(text, after);
}

/* Two units, the larger one first. */
static void put_units(struct text *text, uint64_t seconds, uint64_t large_seconds, const char *large,
                      uint64_t small_seconds, const char *small)
{
    uint64_t rest = seconds % large_seconds / small_seconds;

    text_unsigned(text, seconds / large_seconds);
    text_string(text, large);
    if (rest == 0)
        return;
    text_char(text, ' ');
    text_unsigned(text, rest);
    text_string(text, small);
}

void text_duration(struct text *text, double seconds)
{
    enum { MINUTE = 60, HOUR = 60 * MINUTE, DAY = 24 * HOUR };
    bool sensible = seconds >= 0 && seconds < 1e15; /* and a number at all */
    uint64_t whole = sensible ? (uint64_t)(seconds + 0.5) : 0;

    if (!sensible) {
        text_char(text, '?');
    } else if (whole < MINUTE) {
        text_decimal(text, seconds, seconds < 9.95 ? 1 : 0);
        text_string(text, " s");
    } else if (whole < HOUR) {
        put_units(text, whole, MINUTE, " min", 1, " s");
    } else if (whole < DAY) {
        put_units(text, whole, HOUR, " h", MINUTE, " min");
    } else {
        put_units(text, whole, DAY, " d", HOUR, " h");
    }
}

int size_parse(const char *word, uint64_t *bytes)
{
    static const char units[] = "KMGT";
    char digits[32];
    size_t length = strlen(word);
    const char *unit = length > 0 ? strchr(units, word[length - 1]) : NULL;
    uint64_t number;

    if (length == 0 || length >= sizeof(digits))
        return -EINVAL;
    memcpy(digits, word, length);
    digits[unit ? length - 1 : length] = '\0';
    int error = number_parse_unsigned(digits, &number);
    if (error < 0)
        return error;
    unsigned shift = unit ? 10 * (unsigned)(unit - units + 1) : 0;
    if (number > UINT64_MAX >> shift)
        return -ERANGE;
    *bytes = number << shift;
    return 0;
}

int duration_parse(const char *word, double least, double most, double *seconds)
{
    static const char units[] = "smhd";
    static const double worth[] = {1, 60, 3600, 86400};
    char digits[32];
    size_t length = strlen(word);
    const char *unit = length > 0 ? strchr(units, word[length - 1]) : NULL;

    if (length == 0 || length >= sizeof(digits))
        return -EINVAL;
    memcpy(digits, word, length);
    digits[unit ? length - 1 : length] = '\0';
    int error = number_parse_decimal(digits, seconds);
    if (error < 0)
        return error;
    *seconds *= worth[unit ? unit - units : 0];
    return *seconds >= least && *seconds <= most ? 0 : -ERANGE;
}
