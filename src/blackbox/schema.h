/* What a segment says about itself before its first sample: which values it holds, of which machine. */
#pragma once

#include "base/pack.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    SCHEMA_SOURCE_MAX = 32,
    SCHEMA_NAME_MAX = 64,
    SCHEMA_COLUMNS_MAX = 2048, /* a 6.18 kernel has about 280 */
    SCHEMA_CONTENT_MAX = 60 * 1024,
    SCHEMA_HOST_MAX = 65, /* struct utsname */
};

/* A value by the kernel's name for it: "vmstat", "pgfault". */
struct schema_column {
    char source[SCHEMA_SOURCE_MAX];
    char name[SCHEMA_NAME_MAX];
};

struct schema {
    char host[SCHEMA_HOST_MAX];
    char kernel[SCHEMA_HOST_MAX]; /* its release */
    uint64_t page_bytes;
    uint64_t ticks_per_second; /* of the CPU times */
    uint64_t interval_ns;      /* between samples, as was asked for */
    double alert_major_faults; /* the thresholds of the run; absent (NAN) without alerts */
    double alert_context_switches;
    bool alert_context_switches_per_cpu;
    struct schema_column *columns;
    size_t count;
};

/* Adds a column. Returns 0, -ENOMEM, -E2BIG, -ENAMETOOLONG. */
int schema_add(struct schema *schema, const char *source, const char *name);
void schema_free(struct schema *schema);

/* Into a zeroed schema. Returns 0 or -ENOMEM. */
int schema_copy(struct schema *copy, const struct schema *schema);

bool schema_equal(const struct schema *a, const struct schema *b);

/* The place of a column, or -ENOENT. */
int schema_find(const struct schema *schema, const char *source, const char *name);

void schema_put(struct packer *packer, const struct schema *schema);

/* Into a zeroed schema, to be freed with schema_free() whatever is returned: 0, -EBADMSG, -ENOMEM. */
int schema_take(struct unpacker *unpacker, struct schema *schema);
