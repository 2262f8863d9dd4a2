#include "commands/operands.h"

#include "base/number.h"

#include <ctype.h>
#include <errno.h>

static const double delay_max = 86400;

int operands_parse_beat(char **words, struct beat *beat, struct problem *problem)
{
    *beat = (struct beat){.delay_seconds = 1};
    if (!words[0])
        return 0;
    if (number_parse_decimal(words[0], &beat->delay_seconds) < 0 ||
        !(beat->delay_seconds >= BEAT_DELAY_MIN && beat->delay_seconds <= delay_max))
        return problem_set(problem, EINVAL, "DELAY '%s': expected seconds from 0.05 to 86400%s", words[0],
                           isalpha((unsigned char)words[0][0]) ? "; a command stands before its options"
                                                               : "");
    if (!words[1])
        return 0;
    if (number_parse_unsigned(words[1], &beat->count) < 0 || beat->count == 0)
        return problem_set(problem, EINVAL, "COUNT '%s': expected a whole number of rows above 0", words[1]);
    if (words[2])
        return problem_set(problem, EINVAL, "'%s': expected nothing behind DELAY and COUNT", words[2]);
    return 0;
}

int operands_parse_file(char **words, const char **path, struct problem *problem)
{
    *path = words[0];
    if (words[0] && words[1])
        return problem_set(problem, EINVAL, "'%s': expected nothing behind FILE", words[1]);
    return 0;
}
