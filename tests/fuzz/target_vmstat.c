#include "reader.h"

static const char *const names[] = {
    "pgfault",
    "pgmajfault",
    "pgpgin",
    "pgpgout",
    "pswpin",
    "pswpout",
    "oom_kill",
    "workingset_refault",
    "workingset_refault_file",
    "workingset_refault_anon",
    "pgscan_direct",
    "pgscan_direct_dma",
    "pgscan_direct_dma32",
    "pgscan_direct_normal",
    "pgscan_direct_throttle",
    "pgscan",
    "nr_free_pages",
    "p",
};

static bool says(const struct line *line, const char *name, struct claim *claim)
{
    const char *rest = behind_key(line, name, ' ');

    if (!rest)
        return false;
    *claim = claim_of_digits(next_word(&rest, line->end));
    return true;
}

const struct reader reader = {SOURCE_VMSTAT, names, sizeof(names) / sizeof(*names), says};
