#include "kernel/mark_victim_format.h"

#include "kernel/span.h"

#include <errno.h>
#include <limits.h>
#include <string.h>

enum {
    OFFSET_MAX = UINT16_MAX, /* of a sample is no more: a __data_loc has 16 bits for it */
    KIB = 1024,
};

/* The fields as they are named in the format, and where they go. The unit is that of a number; the one field
 * without is a string. */
static const struct known_field {
    const char *name;
    size_t place;
    uint64_t unit;
} known_fields[MARK_VICTIM_FIELDS] = {
    [MARK_VICTIM_PID] = {"pid", offsetof(struct oom_kill, pid), 1},
    [MARK_VICTIM_COMM] = {"comm", offsetof(struct oom_kill, comm), 0},
    [MARK_VICTIM_TOTAL_VM] = {"total_vm", offsetof(struct oom_kill, total_vm_bytes), KIB},
    [MARK_VICTIM_ANON_RSS] = {"anon_rss", offsetof(struct oom_kill, anon_rss_bytes), KIB},
    [MARK_VICTIM_FILE_RSS] = {"file_rss", offsetof(struct oom_kill, file_rss_bytes), KIB},
    [MARK_VICTIM_SHMEM_RSS] = {"shmem_rss", offsetof(struct oom_kill, shmem_rss_bytes), KIB},
    [MARK_VICTIM_UID] = {"uid", offsetof(struct oom_kill, uid), 1},
    [MARK_VICTIM_PGTABLES] = {"pgtables", offsetof(struct oom_kill, pgtables_bytes), KIB},
    [MARK_VICTIM_OOM_SCORE_ADJ] = {"oom_score_adj", offsetof(struct oom_kill, oom_score_adj), 1},
};

/* Takes "KEY...;" off the front of LINE and sets *PART to what stands between. */
static bool take_part(struct span *line, const char *key, struct span *part)
{
    while (span_take_prefix(line, "\t"))
        ;
    return span_take_prefix(line, key) && span_take_until(line, ";", part);
}

static bool take_number(struct span *line, const char *key, uint64_t most, size_t *number)
{
    struct span part;
    struct value value;

    if (!take_part(line, key, &part) || scan_unsigned(part.at, span_end(part), &value) != span_end(part))
        return false;
    *number = (size_t)value.number;
    return value.present && value.number <= most;
}

/* The last word of a declaration: "pid" of "int pid". */
static struct span name_of(struct span declaration)
{
    const char *blank = span_find_last(declaration, " ");

    return blank ? span_from(declaration, blank + 1) : declaration;
}

/* A string's field has its place and length, two of 16 bits. */
static bool is_understood(const struct known_field *known, struct span declaration, size_t size)
{
    bool is_string = span_take_prefix(&declaration, "__data_loc char[] ");

    if (known->unit == 0)
        return is_string && size == 4;
    return !is_string && (size == 1 || size == 2 || size == 4 || size == 8);
}

static void note_field(struct mark_victim_format *format, struct span declaration,
                       const struct raw_field *field)
{
    struct span name = name_of(declaration);

    for (size_t i = 0; i < MARK_VICTIM_FIELDS; i++) {
        const struct known_field *known = &known_fields[i];

        if (span_is(name, known->name) && format->fields[i].size == 0 &&
            is_understood(known, declaration, field->size))
            format->fields[i] = *field;
    }
}

/* "field:int pid;  offset:8;  size:4;  signed:1;", parted by tabs. */
static void parse_line(struct mark_victim_format *format, struct span line)
{
    struct span declaration;
    struct raw_field field;
    size_t sign;

    if (!take_part(&line, "field:", &declaration) ||
        !take_number(&line, "offset:", OFFSET_MAX, &field.offset) ||
        !take_number(&line, "size:", OFFSET_MAX, &field.size) || !take_number(&line, "signed:", 1, &sign))
        return;
    field.is_signed = sign == 1;
    note_field(format, declaration, &field);
}

int mark_victim_format_parse(struct mark_victim_format *format, const char *text, size_t length)
{
    struct span rest = {text, length};

    *format = (struct mark_victim_format){0};
    while (rest.length > 0) {
        struct span line = span_until(rest, scan_line_end(rest.at, span_end(rest)));

        parse_line(format, line);
        rest = span_from(rest, span_end(line));
        span_take_prefix(&rest, "\n");
    }
    return format->fields[MARK_VICTIM_PID].size > 0 ? 0 : -EINVAL;
}

static uint64_t load(const unsigned char *at, size_t size)
{
    union {
        uint8_t of_1;
        uint16_t of_2;
        uint32_t of_4;
        uint64_t of_8;
    } number;

    memcpy(&number, at, size);
    return size == 1 ? number.of_1 : size == 2 ? number.of_2 : size == 4 ? number.of_4 : number.of_8;
}

/* The field as 64 bits, two's complement where it has a sign. Absent where it is not within the sample. */
static struct value read_number(const struct raw_field *field, const unsigned char *raw, size_t length)
{
    if (field->size == 0 || field->offset > length || field->size > length - field->offset)
        return (struct value){.present = false};
    uint64_t number = load(raw + field->offset, field->size);

    if (field->is_signed && field->size < 8 && number >> (field->size * 8 - 1) != 0)
        number |= UINT64_MAX << (field->size * 8);
    return (struct value){number, true};
}

static void fill_number(struct value *place, struct value number, uint64_t unit)
{
    number.present &= !__builtin_mul_overflow(number.number, unit, &number.number);
    *place = number;
}

/* LOCATION is where the string stands: its offset, and in the upper half its length with the zero byte. */
static void fill_string(char *place, struct value location, const unsigned char *raw, size_t length)
{
    size_t offset = location.number & UINT16_MAX;
    size_t size = (size_t)(location.number >> 16) & UINT16_MAX;

    if (!location.present || offset > length || size > length - offset)
        return;
    size = strnlen((const char *)raw + offset, size < OOM_COMM_MAX ? size : OOM_COMM_MAX - 1);
    memcpy(place, raw + offset, size);
    place[size] = '\0';
}

static bool is_pid(struct value pid)
{
    return pid.present && pid.number > 0 && pid.number <= INT_MAX;
}

bool mark_victim_decode(const struct mark_victim_format *format, const unsigned char *raw, size_t length,
                        struct oom_kill *kill)
{
    memset(kill, 0, sizeof(*kill));
    for (size_t i = 0; i < MARK_VICTIM_FIELDS; i++) {
        const struct known_field *known = &known_fields[i];
        struct value number = read_number(&format->fields[i], raw, length);
        void *place = (char *)kill + known->place;

        if (known->unit == 0)
            fill_string(place, number, raw, length);
        else
            fill_number(place, number, known->unit);
    }
    return is_pid(kill->pid);
}
