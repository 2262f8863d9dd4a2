#include "base/number.h"

#include <errno.h>
#include <stdbool.h>

static bool is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

int number_parse_unsigned(const char *word, uint64_t *number)
{
    uint64_t sum = 0;

    if (!is_digit(*word))
        return -EINVAL;
    for (; is_digit(*word); word++) {
        if (__builtin_mul_overflow(sum, 10, &sum) || __builtin_add_overflow(sum, *word - '0', &sum))
            return -ERANGE;
    }
    if (*word != '\0')
        return -EINVAL;
    *number = sum;
    return 0;
}

int number_parse_decimal(const char *word, double *number)
{
    double sum = 0;
    double place = 1;
    bool digits = false;
    bool point = false;

    for (; *word; word++) {
        if (*word == '.' && !point) {
            point = true;
            continue;
        }
        if (!is_digit(*word))
            return -EINVAL;
        digits = true;
        if (place >= 1e18)
            continue; /* what a double cannot hold any more */
        sum = sum * 10 + (*word - '0');
        if (point)
            place *= 10;
    }
    if (!digits || !(sum < 1e300))
        return -EINVAL;
    *number = sum / place;
    return 0;
}
