#include "metric/sampler.h"

#include "base/clock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct sampler {
    struct source *sources[SOURCE_COUNT]; /* NULL: nothing wanted from it */
    int errors[SOURCE_COUNT];             /* why it is not open */
    size_t first_value[SOURCE_COUNT];     /* where its values begin in a snapshot; known once opened */
    size_t highest_value[SOURCE_COUNT];   /* of its inputs, and one more */
    size_t value_count;
    struct sampler_input *inputs; /* values are relative to the source until opened */
    size_t input_count;
    struct formula *formulas; /* one a metric; term values are relative to the source until opened */
    size_t room;              /* for so many */
    size_t metric_count;
    size_t *wanted; /* indices into formulas; made when opened */
    size_t wanted_count;
};

/* Makes room for COUNT metrics; those behind what there were want nothing yet. */
static int make_room(struct sampler *sampler, size_t count)
{
    struct formula *formulas = reallocarray(sampler->formulas, count, sizeof(*formulas));
    if (!formulas)
        return -ENOMEM;
    for (size_t i = sampler->room; i < count; i++)
        formulas[i].term_count = 0;
    sampler->formulas = formulas;
    sampler->room = count;
    return 0;
}

struct sampler *sampler_new(void)
{
    struct sampler *sampler = calloc(1, sizeof(*sampler));
    if (!sampler)
        return NULL;
    sampler->metric_count = METRIC_TABLE_SIZE;
    if (make_room(sampler, METRIC_TABLE_SIZE) < 0) {
        sampler_free(sampler);
        return NULL;
    }
    return sampler;
}

void sampler_free(struct sampler *sampler)
{
    if (!sampler)
        return;
    for (size_t i = 0; i < SOURCE_COUNT; i++)
        source_free(sampler->sources[i]);
    free(sampler->inputs);
    free(sampler->formulas);
    free(sampler->wanted);
    free(sampler);
}

/* Most are new, with a higher value than those before. */
static bool has_input(const struct sampler *sampler, enum source_id source, size_t value)
{
    if (value >= sampler->highest_value[source])
        return false;
    for (size_t i = 0; i < sampler->input_count; i++) {
        if (sampler->inputs[i].source == source && sampler->inputs[i].value == value)
            return true;
    }
    return false;
}

static int note_input(struct sampler *sampler, enum source_id source, const char *name, size_t value)
{
    enum { STEP = 64 };

    if (has_input(sampler, source, value))
        return 0;
    if (sampler->input_count % STEP == 0) {
        struct sampler_input *inputs =
            reallocarray(sampler->inputs, sampler->input_count + STEP, sizeof(*sampler->inputs));
        if (!inputs)
            return -ENOMEM;
        sampler->inputs = inputs;
    }
    struct sampler_input *input = &sampler->inputs[sampler->input_count++];
    input->source = source;
    input->value = value;
    if (value >= sampler->highest_value[source])
        sampler->highest_value[source] = value + 1;
    memcpy(input->name, name, strlen(name) + 1); /* source_want() takes no longer one */
    return 0;
}

/* Wants a value of a source that may not be there yet. Returns its place among the source's, or a negative
 * errno. */
static int want_input(struct sampler *sampler, enum source_id id, const char *name)
{
    struct source **source = &sampler->sources[id];

    if (!*source)
        *source = source_new(id);
    if (!*source)
        return -ENOMEM;
    int value = source_want(*source, name);
    if (value < 0)
        return value;
    int error = note_input(sampler, id, name, (size_t)value);
    return error < 0 ? error : value;
}

static int add_term(struct formula *formula, struct sampler *sampler, const char *name, bool subtract)
{
    int value = want_input(sampler, formula->source, name);
    if (value < 0)
        return value;
    if (formula->term_count == FORMULA_TERMS_MAX)
        return -E2BIG;
    formula->terms[formula->term_count++] = (struct formula_term){(size_t)value, subtract};
    return 0;
}

/* KEYS as metrics.def defines it. */
static int add_terms(struct formula *formula, struct sampler *sampler, const char *keys)
{
    char name[64];

    while (*keys) {
        size_t length = strcspn(keys, " ");
        bool subtract = keys[0] == '-';
        if (length - subtract >= sizeof(name))
            return -ENAMETOOLONG;
        memcpy(name, keys + subtract, length - subtract);
        name[length - subtract] = '\0';
        if (strcmp(name, "1") == 0 && subtract) {
            formula->less = 1;
        } else {
            int error = add_term(formula, sampler, name, subtract);
            if (error < 0)
                return error;
        }
        keys += length;
        keys += strspn(keys, " ");
    }
    return 0;
}

static int make_formula(struct sampler *sampler, const struct metric *metric, size_t index)
{
    struct formula formula = {
        .kind = metric->kind,
        .scale = metric_scale(metric),
        .in_pages = metric->raw == RAW_PAGES,
        .source = metric->source,
    };
    int error = add_terms(&formula, sampler, metric->keys);
    if (error < 0)
        return error;
    sampler->formulas[index] = formula;
    return 0;
}

/* A share needs the whole to be a share of, and the number of CPUs to know that the whole is one. */
static int want_cpu_shares(struct sampler *sampler)
{
    int error = sampler_want(sampler, &metric_table[M_cpus_online], NULL);

    for (size_t i = M_FIRST_CPU_SHARE; error == 0 && i <= M_LAST_CPU_SHARE; i++)
        error = make_formula(sampler, &metric_table[i], i);
    return error;
}

/* One more metric behind those there are. */
static int grow(struct sampler *sampler)
{
    enum { STEP = 16 };
    int error = sampler->metric_count < sampler->room ? 0 : make_room(sampler, sampler->room + STEP);

    if (error == 0)
        sampler->metric_count++;
    return error;
}

int sampler_want(struct sampler *sampler, const struct metric *metric, size_t *index)
{
    bool in_table = metric >= metric_table && metric < metric_table + METRIC_TABLE_SIZE;
    size_t place = in_table ? (size_t)(metric - metric_table) : sampler->metric_count;

    if (!in_table) {
        int error = grow(sampler);
        if (error < 0)
            return error;
    }
    if (index)
        *index = place;
    if (sampler_wants(sampler, place))
        return 0;
    return metric->kind == METRIC_CPU_SHARE ? want_cpu_shares(sampler) : make_formula(sampler, metric, place);
}

struct wanting {
    struct sampler *sampler;
    enum source_id source;
};

static int want_name(void *context, const char *name)
{
    struct wanting *wanting = context;
    int value = want_input(wanting->sampler, wanting->source, name);
    return value < 0 ? value : 0;
}

int sampler_want_table(struct sampler *sampler)
{
    int error = 0;

    for (size_t i = 0; error == 0 && i < METRIC_TABLE_SIZE; i++)
        error = sampler_want(sampler, &metric_table[i], NULL);
    return error;
}

int sampler_want_all(struct sampler *sampler, const char *proc_path)
{
    struct wanting wanting = {.sampler = sampler};
    int proc_fd = open(proc_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    int error = 0;

    if (proc_fd < 0)
        return -errno;
    for (wanting.source = 0; error != -ENOMEM && wanting.source < SOURCE_COUNT; wanting.source++)
        error = source_each_name(wanting.source, proc_fd, want_name, &wanting);
    close(proc_fd);
    return error == -ENOMEM ? error : 0; /* what this kernel does not have is not wanted */
}

static int open_sources(struct sampler *sampler, int proc_fd, int *first_error, enum source_id *first_failed)
{
    int opened = 0;

    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        if (!sampler->sources[i])
            continue;
        int error = source_open(sampler->sources[i], proc_fd);
        sampler->errors[i] = error;
        if (error == 0) {
            opened++;
        } else if (*first_error == 0) {
            *first_error = error;
            *first_failed = (enum source_id)i;
        }
    }
    return opened;
}

/* Values of all sources stand in a snapshot one source after the other. */
static void place_values(struct sampler *sampler)
{
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        sampler->first_value[i] = sampler->value_count;
        if (sampler->sources[i])
            sampler->value_count += source_value_count(sampler->sources[i]);
    }
    for (size_t i = 0; i < sampler->input_count; i++)
        sampler->inputs[i].value += sampler->first_value[sampler->inputs[i].source];
    for (size_t i = 0; i < sampler->metric_count; i++) {
        struct formula *formula = &sampler->formulas[i];
        for (size_t t = 0; t < formula->term_count; t++)
            formula->terms[t].value += sampler->first_value[formula->source];
    }
}

static int list_wanted(struct sampler *sampler)
{
    sampler->wanted = calloc(sampler->metric_count, sizeof(*sampler->wanted));
    if (!sampler->wanted)
        return -ENOMEM;
    for (size_t i = 0; i < sampler->metric_count; i++) {
        if (sampler_wants(sampler, i))
            sampler->wanted[sampler->wanted_count++] = i;
    }
    return 0;
}

int sampler_arrange(struct sampler *sampler)
{
    place_values(sampler);
    return list_wanted(sampler);
}

void sampler_set_page_bytes(struct sampler *sampler, uint64_t page_bytes)
{
    for (size_t i = 0; i < sampler->metric_count; i++) {
        if (sampler_wants(sampler, i) && sampler->formulas[i].in_pages)
            sampler->formulas[i].scale = (double)page_bytes;
    }
}

const struct sampler_input *sampler_inputs(const struct sampler *sampler, size_t *count)
{
    *count = sampler->input_count;
    return sampler->inputs;
}

static const char *mend_of(int error)
{
    switch (error) {
    case -ENOENT:
        return "mount it (mount -t proc proc /proc), or name another with --proc DIR";
    case -EACCES:
    case -EPERM:
        return "run as a user who may read it";
    case -EMFILE:
    case -ENFILE:
        return "raise the limit of open files (ulimit -n)";
    case -ENOMEM:
        return "raise the limit of memory (ulimit -v)";
    default:
        return "name another folder with --proc DIR";
    }
}

int sampler_open(struct sampler *sampler, const char *proc_path, struct problem *problem)
{
    int proc_fd = open(proc_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (proc_fd < 0)
        return problem_set(problem, errno, "%s: %s: --proc takes the folder that /proc is mounted on",
                           proc_path, strerror(errno));

    int error = 0;
    enum source_id failed = 0;
    int opened = open_sources(sampler, proc_fd, &error, &failed);
    close(proc_fd);
    if (opened == 0 && error < 0) {
        return problem_set(problem, -error, "%s/%s: %s: %s", proc_path, source_path(failed), strerror(-error),
                           mend_of(error));
    }
    return sampler_arrange(sampler);
}

int sampler_source_error(const struct sampler *sampler, enum source_id source)
{
    return sampler->errors[source];
}

struct snapshot *snapshot_new(const struct sampler *sampler)
{
    return calloc(1, sizeof(struct snapshot) + sampler->value_count * sizeof(struct value));
}

void sampler_read(struct sampler *sampler, struct snapshot *snapshot)
{
    snapshot->monotonic_ns = clock_monotonic_ns();
    snapshot->wall_ns = clock_wall_ns();
    for (size_t i = 0; i < SOURCE_COUNT; i++) {
        if (sampler->sources[i])
            source_read(sampler->sources[i], snapshot->values + sampler->first_value[i]);
    }
}

void sampler_make_boot(const struct sampler *sampler, const struct snapshot *now, uint64_t uptime_ns,
                       struct snapshot *boot)
{
    memcpy(boot, now, sizeof(*now) + sampler->value_count * sizeof(struct value));
    boot->monotonic_ns -= uptime_ns; /* wraps where the machine has slept: differences are right */
    for (size_t i = 0; i < sampler->wanted_count; i++) {
        const struct formula *formula = &sampler->formulas[sampler->wanted[i]];
        for (size_t t = 0; formula->kind != METRIC_GAUGE && t < formula->term_count; t++)
            boot->values[formula->terms[t].value].number = 0;
    }
}

size_t sampler_metric_count(const struct sampler *sampler)
{
    return sampler->metric_count;
}

const size_t *sampler_wanted(const struct sampler *sampler, size_t *count)
{
    *count = sampler->wanted_count;
    return sampler->wanted;
}

bool sampler_wants(const struct sampler *sampler, size_t index)
{
    return sampler->formulas[index].term_count > 0;
}

bool sampler_has(const struct sampler *sampler, size_t index, const struct snapshot *snapshot)
{
    const struct formula *formula = &sampler->formulas[index];
    bool added = false;

    for (size_t t = 0; t < formula->term_count; t++) {
        bool present = snapshot->values[formula->terms[t].value].present;
        if (formula->terms[t].subtract && !present)
            return false;
        added |= !formula->terms[t].subtract && present;
    }
    return added;
}

struct value sampler_total(const struct sampler *sampler, size_t index, const struct snapshot *snapshot)
{
    const struct formula *formula = &sampler->formulas[index];
    struct value total = {0, sampler_has(sampler, index, snapshot)};
    uint64_t less = formula->less;

    for (size_t t = 0; t < formula->term_count; t++) {
        const struct value *value = &snapshot->values[formula->terms[t].value];
        uint64_t *sum = formula->terms[t].subtract ? &less : &total.number;
        if (value->present && __builtin_add_overflow(*sum, value->number, sum))
            return (struct value){0, false};
    }
    if (!total.present)
        return (struct value){0, false};
    total.number = total.number > less ? total.number - less : 0;
    return total;
}

bool sampler_source_is_silent(const struct sampler *sampler, enum source_id source,
                              const struct snapshot *snapshot)
{
    size_t count = sampler->sources[source] ? source_value_count(sampler->sources[source]) : 0;
    const struct value *values = snapshot->values + sampler->first_value[source];

    for (size_t i = 0; i < count; i++) {
        if (values[i].present)
            return false;
    }
    return count > 0;
}

const struct formula *sampler_formulas(const struct sampler *sampler)
{
    return sampler->formulas;
}
