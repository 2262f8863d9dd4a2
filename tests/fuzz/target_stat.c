#include "reader.h"

#include <string.h>

static const char *const names[] = {
    "procs_running", "procs_blocked", "intr",       "ctxt",           "processes",  "btime",
    "cpu.user",      "cpu.nice",      "cpu.system", "cpu.idle",       "cpu.iowait", "cpu.irq",
    "cpu.softirq",   "cpu.steal",     "cpu.guest",  "cpu.guest_nice", "cpu.online",
};

/* The fields of the cpu line, in the order of the file. */
static const char *const cpu_fields[] = {"user", "nice",    "system", "idle",  "iowait",
                                         "irq",  "softirq", "steal",  "guest", "guest_nice"};

static struct claim online(const struct line *line)
{
    uint64_t count = 0;

    for (const char *at = line->end; at + 4 < line->text_end && memcmp(at, "\ncpu", 4) == 0; count++) {
        if (at[4] < '0' || at[4] > '9')
            return (struct claim){.kind = SAYS_UNCLEAR};
        at = memchr(at + 1, '\n', (size_t)(line->text_end - at - 1));
        if (!at)
            return (struct claim){SAYS_NUMBER, count + 1};
    }
    return (struct claim){count > 0 ? SAYS_NUMBER : SAYS_NONE, count};
}

/* What stands behind a word that is no number is not read. */
static struct claim nth_field(const char *at, const char *end, size_t n)
{
    struct word word = next_word(&at, end);

    for (; n > 0 && is_digits(word); n--)
        word = next_word(&at, end);
    return claim_of_digits(word);
}

static bool says(const struct line *line, const char *name, struct claim *claim)
{
    bool of_cpu = strncmp(name, "cpu.", 4) == 0;
    const char *rest = behind_key(line, of_cpu ? "cpu" : name, ' ');

    if (!rest)
        return false;
    if (strcmp(name, "cpu.online") == 0) {
        *claim = online(line);
        return true;
    }
    size_t field = 0;
    while (of_cpu && strcmp(name + 4, cpu_fields[field]) != 0)
        field++;
    *claim = nth_field(rest, line->end, field);
    return true;
}

const struct reader reader = {SOURCE_STAT, names, sizeof(names) / sizeof(*names), says};
