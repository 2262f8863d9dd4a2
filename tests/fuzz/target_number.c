/* Numbers that people type, held against the C library's. */
#include "base/number.h"
#include "commands/operands.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *why, const char *word)
{
    (void)fprintf(stderr, "%s: '%s'\n", why, word);
    abort();
}

static void check_unsigned(const char *word)
{
    uint64_t number = 0;
    int error = number_parse_unsigned(word, &number);
    bool digits = *word && word[strspn(word, "0123456789")] == '\0';

    if (!digits) {
        /* What has digits in front that do not fit may be told as either. */
        if (error != -EINVAL && error != -ERANGE)
            fail("no whole number, but accepted", word);
        return;
    }
    errno = 0;
    unsigned long long wanted = strtoull(word, NULL, 10);
    if (error != (errno == ERANGE ? -ERANGE : 0))
        fail("another status than strtoull's", word);
    if (error == 0 && number != wanted)
        fail("another number than strtoull's", word);
}

static void check_decimal(const char *word)
{
    double number = -1;
    int error = number_parse_decimal(word, &number);
    const char *point = strchr(word, '.');
    bool decimal = word[strspn(word, "0123456789.")] == '\0' && strpbrk(word, "0123456789") &&
                   (!point || !strchr(point + 1, '.'));

    double wanted = decimal ? strtod(word, NULL) : 0;

    if (error == 0 && !decimal)
        fail("accepted and no decimal", word);
    if (error < 0 && decimal && wanted < 1e280) /* beyond is room for either */
        fail("a decimal and not accepted", word);
    if (error < 0)
        return;
    if (isnan(number))
        fail("not a number", word);
    if (isinf(wanted) || isinf(number) ? wanted < 1e300 || number < 1e300
                                       : fabs(number - wanted) > 1e-12 * fmax(wanted, 1))
        fail("another number than strtod's", word);
}

/* The words of the input, up to three. */
static void check_beat(char *line)
{
    char *words[4] = {NULL};
    struct problem problem = {0};
    struct beat beat;

    for (int i = 0; i < 3; i++)
        words[i] = strtok(i == 0 ? line : NULL, "\n");
    int error = operands_parse_beat(words, &beat, &problem);
    if (error < 0 && problem.text[0] == '\0')
        fail("refused without a word", words[0]);
    if (error < 0)
        return;
    if (!(beat.delay_seconds >= 0.05 && beat.delay_seconds <= 86400))
        fail("a delay out of its bounds", words[0]);
    if (words[1] && beat.count == 0)
        fail("a count of zero", words[1]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *word = malloc(size + 1);

    if (!word)
        abort();
    memcpy(word, data, size);
    word[size] = '\0';
    check_unsigned(word);
    check_decimal(word);
    check_beat(word);
    free(word);
    return 0;
}
