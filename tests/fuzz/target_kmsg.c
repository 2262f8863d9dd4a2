/* A record of /dev/kmsg: whatever bytes it has, what is taken out of it lies within it and keeps the
 * contract. */
#include "kernel/kmsg.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *why)
{
    (void)fprintf(stderr, "%s\n", why);
    abort();
}

/* The digits of a field's number, without zeros in front. */
static void check_number(const char **at, uint64_t number)
{
    char digits[24];
    int length = snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);

    while (**at == '0' && (*at)[1] != ',')
        (*at)++;
    if (strncmp(*at, digits, (size_t)length) != 0 || (*at)[length] != ',')
        fail("another number than in the record");
    *at += length + 1;
}

/* HEAD is what stood before the text, and then a zero byte. */
static void check_head(const char *head, size_t length, const struct kmsg_record *record)
{
    const char *at = head;

    if (record->level > 7 || record->facility > UINT16_MAX >> 3)
        fail("a priority that is none");
    check_number(&at, (uint64_t)record->facility << 3 | record->level);
    check_number(&at, record->sequence);
    check_number(&at, record->monotonic_us);
    if (!memchr(record->caller, '\0', sizeof(record->caller)))
        fail("a caller without an end");
    if (strpbrk(record->caller, ",;\n") || !memmem(head, length, record->caller, strlen(record->caller)))
        fail("a caller that is not in the record");
}

static void check_text(const char *bytes, size_t size, const struct kmsg_record *record)
{
    if (record->text <= bytes || record->text > bytes + size)
        fail("a text that lies outside of its record");
    if (record->text_length > (size_t)(bytes + size - record->text))
        fail("a text that ends outside of its record");
    if (record->text[record->text_length] != '\0')
        fail("a text without an end");
}

/* A record whose bytes all stand for themselves has to be told as it is. */
static void check_plain(const char *raw, size_t length, const struct kmsg_record *record)
{
    if (memchr(raw, '\\', length))
        return;
    if (record->text_length != length || memcmp(record->text, raw, length) != 0)
        fail("another text than in the record");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct kmsg_record record;
    char *bytes = malloc(size + 1);
    char *raw = malloc(size + 1);

    if (!bytes || !raw)
        abort();
    memcpy(bytes, data, size);
    memcpy(raw, data, size);
    bytes[size] = raw[size] = '~';
    if (kmsg_parse(bytes, size, &record)) {
        check_text(bytes, size, &record);
        size_t head = (size_t)(record.text - bytes);
        const char *line_end = memchr(raw + head, '\n', size - head);
        check_plain(raw + head, (size_t)((line_end ? line_end : raw + size) - (raw + head)), &record);
        raw[head - 1] = '\0';
        check_head(raw, head - 1, &record);
    }
    free(bytes);
    free(raw);
    return 0;
}
