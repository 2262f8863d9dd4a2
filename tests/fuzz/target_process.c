/* The files of a process: whatever they say, a number is one that stands in the text at its place, and names
 * end. */
#include "kernel/cgroup.h"
#include "kernel/process.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *why)
{
    (void)fprintf(stderr, "%s\n", why);
    abort();
}

/* The word PLACE of those behind the name, whose first is 3. TEXT ends with a zero byte. */
static void check_field(const char *text, unsigned place, uint64_t number)
{
    char word[64] = "";
    char digits[24];
    const char *at = text;
    size_t length = 0;

    for (unsigned i = 3; i <= place; i++) {
        at += length;
        at += strspn(at, " ");
        length = strcspn(at, " \n");
    }
    while (length > 1 && *at == '0') {
        at++;
        length--;
    }
    (void)snprintf(word, sizeof(word), "%.*s", (int)length, at);
    (void)snprintf(digits, sizeof(digits), "%llu", (unsigned long long)number);
    bool negative = *word == '-' || strlen(word) > 19 || (strlen(word) == 19 && *word > '8');
    if (strcmp(word, digits) != 0 && !(place == 24 && number == 0 && negative))
        fail("another number than in the text");
}

/* The longest name is what stands between the outermost parentheses. */
static void check_comm(const char *open, const char *close, const struct process_stat *stat)
{
    size_t length = (size_t)(close - open) - 1;
    size_t kept = length < sizeof(stat->comm) ? length : sizeof(stat->comm) - 1;

    if (memcmp(open + 1, stat->comm, kept) != 0 || stat->comm[kept] != '\0')
        fail("another name than in the text");
}

static void check_stat(const char *bytes, size_t size)
{
    struct process_stat stat, before;

    memset(&stat, 0xee, sizeof(stat));
    memset(&before, 0xee, sizeof(before));
    int error = process_parse_stat(bytes, size, &stat);
    if (error != 0) {
        if (error != -EINVAL || memcmp((const char *)&stat, (const char *)&before, sizeof(stat)) != 0)
            fail("a refused text changed something");
        return;
    }
    char *text = strndup(bytes, size); /* a zero byte ends it, in a name as well */
    if (!text)
        abort();
    const char *close = memrchr(bytes, ')', size);
    check_comm(memchr(bytes, '(', size), close, &stat);
    if (strlen(text) == size) {
        const char *rest = text + (close - bytes) + 1;
        check_field(rest, 4, stat.parent);
        check_field(rest, 10, stat.minor_faults);
        check_field(rest, 12, stat.major_faults);
        check_field(rest, 22, stat.start_ticks);
        check_field(rest, 23, stat.address_space_bytes);
        check_field(rest, 24, stat.rss_pages);
    }
    free(text);
}

static void check_status(const char *bytes, size_t size)
{
    struct process_status status;

    memset(&status, 0xee, sizeof(status));
    process_parse_status(bytes, size, &status);
    if (status.uid.present && (status.uid.number > UINT32_MAX || !memmem(bytes, size, "Uid:", 4)))
        fail("a uid that is none");
    if (status.swap_bytes.present && (status.swap_bytes.number % 1024 != 0 || !memmem(bytes, size, " kB", 3)))
        fail("an amount of swap that is none");
}

static void check_cgroup(const char *bytes, size_t size)
{
    char *text = malloc(size + 1);

    if (!text)
        abort();
    memcpy(text, bytes, size);
    text[size] = '\0';
    struct span path = cgroup_in(text);
    if (memchr(path.at, '\n', path.length) || strnlen(path.at, path.length) != path.length)
        fail("a path over the end of its line");
    if (path.length > 0 && (path.at < text + 2 || span_end(path) > text + size || path.at[-1] != ':'))
        fail("a path that is not in the text");
    free(text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size > 0 ? size : 1);

    if (!bytes)
        abort();
    memcpy(bytes, data, size);
    check_stat(bytes, size);
    check_status(bytes, size);
    check_cgroup(bytes, size);
    free(bytes);
    return 0;
}
