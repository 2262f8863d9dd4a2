#include "metric/metric.h"

#include "kernel/meminfo.h"
#include "kernel/vmstat.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const struct metric metric_table[METRIC_TABLE_SIZE] = {
#define METRIC(id, kind, unit, source, keys, raw, heading, width, help)                                      \
    {#id, METRIC_##kind, METRIC_##unit, SOURCE_##source, keys, RAW_##raw, heading, width, help},
#include "metric/metrics.def"
#undef METRIC
};

const struct metric *metric_find(const char *name)
{
    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++) {
        if (strcmp(name, metric_table[i].id) == 0 || strcmp(name, metric_table[i].heading) == 0)
            return &metric_table[i];
    }
    return NULL;
}

/* A metric and the texts that it points to, in one piece of memory. */
struct keyed_metric {
    struct metric metric;
    char texts[]; /* id, then key */
};

/* NAME is "FILE.KEY"; the id is NAME and SUFFIX. */
static struct keyed_metric *keyed_metric_new(const char *name, const char *key, const char *suffix)
{
    size_t name_length = strlen(name);
    size_t suffix_size = strlen(suffix) + 1;
    size_t key_size = strlen(key) + 1;
    struct keyed_metric *keyed = calloc(1, sizeof(*keyed) + name_length + suffix_size + key_size);

    if (!keyed)
        return NULL;
    char *key_copy = keyed->texts + name_length + suffix_size;
    (void)snprintf(keyed->texts, name_length + suffix_size, "%s%s", name, suffix);
    (void)snprintf(key_copy, key_size, "%s", key);
    keyed->metric = (struct metric){
        .id = keyed->texts,
        .keys = key_copy,
        .heading = key_copy,
        .width = key_size > 6 ? (unsigned)key_size - 1 : 5,
        .raw = RAW_ONE,
        .help = "a key of the kernel's own",
    };
    return keyed;
}

static int vmstat_metric(const char *name, const char *key, struct metric **metric)
{
    bool gauge = vmstat_is_gauge(key);
    struct keyed_metric *keyed = keyed_metric_new(name, key, gauge ? "" : "_per_second");
    if (!keyed)
        return -ENOMEM;
    keyed->metric.kind = gauge ? METRIC_GAUGE : METRIC_RATE;
    keyed->metric.unit = METRIC_COUNT;
    keyed->metric.source = SOURCE_VMSTAT;
    *metric = &keyed->metric;
    return 0;
}

static int meminfo_metric(const char *name, const char *key, struct metric **metric)
{
    bool count = meminfo_is_count(key);
    struct keyed_metric *keyed = keyed_metric_new(name, key, count ? "" : "_bytes");
    if (!keyed)
        return -ENOMEM;
    keyed->metric.kind = METRIC_GAUGE;
    keyed->metric.unit = count ? METRIC_COUNT : METRIC_BYTES;
    keyed->metric.source = SOURCE_MEMINFO;
    *metric = &keyed->metric;
    return 0;
}

int metric_of_key(const char *name, struct metric **metric)
{
    /* All that keys of the two files are made of: nothing that JSON or CSV would have to escape. */
    static const char key_bytes[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_()";
    static const struct {
        enum source_id source;
        int (*make)(const char *name, const char *key, struct metric **metric);
    } keyed[] = {
        {SOURCE_VMSTAT, vmstat_metric},
        {SOURCE_MEMINFO, meminfo_metric},
    };

    for (size_t i = 0; i < sizeof(keyed) / sizeof(*keyed); i++) {
        const char *file = source_name(keyed[i].source);
        size_t length = strlen(file);
        if (strncmp(name, file, length) != 0 || name[length] != '.')
            continue;
        const char *key = name + length + 1;
        if (key[strspn(key, key_bytes)] != '\0')
            return -ENOENT;
        int error = source_knows(keyed[i].source, key);
        return error < 0 ? error : keyed[i].make(name, key, metric);
    }
    return -ENOENT;
}

static struct metric_worth raw_worth(enum metric_raw raw)
{
    switch (raw) {
    case RAW_KIB:
        return (struct metric_worth){1024, 1};
    case RAW_PAGES:
        return (struct metric_worth){(uint64_t)sysconf(_SC_PAGESIZE), 1};
    case RAW_HUNDREDTHS:
        return (struct metric_worth){1, 100};
    case RAW_TICKS:
        return (struct metric_worth){1, (uint64_t)sysconf(_SC_CLK_TCK)};
    default:
        return (struct metric_worth){1, 1};
    }
}

double metric_scale(const struct metric *metric)
{
    struct metric_worth worth = raw_worth(metric->raw);
    return (double)worth.multiplier / (double)worth.divisor;
}

struct metric_worth metric_total_worth(const struct metric *metric)
{
    switch (metric->kind) {
    case METRIC_STALL:
        return (struct metric_worth){1, 1000000};
    case METRIC_CPU_SHARE:
        return raw_worth(RAW_TICKS);
    default:
        return raw_worth(metric->raw);
    }
}

unsigned metric_decimals(const struct metric *metric)
{
    if (metric->unit == METRIC_PERCENT || metric->unit == METRIC_LOAD)
        return 2;
    return metric->kind == METRIC_RATE ? 1 : 0;
}
