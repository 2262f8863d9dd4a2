#include "kernel/source.h"

#include "kernel/proc_file.h"
#include "kernel/source_format.h"
#include "kernel/span.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define OFFSET_ABSENT SIZE_MAX

/* How far a line is looked for around the place where it should be, before the whole file is learned anew. */
enum { NEARBY_BYTES = 48 };

struct wanted_line {
    char start[LINE_START_MAX];
    size_t start_length;
    unsigned fields;
    size_t first_value;
    size_t offset; /* where the line stood at the last read, or OFFSET_ABSENT */
};

struct source {
    const struct source_format *format;
    struct proc_file file;
    struct wanted_line *lines; /* once learned, in the file's order */
    size_t line_count;
    size_t value_count;
    size_t learned_length; /* of the text that the places were learned from; 0 when not learned */
    bool missing;          /* a wanted line was not in that text */
    struct line_word last; /* the word that its last line began with */
};

static const struct source_format *const formats[SOURCE_COUNT] = {
    [SOURCE_STAT] = &stat_format,
    [SOURCE_VMSTAT] = &vmstat_format,
    [SOURCE_MEMINFO] = &meminfo_format,
    [SOURCE_PRESSURE_CPU] = &pressure_cpu_format,
    [SOURCE_PRESSURE_MEMORY] = &pressure_memory_format,
    [SOURCE_PRESSURE_IO] = &pressure_io_format,
    [SOURCE_PRESSURE_IRQ] = &pressure_irq_format,
    [SOURCE_LOADAVG] = &loadavg_format,
    [SOURCE_MEMORY_EVENTS] = &memory_events_format,
};

const char *source_name(enum source_id id)
{
    return formats[id]->name;
}

const char *source_path(enum source_id id)
{
    return formats[id]->path;
}

int source_knows(enum source_id id, const char *name)
{
    struct line_place place;
    return formats[id]->locate(name, &place);
}

int line_place_of_key(const char *name, char terminator, struct line_place *place)
{
    size_t length = strlen(name);

    if (length == 0)
        return -ENOENT;
    if (length + 2 > sizeof(place->start))
        return -ENAMETOOLONG;
    memcpy(place->start, name, length);
    place->start[length] = terminator;
    place->start[length + 1] = '\0';
    place->fields = 1;
    place->field = 0;
    return 0;
}

int key_number_locate(const char *name, struct line_place *place)
{
    return line_place_of_key(name, ' ', place);
}

void key_number_parse(const char *at, const char *end, struct value *values, unsigned fields)
{
    (void)fields; /* one a line */
    scan_unsigned(at, end, values);
}

/* The key that a line begins with. False where there is none that could be wanted. */
static bool take_key(struct span line, char *key, size_t size)
{
    size_t length = 0;

    while (length < line.length && line.at[length] != ' ' && line.at[length] != ':')
        length++;
    if (length == 0 || length == line.length || length >= size)
        return false;
    span_keep(key, size, span_until(line, line.at + length));
    return true;
}

static int each_key(const struct source_format *format, struct span text,
                    int (*tell)(void *context, const char *name), void *context)
{
    struct line_place place;
    struct span line;
    char key[LINE_START_MAX];
    int ended = 0;

    while (ended == 0 && span_take_line(&text, &line)) {
        if (take_key(line, key, sizeof(key)) && format->locate(key, &place) == 0)
            ended = tell(context, key);
    }
    return ended;
}

int source_each_name(enum source_id id, int proc_fd, int (*tell)(void *context, const char *name),
                     void *context)
{
    const struct source_format *format = formats[id];
    struct proc_file file = {.fd = -1};
    int ended = proc_file_open(&file, proc_fd, format->path);

    if (ended == 0)
        ended = proc_file_read(&file);
    if (ended == 0 && !format->names)
        ended = each_key(format, (struct span){file.bytes, file.length}, tell, context);
    for (size_t i = 0; ended == 0 && format->names && format->names[i]; i++)
        ended = tell(context, format->names[i]);
    proc_file_close(&file);
    return ended;
}

struct source *source_new(enum source_id id)
{
    struct source *source = calloc(1, sizeof(*source));
    if (source) {
        source->format = formats[id];
        source->file.fd = -1;
    }
    return source;
}

void source_free(struct source *source)
{
    if (!source)
        return;
    proc_file_close(&source->file);
    free(source->lines);
    free(source);
}

static struct wanted_line *line_starting(const struct source *source, const char *start)
{
    size_t length = strlen(start);

    for (size_t i = 0; i < source->line_count; i++) {
        struct wanted_line *line = &source->lines[i];
        if (line->start_length == length && memcmp(line->start, start, length) == 0)
            return line;
    }
    return NULL;
}

static struct wanted_line *add_line(struct source *source, const struct line_place *place)
{
    enum { STEP = 32 };

    if (source->line_count % STEP == 0) {
        struct wanted_line *lines =
            reallocarray(source->lines, source->line_count + STEP, sizeof(*source->lines));
        if (!lines)
            return NULL;
        source->lines = lines;
    }
    struct wanted_line *line = &source->lines[source->line_count++];
    *line = (struct wanted_line){
        .start_length = strlen(place->start),
        .fields = place->fields,
        .first_value = source->value_count,
        .offset = OFFSET_ABSENT,
    };
    memcpy(line->start, place->start, line->start_length + 1);
    source->value_count += place->fields;
    source->learned_length = 0;
    return line;
}

int source_want(struct source *source, const char *name)
{
    struct line_place place;
    int error = source->format->locate(name, &place);
    if (error < 0)
        return error;
    struct wanted_line *line = line_starting(source, place.start);
    if (!line)
        line = add_line(source, &place);
    return line ? (int)(line->first_value + place.field) : -ENOMEM;
}

size_t source_value_count(const struct source *source)
{
    return source->value_count;
}

static bool starts_here(const struct wanted_line *line, const char *bytes, size_t length, size_t offset)
{
    return offset <= length && length - offset >= line->start_length &&
           (offset == 0 || bytes[offset - 1] == '\n') &&
           memcmp(bytes + offset, line->start, line->start_length) == 0;
}

/* Looks for the line where it is expected, then ever further away to both sides. */
static bool find_nearby(struct wanted_line *line, const char *bytes, size_t length, size_t expected)
{
    for (size_t distance = 0; distance <= NEARBY_BYTES; distance++) {
        if (starts_here(line, bytes, length, expected + distance)) {
            line->offset = expected + distance;
            return true;
        }
        if (distance <= expected && starts_here(line, bytes, length, expected - distance)) {
            line->offset = expected - distance;
            return true;
        }
    }
    return false;
}

/* Whether the text ends as the one that was learned: one that was cut short and is whole again does not. */
static bool ends_as_learned(const struct source *source, const char *bytes, size_t length)
{
    struct line_word word = scan_last_word(bytes, length);
    return word.length > 0 && line_word_equal(&word, &source->last);
}

/*
 * Follows every line from where it stood. A line moves by as much as the one before it, but for the digits
 * between the two. False when the file is not the one that was learned: then nothing is known of any line.
 */
static bool follow_lines(struct source *source, const char *bytes, size_t length)
{
    size_t moved = 0; /* may "go below zero": size_t wraps as it should */

    if (length / 2 > source->learned_length || length < source->learned_length / 2)
        return false;
    if (source->missing && !ends_as_learned(source, bytes, length))
        return false;
    for (size_t i = 0; i < source->line_count; i++) {
        struct wanted_line *line = &source->lines[i];
        if (line->offset == OFFSET_ABSENT)
            continue;
        size_t before = line->offset;
        if (!find_nearby(line, bytes, length, before + moved))
            return false;
        moved = line->offset - before;
    }
    return source->learned_length > 0;
}

static int compare_offsets(const void *left, const void *right)
{
    size_t a = ((const struct wanted_line *)left)->offset;
    size_t b = ((const struct wanted_line *)right)->offset;
    return (a > b) - (a < b);
}

/* Goes through the whole text. Of lines with the same start the first one counts. */
static void learn_lines(struct source *source, const char *bytes, size_t length)
{
    size_t missing = source->line_count;

    for (size_t i = 0; i < source->line_count; i++)
        source->lines[i].offset = OFFSET_ABSENT;
    for (size_t offset = 0; offset < length && missing > 0;) {
        for (size_t i = 0; i < source->line_count; i++) {
            struct wanted_line *line = &source->lines[i];
            if (line->offset == OFFSET_ABSENT && (line->start[0] == bytes[offset] || !line->start[0]) &&
                starts_here(line, bytes, length, offset)) {
                line->offset = offset;
                missing--;
            }
        }
        offset = (size_t)(scan_line_end(bytes + offset, bytes + length) - bytes) + 1;
    }
    qsort(source->lines, source->line_count, sizeof(*source->lines), compare_offsets);
    source->learned_length = length;
    source->missing = missing > 0;
    source->last = scan_last_word(bytes, length);
}

void source_parse(struct source *source, const char *bytes, size_t length, struct value *values)
{
    memset(values, 0, source->value_count * sizeof(*values));
    if (!follow_lines(source, bytes, length))
        learn_lines(source, bytes, length);
    for (size_t i = 0; i < source->line_count; i++) {
        const struct wanted_line *line = &source->lines[i];
        if (line->offset != OFFSET_ABSENT)
            source->format->parse(bytes + line->offset + line->start_length, bytes + length,
                                  values + line->first_value, line->fields);
    }
}

int source_open(struct source *source, int proc_fd)
{
    int error = proc_file_open(&source->file, proc_fd, source->format->path);
    return error < 0 ? error : proc_file_read(&source->file);
}

int source_read(struct source *source, struct value *values)
{
    int error = source->file.fd < 0 ? -EBADF : proc_file_read(&source->file);
    if (error < 0) {
        memset(values, 0, source->value_count * sizeof(*values));
        return error;
    }
    source_parse(source, source->file.bytes, source->file.length, values);
    return 0;
}
