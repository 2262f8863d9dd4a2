/* Saved kernel logs: whatever the file holds, what is handed out keeps the contract. */
#include "base/clock.h"
#include "kernel/saved_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum {
    TEXT_MAX = 64 * 1024,
    NOW = 1795443690, /* 2026-11-23 14:21:30 UTC */
};

static void fail(const char *why)
{
    (void)fprintf(stderr, "%s\n", why);
    abort();
}

/* "", "T123" or "C2", or from /dev/kmsg whatever has no comma. */
static void check_caller(const char *caller)
{
    if (!memchr(caller, '\0', KMSG_CALLER_MAX))
        fail("a caller without an end");
    if (strpbrk(caller, ",;\n"))
        fail("a caller that takes in what follows");
}

static void check_line(const struct saved_line *line)
{
    if (line->length > TEXT_MAX)
        fail("a text that is too long");
    if (line->text[line->length] != '\0')
        fail("a text without an end");
    if (!line->has_monotonic && line->monotonic_us != 0)
        fail("an absent time since boot that is not zero");
    check_caller(line->caller);
}

/* Every line takes a byte of the file at least. */
static void check_log(FILE *file, size_t size)
{
    struct saved_log *log = saved_log_new(file, NOW * NS_PER_SECOND);
    struct saved_line line;
    size_t count = 0;
    int got;

    if (!log)
        abort();
    while ((got = saved_log_next(log, &line)) > 0) {
        check_line(&line);
        if (++count > size)
            fail("more lines than bytes");
    }
    if (got < 0 || saved_log_next(log, &line) != 0)
        fail("no end after the last line");
    saved_log_free(log);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size + 1); /* fmemopen() takes what may be written to, and not nothing */
    if (!bytes)
        abort();
    memcpy(bytes, data, size);
    FILE *file = fmemopen(bytes, size > 0 ? size : 1, "r");
    if (!file)
        abort();
    if (size == 0)
        (void)fgetc(file);
    check_log(file, size);
    (void)fclose(file);
    free(bytes);
    return 0;
}
