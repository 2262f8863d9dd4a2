#include "reader.h"

#include <string.h>

static const char *const names[] = {"1m", "5m", "15m"};

/* Digits, a point, two digits. */
static bool is_hundredths(struct word word)
{
    if (word.length < 4 || word.at[word.length - 3] != '.')
        return false;
    struct word whole = {word.at, word.length - 3};
    struct word part = {word.at + word.length - 2, 2};
    return is_digits(whole) && is_digits(part);
}

/* "12.34" as 1234. */
static struct claim claim_of_hundredths(struct word word)
{
    char digits[64];

    if (!is_hundredths(word))
        return (struct claim){.kind = SAYS_NONE};
    if (word.length > sizeof(digits))
        return (struct claim){.kind = SAYS_UNCLEAR}; /* it may begin with many zeros */
    memcpy(digits, word.at, word.length - 3);
    memcpy(digits + word.length - 3, word.at + word.length - 2, 2);
    return claim_of_digits((struct word){digits, word.length - 1});
}

/* The file is one line. Behind a word of another form nothing is sure. */
static bool says(const struct line *line, const char *name, struct claim *claim)
{
    const char *at = line->at;
    size_t n = name[1] == '5' ? 2 : name[0] == '5' ? 1 : 0;

    if (line->at != line->text)
        return false;
    struct word word = next_word(&at, line->end);
    for (; n > 0 && is_hundredths(word); n--)
        word = next_word(&at, line->end);
    *claim = n == 0 ? claim_of_hundredths(word) : (struct claim){.kind = SAYS_UNCLEAR};
    return true;
}

const struct reader reader = {SOURCE_LOADAVG, names, sizeof(names) / sizeof(*names), says};
