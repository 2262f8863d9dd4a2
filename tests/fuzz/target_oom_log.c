/* OOM reports: whatever the log says, a kill keeps its contract and can be told. Lines in the form of
 * /dev/kmsg bring their caller and time along. */
#include "kernel/kmsg.h"
#include "kernel/oom_log.h"
#include "render/json.h"
#include "render/oom_table.h"
#include "watch/oom_event.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fail(const char *why)
{
    (void)fprintf(stderr, "%s\n", why);
    abort();
}

/* The length of the UTF-8 sequence that AT starts with, by arithmetic; 0: it is none. */
static size_t sequence_length(const unsigned char *at, size_t left)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = at[0] < 0x80         ? 1
                    : at[0] >> 5 == 0x06 ? 2
                    : at[0] >> 4 == 0x0e ? 3
                    : at[0] >> 3 == 0x1e ? 4
                                         : 0;
    uint32_t point = length == 1 ? at[0] : at[0] & (0x7fU >> length);

    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if (at[i] >> 6 != 2)
            return 0;
        point = point << 6 | (at[i] & 0x3fU);
    }
    bool valid = point >= least[length] && point <= 0x10ffff && (point < 0xd800 || point > 0xdfff);
    return valid ? length : 0;
}

/* Valid UTF-8, without control bytes but for the newlines that end its LINES. */
static void check_printed(const struct text *text, size_t lines)
{
    const unsigned char *bytes = (const unsigned char *)text->bytes;
    size_t newlines = 0;

    if (text->lost > 0)
        fail("more than there was said to be room for");
    for (size_t at = 0; at < text->length;) {
        size_t length = sequence_length(bytes + at, text->length - at);
        if (length == 0)
            fail("no UTF-8");
        newlines += bytes[at] == '\n';
        if ((bytes[at] < ' ' && bytes[at] != '\n') || bytes[at] == 0x7f)
            fail("a control byte");
        if (length == 2 && bytes[at] == 0xc2 && bytes[at + 1] < 0xa0)
            fail("a control character");
        at += length;
    }
    if (newlines == 0 || newlines > lines || bytes[text->length - 1] != '\n')
        fail("lines that are not whole, or too many");
}

/* Strings end, and quotes and brackets are those of one object. */
static void check_json(const struct text *text)
{
    int depth = 0;
    bool in_string = false;

    check_printed(text, 1);
    for (size_t at = 0; at + 1 < text->length; at++) {
        char byte = text->bytes[at];
        if (in_string && byte == '\\')
            at++;
        else if (byte == '"')
            in_string = !in_string;
        else if (!in_string)
            depth += (byte == '{' || byte == '[') - (byte == '}' || byte == ']');
        if (depth == 0 && at + 2 < text->length)
            fail("an object that ends too early");
    }
    if (in_string || depth != 0)
        fail("an object without an end");
}

#define CHECK_STRING(field)                                                                                  \
    do {                                                                                                     \
        if (!memchr(field, '\0', sizeof(field)))                                                             \
            fail("without an end: " #field);                                                                 \
    } while (0)

static void check_kill(const struct oom_kill *kill)
{
    if (!kill->pid.present)
        fail("a kill of nobody");
    if (kill->constraint > OOM_CONSTRAINT_MEMORY_POLICY)
        fail("a constraint that is none");
    if (kill->task_count > OOM_TASKS_MAX)
        fail("too many tasks");
    CHECK_STRING(kill->comm);
    CHECK_STRING(kill->cgroup);
    CHECK_STRING(kill->limit_cgroup);
    CHECK_STRING(kill->trigger);
    for (size_t i = 0; i < kill->task_count; i++) {
        if (!kill->tasks[i].pid.present)
            fail("a task without a pid");
        CHECK_STRING(kill->tasks[i].comm);
    }
}

/* Texts of just the promised size, so that the sanitizers see what goes beyond. */
static void tell(const struct oom_kill *kill, uint64_t time_us)
{
    struct oom_moment moment = {.has_wall = time_us & 1,
                                .wall_ns = time_us,
                                .has_monotonic = time_us & 2,
                                .monotonic_us = time_us};
    struct text table = text_new(OOM_TABLE_MAX);
    struct text json = text_new(JSON_EVENT_MAX + JSON_TASKS_MAX);
    struct event event;

    if (!table.bytes || !json.bytes)
        abort();
    oom_table_put_kill(&table, kill, &moment, true);
    check_printed(&table, 4 + kill->task_count);
    json_put_oom_kill(&json, kill, &moment, true);
    check_json(&json);
    json.length = 0;
    oom_event_named(&event, kill, time_us);
    CHECK_STRING(event.message);
    json.capacity = JSON_EVENT_MAX;
    json_put_event(&json, &event);
    check_json(&json);
    text_free(&table);
    text_free(&json);
}

static void take(struct oom_log *log, const struct oom_log_line *line)
{
    struct oom_kill kill;

    memset(&kill, 0xee, sizeof(kill)); /* nothing of it may be left as it is */
    switch (oom_log_take(log, line, &kill)) {
    case OOM_LINE_KILL:
        check_kill(&kill);
        tell(&kill, line->time_us.number);
        break;
    case OOM_LINE_OTHER:
    case OOM_LINE_REPEAT:
        break;
    default:
        fail("a kind of line that is none");
    }
}

static void take_line(struct oom_log *log, const uint8_t *data, size_t size)
{
    struct kmsg_record record;
    char *bytes = malloc(size + 1);

    if (!bytes)
        abort();
    memcpy(bytes, data, size);
    if (kmsg_parse(bytes, size, &record))
        take(log, &(struct oom_log_line){.text = record.text,
                                         .length = record.text_length,
                                         .continues = record.continues,
                                         .caller = record.caller,
                                         .time_us = {record.monotonic_us, true}});
    else
        take(log, &(struct oom_log_line){.text = bytes, .length = size, .caller = ""});
    free(bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct oom_log *log = oom_log_new();

    if (!log)
        abort();
    while (size > 0) {
        const uint8_t *newline = memchr(data, '\n', size);
        size_t length = newline ? (size_t)(newline - data) : size;
        take_line(log, data, length);
        length += newline != NULL;
        data += length;
        size -= length;
    }
    oom_log_free(log);
    return 0;
}
