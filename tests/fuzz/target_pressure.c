#include "reader.h"

#include <string.h>

static const char *const names[] = {"some", "full"};

static bool says(const struct line *line, const char *name, struct claim *claim)
{
    static const char key[] = " total=";
    const char *rest = behind_key(line, name, ' ');

    if (!rest)
        return false;
    *claim = (struct claim){.kind = SAYS_NONE};
    for (; line->end - rest >= (ptrdiff_t)sizeof(key) - 1; rest++) {
        if (memcmp(rest, key, sizeof(key) - 1) != 0)
            continue;
        rest += sizeof(key) - 1;
        *claim = claim_of_digits(next_word(&rest, line->end));
        break;
    }
    return true;
}

const struct reader reader = {SOURCE_PRESSURE_MEMORY, names, sizeof(names) / sizeof(*names), says};
