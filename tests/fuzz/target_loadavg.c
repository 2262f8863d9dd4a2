#include "reader.h"

#include <string.h>

static const char *const names[] = {"1m", "5m", "15m"};

/* "12.34" as 1234. */
static struct claim claim_of_hundredths(struct word word)
{
    char digits[64];

    if (word.length < 4 || word.at[word.length - 3] != '.')
        return (struct claim){.kind = SAYS_UNCLEAR};
    if (word.length > sizeof(digits))
        return (struct claim){.kind = SAYS_UNCLEAR};
    memcpy(digits, word.at, word.length - 3);
    memcpy(digits + word.length - 3, word.at + word.length - 2, 2);
    struct word joined = {digits, word.length - 1};
    return is_digits(joined) ? claim_of_digits(joined) : (struct claim){.kind = SAYS_UNCLEAR};
}

/* The file is one line. Behind a word of another form nothing is sure. */
static bool says(const struct line *line, const char *name, struct claim *claim)
{
    const char *at = line->at;
    size_t n = name[1] == '5' ? 2 : name[0] == '5' ? 1 : 0;

    if (line->at != line->text)
        return false;
    for (size_t i = 0; i <= n; i++) {
        struct word word = next_word(&at, line->end);
        *claim = word.length > 0 ? claim_of_hundredths(word) : (struct claim){.kind = SAYS_NONE};
        if (claim->kind != SAYS_NUMBER && word.length > 0 && i < n) {
            claim->kind = SAYS_UNCLEAR;
            break;
        }
    }
    return true;
}

const struct reader reader = {SOURCE_LOADAVG, names, sizeof(names) / sizeof(*names), says};
