#include "reader.h"

#include <string.h>

static const char *const names[] = {
    "MemTotal",  "MemFree",  "MemAvailable", "Buffers", "Cached",       "SReclaimable",
    "SwapTotal", "SwapFree", "SwapCached",   "Mem",     "Active(anon)", "HugePages_Total",
};

static struct claim in_bytes(struct claim kib)
{
    if (kib.kind == SAYS_NUMBER && kib.number > UINT64_MAX / 1024)
        return (struct claim){.kind = SAYS_NONE};
    return (struct claim){kib.kind, kib.number * 1024};
}

static bool says(const struct line *line, const char *name, struct claim *claim)
{
    const char *rest = behind_key(line, name, ':');

    if (!rest)
        return false;
    *claim = claim_of_digits(next_word(&rest, line->end));
    const char *unit = rest;
    struct word word = next_word(&rest, line->end);
    if (word.length == 2 && memcmp(word.at, "kB", 2) == 0 && word.at == unit + 1)
        *claim = in_bytes(*claim);
    else if (word.length > 0 && claim->kind == SAYS_NUMBER)
        claim->kind = SAYS_UNCLEAR; /* another unit than the kernel has ever had */
    else if (unit != line->end || line->end == line->text_end)
        claim->kind = SAYS_NONE; /* cut short, maybe within its unit */
    return true;
}

const struct reader reader = {SOURCE_MEMINFO, names, sizeof(names) / sizeof(*names), says};
