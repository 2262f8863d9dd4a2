#include "blackbox/schema.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int schema_add(struct schema *schema, const char *source, const char *name)
{
    enum { STEP = 64 };

    if (strlen(source) >= SCHEMA_SOURCE_MAX || strlen(name) >= SCHEMA_NAME_MAX)
        return -ENAMETOOLONG;
    if (schema->count == SCHEMA_COLUMNS_MAX)
        return -E2BIG;
    if (schema->count % STEP == 0) {
        struct schema_column *columns =
            reallocarray(schema->columns, schema->count + STEP, sizeof(*schema->columns));
        if (!columns)
            return -ENOMEM;
        schema->columns = columns;
    }
    struct schema_column *column = &schema->columns[schema->count++];
    memset(column, 0, sizeof(*column));
    (void)snprintf(column->source, sizeof(column->source), "%s", source);
    (void)snprintf(column->name, sizeof(column->name), "%s", name);
    return 0;
}

void schema_free(struct schema *schema)
{
    free(schema->columns);
    *schema = (struct schema){0};
}

int schema_copy(struct schema *copy, const struct schema *schema)
{
    struct schema_column *columns = calloc(schema->count + 1, sizeof(*columns));

    if (!columns)
        return -ENOMEM;
    if (schema->count > 0)
        memcpy(columns, schema->columns, schema->count * sizeof(*columns));
    *copy = *schema;
    copy->columns = columns;
    return 0;
}

static bool same_column(const struct schema_column *column, const char *source, const char *name)
{
    return strcmp(column->name, name) == 0 && strcmp(column->source, source) == 0;
}

int schema_find(const struct schema *schema, const char *source, const char *name)
{
    for (size_t i = 0; i < schema->count; i++) {
        if (same_column(&schema->columns[i], source, name))
            return (int)i;
    }
    return -ENOENT;
}

/* Two that are absent are the same. */
static bool same_double(double a, double b)
{
    return a == b || (isnan(a) && isnan(b));
}

bool schema_equal(const struct schema *a, const struct schema *b)
{
    bool equal = a->count == b->count && strcmp(a->host, b->host) == 0 && strcmp(a->kernel, b->kernel) == 0 &&
                 a->page_bytes == b->page_bytes && a->ticks_per_second == b->ticks_per_second &&
                 a->interval_ns == b->interval_ns &&
                 same_double(a->alert_major_faults, b->alert_major_faults) &&
                 same_double(a->alert_context_switches, b->alert_context_switches) &&
                 a->alert_context_switches_per_cpu == b->alert_context_switches_per_cpu;

    for (size_t i = 0; equal && i < a->count; i++)
        equal = same_column(&a->columns[i], b->columns[i].source, b->columns[i].name);
    return equal;
}

static size_t shared_length(const char *a, const char *b)
{
    size_t length = 0;

    while (a[length] && a[length] == b[length])
        length++;
    return length;
}

/* As many of the columns from FIRST on as are of one source. */
static size_t group_length(const struct schema *schema, size_t first)
{
    size_t count = 1;

    while (first + count < schema->count &&
           strcmp(schema->columns[first + count].source, schema->columns[first].source) == 0)
        count++;
    return count;
}

/* Names of a kernel have much in common with the one before: what they share is told by its length. */
static void put_group(struct packer *packer, const struct schema_column *columns, size_t count)
{
    const char *before = "";

    pack_string(packer, columns[0].source);
    pack_unsigned(packer, count);
    for (size_t i = 0; i < count; i++) {
        size_t shared = shared_length(before, columns[i].name);
        pack_unsigned(packer, shared);
        pack_string(packer, columns[i].name + shared);
        before = columns[i].name;
    }
}

void schema_put(struct packer *packer, const struct schema *schema)
{
    pack_string(packer, schema->host);
    pack_string(packer, schema->kernel);
    pack_unsigned(packer, schema->page_bytes);
    pack_unsigned(packer, schema->ticks_per_second);
    pack_unsigned(packer, schema->interval_ns);
    pack_double(packer, schema->alert_major_faults);
    pack_double(packer, schema->alert_context_switches);
    pack_byte(packer, schema->alert_context_switches_per_cpu);
    pack_unsigned(packer, schema->count);
    for (size_t i = 0, length; i < schema->count; i += length) {
        length = group_length(schema, i);
        put_group(packer, schema->columns + i, length);
    }
}

static int take_name(struct unpacker *unpacker, char *name)
{
    uint64_t shared = unpack_unsigned(unpacker);

    if (shared > strlen(name))
        return -EBADMSG;
    unpack_string(unpacker, name + shared, SCHEMA_NAME_MAX - (size_t)shared);
    return unpacker->bad || name[0] == '\0' ? -EBADMSG : 0;
}

static int take_group(struct unpacker *unpacker, struct schema *schema)
{
    char source[SCHEMA_SOURCE_MAX];
    char name[SCHEMA_NAME_MAX] = "";
    int error = 0;

    unpack_string(unpacker, source, sizeof(source));
    uint64_t count = unpack_unsigned(unpacker);
    for (uint64_t i = 0; error == 0 && i < count; i++) {
        error = take_name(unpacker, name);
        if (error == 0)
            error = schema_add(schema, source, name);
    }
    return count == 0 || unpacker->bad ? -EBADMSG : error;
}

int schema_take(struct unpacker *unpacker, struct schema *schema)
{
    int error = 0;

    unpack_string(unpacker, schema->host, sizeof(schema->host));
    unpack_string(unpacker, schema->kernel, sizeof(schema->kernel));
    schema->page_bytes = unpack_unsigned(unpacker);
    schema->ticks_per_second = unpack_unsigned(unpacker);
    schema->interval_ns = unpack_unsigned(unpacker);
    schema->alert_major_faults = unpack_double(unpacker);
    schema->alert_context_switches = unpack_double(unpacker);
    schema->alert_context_switches_per_cpu = unpack_byte(unpacker) != 0;
    uint64_t count = unpack_unsigned(unpacker);
    if (count > SCHEMA_COLUMNS_MAX)
        return -EBADMSG;
    while (error == 0 && !unpacker->bad && schema->count < count)
        error = take_group(unpacker, schema);
    if (error == 0 && (unpacker->bad || schema->count != count || schema->page_bytes == 0))
        error = -EBADMSG;
    return error == -ENOMEM ? error : error < 0 ? -EBADMSG : 0;
}
