#include "kernel/wanted_lines.h"

#include <string.h>

static struct wanted_line *wanted_by(const char *line, size_t length, struct wanted_line *wanted,
                                     size_t count)
{
    for (size_t i = 0; i < count; i++) {
        size_t start_length = strlen(wanted[i].start);
        if (!wanted[i].found && length >= start_length && memcmp(line, wanted[i].start, start_length) == 0)
            return &wanted[i];
    }
    return NULL;
}

/* Those of v1's memory.stat stand amid many. */
void wanted_lines_take(const char *bytes, size_t length, wanted_line_parse *parse, struct wanted_line *wanted,
                       size_t count)
{
    const char *end = bytes + length;
    const char *newline;
    size_t left = count;

    for (size_t i = 0; i < count; i++)
        *wanted[i].value = (struct value){0, false};
    for (const char *line = bytes; left > 0 && (newline = memchr(line, '\n', (size_t)(end - line)));
         line = newline + 1) {
        struct wanted_line *found = wanted_by(line, (size_t)(newline - line), wanted, count);
        if (!found)
            continue;
        found->found = true;
        left--;
        parse(line + strlen(found->start), newline, found->value, 1);
    }
}
