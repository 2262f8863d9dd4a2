#include "render/node_families.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { NAME_MAX_BYTES = 128, HELP_MAX_BYTES = 160 };

/* A family has one sample, made of one value. */
struct node_family {
    char name[NAME_MAX_BYTES];
    char help[HELP_MAX_BYTES];
    enum openmetrics_type type;
    uint64_t divisor;
};

struct node_families {
    struct prepared_family {
        struct openmetrics_prepared prepared;
        uint64_t divisor;
        size_t value;
    } * list;
    size_t count;
};

/* -- those that it names one by one -- */

static const struct named_family {
    enum source_id source;
    const char *key;
    const char *name;
    enum openmetrics_type type;
    uint64_t divisor;
    const char *help;
} named_families[] = {
    {SOURCE_STAT, "btime", "node_boot_time_seconds", OPENMETRICS_GAUGE, 1, "Node boot time, in unixtime."},
    {SOURCE_STAT, "ctxt", "node_context_switches", OPENMETRICS_COUNTER, 1,
     "Total number of context switches."},
    {SOURCE_STAT, "processes", "node_forks", OPENMETRICS_COUNTER, 1, "Total number of forks."},
    {SOURCE_STAT, "intr", "node_intr", OPENMETRICS_COUNTER, 1, "Total number of interrupts serviced."},
    {SOURCE_STAT, "procs_blocked", "node_procs_blocked", OPENMETRICS_GAUGE, 1,
     "Number of processes blocked waiting for I/O to complete."},
    {SOURCE_STAT, "procs_running", "node_procs_running", OPENMETRICS_GAUGE, 1,
     "Number of processes in runnable state."},
    {SOURCE_PRESSURE_CPU, "some", "node_pressure_cpu_waiting_seconds", OPENMETRICS_COUNTER, 1000000,
     "Total time in seconds that processes have waited for CPU time"},
    {SOURCE_PRESSURE_IO, "full", "node_pressure_io_stalled_seconds", OPENMETRICS_COUNTER, 1000000,
     "Total time in seconds no process could make progress due to IO congestion"},
    {SOURCE_PRESSURE_IO, "some", "node_pressure_io_waiting_seconds", OPENMETRICS_COUNTER, 1000000,
     "Total time in seconds that processes have waited due to IO congestion"},
    {SOURCE_PRESSURE_MEMORY, "full", "node_pressure_memory_stalled_seconds", OPENMETRICS_COUNTER, 1000000,
     "Total time in seconds no process could make progress due to memory congestion"},
    {SOURCE_PRESSURE_MEMORY, "some", "node_pressure_memory_waiting_seconds", OPENMETRICS_COUNTER, 1000000,
     "Total time in seconds that processes have waited for memory"},
};

static bool make_named(const struct sampler_input *input, struct node_family *family)
{
    for (size_t i = 0; i < sizeof(named_families) / sizeof(*named_families); i++) {
        const struct named_family *named = &named_families[i];
        if (named->source != input->source || strcmp(named->key, input->name) != 0)
            continue;
        *family = (struct node_family){.type = named->type, .divisor = named->divisor};
        (void)snprintf(family->name, sizeof(family->name), "%s", named->name);
        (void)snprintf(family->help, sizeof(family->help), "%s", named->help);
        return true;
    }
    return false;
}

/* -- those that are called after the kernel's keys -- */

/* Its default of --collector.vmstat.fields: ^(oom_kill|pgpg|pswp|pg.*fault).* */
static bool is_vmstat_field(const char *key)
{
    static const char *const starts[] = {"oom_kill", "pgpg", "pswp"};

    for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
        if (strncmp(key, starts[i], strlen(starts[i])) == 0)
            return true;
    }
    return strncmp(key, "pg", 2) == 0 && strstr(key + 2, "fault");
}

static bool make_vmstat(const char *key, struct node_family *family)
{
    if (!is_vmstat_field(key))
        return false;
    *family = (struct node_family){.type = OPENMETRICS_UNKNOWN, .divisor = 1};
    (void)snprintf(family->name, sizeof(family->name), "node_vmstat_%s", key);
    (void)snprintf(family->help, sizeof(family->help), "/proc/vmstat information field %s.", key);
    return true;
}

/* "Active(anon)": "Active_anon". */
static void put_meminfo_key(struct text *text, const char *key)
{
    for (; *key; key++) {
        if (*key == '(')
            text_char(text, '_');
        else if (*key != ')')
            text_char(text, *key);
    }
}

/* Lines without kB are numbers of huge pages (hugetlb_report_meminfo() of mm/hugetlb.c). */
static bool is_in_bytes(const char *key)
{
    return strncmp(key, "HugePages_", strlen("HugePages_")) != 0;
}

static bool make_meminfo(const char *key, struct node_family *family)
{
    char memory[NAME_MAX_BYTES / 2];
    struct text field = text_over(memory, sizeof(memory) - 1);

    put_meminfo_key(&field, key);
    text_string(&field, is_in_bytes(key) ? "_bytes" : "");
    memory[field.length] = '\0';
    if (field.lost > 0)
        return false;
    *family = (struct node_family){.type = OPENMETRICS_GAUGE, .divisor = 1};
    (void)snprintf(family->name, sizeof(family->name), "node_memory_%s", memory);
    (void)snprintf(family->help, sizeof(family->help), "Memory information field %s.", memory);
    return true;
}

static bool make(const struct sampler_input *input, struct node_family *family)
{
    switch (input->source) {
    case SOURCE_VMSTAT:
        return make_vmstat(input->name, family);
    case SOURCE_MEMINFO:
        return make_meminfo(input->name, family);
    default:
        return make_named(input, family);
    }
}

static int add(struct node_families *families, const struct sampler_input *input)
{
    struct node_family node;

    if (!make(input, &node))
        return 0;
    const struct openmetrics_family family = {node.name, node.type, node.help};
    struct prepared_family *prepared = &families->list[families->count];
    prepared->divisor = node.divisor;
    prepared->value = input->value;
    families->count++;
    return openmetrics_prepare(&prepared->prepared, &family);
}

struct node_families *node_families_new(const struct sampler *sampler)
{
    size_t count;
    const struct sampler_input *inputs = sampler_inputs(sampler, &count);
    struct node_families *families = calloc(1, sizeof(*families));
    int error = 0;

    if (!families)
        return NULL;
    families->list = calloc(count + 1, sizeof(*families->list));
    if (!families->list)
        error = -ENOMEM;
    for (size_t i = 0; error == 0 && i < count; i++)
        error = add(families, &inputs[i]);
    if (error == 0)
        return families;
    node_families_free(families);
    return NULL;
}

void node_families_free(struct node_families *families)
{
    if (!families)
        return;
    for (size_t i = 0; i < families->count; i++)
        openmetrics_prepared_free(&families->list[i].prepared);
    free(families->list);
    free(families);
}

void node_families_put(const struct node_families *families, struct text *text,
                       struct openmetrics_spans *spans, enum openmetrics_format format,
                       const struct snapshot *snapshot)
{
    for (size_t i = 0; i < families->count; i++) {
        const struct prepared_family *family = &families->list[i];
        struct value value = snapshot->values[family->value];
        if (value.present)
            openmetrics_put_prepared(text, spans, format, &family->prepared, value.number, family->divisor);
    }
}

size_t node_families_count(const struct node_families *families)
{
    return families->count;
}
