#include "kernel/journal_export.h"

#include "base/number.h"

#include <stdint.h>
#include <string.h>

bool journal_export_begins(const char *line)
{
    static const char *const fields[] = {"__CURSOR=", "__REALTIME_TIMESTAMP="};

    for (size_t i = 0; i < sizeof(fields) / sizeof(*fields); i++) {
        if (strncmp(line, fields[i], strlen(fields[i])) == 0)
            return true;
    }
    return false;
}

/* A field as it stands in the line. */
struct field {
    const char *name;
    const char *value;
    size_t length;
};

static void take_time(struct journal_entry *entry, const struct field *field)
{
    static const char *const names[JOURNAL_TIMES] = {
        [JOURNAL_WALL] = "__REALTIME_TIMESTAMP",
        [JOURNAL_SOURCE_WALL] = "_SOURCE_REALTIME_TIMESTAMP",
        [JOURNAL_MONOTONIC] = "__MONOTONIC_TIMESTAMP",
        [JOURNAL_SOURCE_MONOTONIC] = "_SOURCE_MONOTONIC_TIMESTAMP",
    };

    for (int i = 0; i < JOURNAL_TIMES; i++) {
        if (strcmp(field->name, names[i]) == 0)
            entry->times[i].present = number_parse_unsigned(field->value, &entry->times[i].number) == 0;
    }
}

/* The journal takes what user space wrote to /dev/kmsg for the kernel's: only its facility is another. */
static void take_origin(struct journal_entry *entry, const struct field *field)
{
    static const struct {
        const char *name;
        const char *value;
    } kernels[] = {{"_TRANSPORT", "kernel"}, {"SYSLOG_FACILITY", "0"}};

    for (size_t i = 0; i < sizeof(kernels) / sizeof(*kernels); i++) {
        if (strcmp(field->name, kernels[i].name) == 0)
            entry->left_out |= strcmp(field->value, kernels[i].value) != 0;
    }
}

static void take_message(struct journal_entry *entry, const struct field *field)
{
    struct text *message = &entry->message;

    if (strcmp(field->name, "MESSAGE") != 0)
        return;
    message->length = 0;
    text_bytes(message, field->value, field->length);
    message->bytes[message->length] = '\0';
    entry->has_message = true;
}

/* Eight bytes, the lowest first. False where the file ends before. */
static bool read_size(FILE *file, uint64_t *size)
{
    *size = 0;
    for (unsigned bit = 0; bit < 64; bit += 8) {
        int byte = getc_unlocked(file);
        if (byte == EOF)
            return false;
        *size |= (uint64_t)byte << bit;
    }
    return true;
}

/* The value of a field whose name is all of the line: it is put behind that. */
static void read_binary(struct text *line, FILE *file, struct field *field)
{
    uint64_t size;
    int byte;

    text_char(line, '\0'); /* the name's end */
    field->value = line->bytes + line->length;
    if (read_size(file, &size)) {
        for (; size > 0 && (byte = getc_unlocked(file)) != EOF; size--)
            text_char(line, (char)byte);
        (void)getc_unlocked(file); /* a newline, or the end of the file, which the next line finds */
    }
    line->bytes[line->length] = '\0';
    field->length = (size_t)(line->bytes + line->length - field->value);
}

static size_t name_length(const char *at)
{
    return strspn(at, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
}

/* Takes the field apart that the line holds, or begins. False where it does neither. */
static bool split_field(struct text *line, FILE *file, struct field *field)
{
    char *behind_name = line->bytes + name_length(line->bytes);

    field->name = line->bytes;
    if (behind_name == line->bytes + line->length) {
        read_binary(line, file, field);
        return true;
    }
    if (*behind_name != '=')
        return false;
    *behind_name = '\0';
    field->value = behind_name + 1;
    field->length = (size_t)(line->bytes + line->length - field->value);
    return true;
}

void journal_export_take(struct journal_entry *entry, struct text *line, FILE *file)
{
    struct field field;

    if (!split_field(line, file, &field))
        return;
    take_time(entry, &field);
    take_origin(entry, &field);
    take_message(entry, &field);
}

/* The first that is present, of two. */
static struct value either(struct value first, struct value second)
{
    return first.present ? first : second;
}

static void set_times(struct saved_line *line, const struct journal_entry *entry)
{
    struct value wall = either(entry->times[JOURNAL_SOURCE_WALL], entry->times[JOURNAL_WALL]);
    struct value wall_ns = value_times(wall, 1000);
    struct value monotonic = either(entry->times[JOURNAL_SOURCE_MONOTONIC], entry->times[JOURNAL_MONOTONIC]);

    line->has_wall = wall_ns.present;
    line->wall_ns = wall_ns.present ? wall_ns.number : 0;
    line->has_monotonic = monotonic.present;
    line->monotonic_us = monotonic.present ? monotonic.number : 0;
}

bool journal_export_end(const struct journal_entry *entry, struct saved_line *line)
{
    set_times(line, entry);
    line->text = entry->message.bytes;
    line->length = entry->message.length;
    return entry->has_message && !entry->left_out;
}
