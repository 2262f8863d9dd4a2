/* /proc/slabinfo: whatever it says, every line is taken off, a name ends, and all numbers of a cache are
 * there. */
#include "kernel/slabinfo.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *why)
{
    (void)fprintf(stderr, "%s\n", why);
    abort();
}

static void check(const struct slab *slab)
{
    if (!memchr(slab->name, '\0', sizeof(slab->name)))
        fail("a name without an end");
    for (size_t i = 0; i < SLAB_NUMBERS; i++) {
        if (!slab->numbers[i].present)
            fail("a cache without one of its numbers");
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size > 0 ? size : 1);
    struct span text = {bytes, size};
    struct slab slab;
    int got;

    if (!bytes)
        abort();
    memcpy(bytes, data, size);
    (void)slabinfo_begin(&text);
    for (size_t left = text.length;
         (memset(&slab, 0xee, sizeof(slab)), got = slabinfo_next(&text, &slab)) != 0;) {
        if (text.length >= left)
            fail("it does not go on");
        left = text.length;
        if (got > 0)
            check(&slab);
    }
    free(bytes);
    return 0;
}
