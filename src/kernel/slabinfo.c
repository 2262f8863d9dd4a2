#include "kernel/slabinfo.h"

#include <errno.h>

int slabinfo_begin(struct span *text)
{
    struct span line;

    if (!span_take_line(text, &line) || !span_take_prefix(&line, "slabinfo - version: 2."))
        return -EINVAL;
    return span_take_prefix(&line, "0") || span_take_prefix(&line, "1") ? 0 : -EINVAL;
}

/* Takes a number off the end of SPAN, and the blanks in front of it. */
static struct value take_last_number(struct span *span)
{
    const char *at = span_end(*span);

    while (at > span->at && at[-1] >= '0' && at[-1] <= '9')
        at--;
    struct span digits = span_from(*span, at);
    *span = span_until(*span, at);
    while (span->length > 0 && span_end(*span)[-1] == ' ')
        span->length--;
    return span_take_number(&digits);
}

/* From behind: some kernels let blanks into names. */
static int read_line(struct span line, struct slab *slab)
{
    struct span front;

    *slab = (struct slab){0};
    if (!span_take_until(&line, " : tunables", &front))
        front = line;
    while (front.length > 0 && span_end(front)[-1] == ' ')
        front.length--;
    for (int i = SLAB_NUMBERS - 1; i >= 0; i--) {
        slab->numbers[i] = take_last_number(&front);
        if (!slab->numbers[i].present)
            return -EINVAL;
    }
    if (front.length == 0)
        return -EINVAL;
    span_keep(slab->name, sizeof(slab->name), front);
    return 1;
}

int slabinfo_next(struct span *text, struct slab *slab)
{
    struct span line;

    do {
        if (!span_take_line(text, &line))
            return 0;
    } while (line.length > 0 && *line.at == '#');
    return read_line(line, slab);
}
