#include "metric/interval.h"

#include "base/clock.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

int interval_init(struct interval *interval, const struct sampler *sampler)
{
    size_t count = sampler_metric_count(sampler);

    *interval = (struct interval){.values = malloc(count * sizeof(double)), .value_count = count};
    if (!interval->values)
        return -ENOMEM;
    for (size_t i = 0; i < count; i++)
        interval->values[i] = NAN;
    return 0;
}

void interval_free(struct interval *interval)
{
    free(interval->values);
    *interval = (struct interval){0};
}

/* Unlike fmax() and fmin(), these keep what is absent absent: a comparison with NAN is false. */
static double at_least(double number, double floor)
{
    return number < floor ? floor : number;
}

static double at_most(double number, double ceiling)
{
    return number > ceiling ? ceiling : number;
}

/* The state of now. A difference of two numbers that were not read at one instant may dip below zero: that is
 * zero. */
static double state(const struct formula *formula, const struct snapshot *now)
{
    double sum = -(double)formula->less;
    bool added = false;

    for (size_t t = 0; t < formula->term_count; t++) {
        const struct formula_term *term = &formula->terms[t];
        const struct value *value = &now->values[term->value];
        if (term->subtract && !value->present)
            return NAN;
        if (!value->present)
            continue;
        sum += term->subtract ? -(double)value->number : (double)value->number;
        added |= !term->subtract;
    }
    return added ? at_least(sum, 0) * formula->scale : NAN;
}

struct growth {
    double amount;  /* NAN where a number is missing at either end */
    bool backwards; /* one of the counters stepped back */
};

static struct growth growth(const struct formula *formula, const struct snapshot *before,
                            const struct snapshot *after)
{
    struct growth growth = {0};
    bool added = false;

    for (size_t t = 0; t < formula->term_count; t++) {
        const struct formula_term *term = &formula->terms[t];
        const struct value *old = &before->values[term->value];
        const struct value *new = &after->values[term->value];
        if (!old->present || !new->present) {
            if (term->subtract || old->present || new->present)
                return (struct growth){.amount = NAN};
            continue;
        }
        bool backwards = new->number < old->number;
        /* Subtract first: a double holds 53 bits, a counter 64. */
        double change =
            backwards ? -(double)(old->number - new->number) : (double)(new->number - old->number);
        growth.backwards |= backwards;
        growth.amount += term->subtract ? -change : change;
        added |= !term->subtract;
    }
    if (!added)
        growth.amount = NAN;
    return growth;
}

/* A counter's growth in the metric's unit, or absent. */
static double scaled_growth(const struct formula *formula, const struct snapshot *before,
                            const struct snapshot *after)
{
    struct growth grown = growth(formula, before, after);
    return grown.backwards ? NAN : at_least(grown.amount, 0) * formula->scale;
}

/*
 * The kernel books the time of an idle CPU as idle or as I/O wait by what is true at the instant of the read,
 * and may book a stretch again under the other name at the next one (get_idle_time(), get_iowait_time()): one
 * steps back, the other forward by as much. Their sum is right.
 */
static void settle_idle_and_iowait(double *idle, double *iowait)
{
    double sum = *idle + *iowait;

    if (*idle < 0) {
        *idle = 0;
        *iowait = sum;
    } else if (*iowait < 0) {
        *iowait = 0;
        *idle = sum;
    }
}

static bool same_cpus(const struct sampler *sampler, const struct snapshot *before,
                      const struct snapshot *after)
{
    const struct formula *cpus = &sampler_formulas(sampler)[M_cpus_online];
    return state(cpus, before) == state(cpus, after); /* false where either is absent */
}

/* Ticks that each CPU_SHARE row took, into TICKS by its place in the table, and their sum; NAN where they
 * mean nothing. */
static double cpu_ticks(double *ticks, const struct sampler *sampler, const struct snapshot *before,
                        const struct snapshot *after)
{
    const struct formula *formulas = sampler_formulas(sampler);
    double sum = 0;

    if (!same_cpus(sampler, before, after))
        return NAN;
    for (size_t i = M_FIRST_CPU_SHARE; i <= M_LAST_CPU_SHARE; i++) {
        struct growth grown = growth(&formulas[i], before, after);
        bool may_step_back = i == M_cpu_idle_percent || i == M_cpu_iowait_percent;
        if ((grown.backwards && !may_step_back) || (isnan(grown.amount) && i == M_cpu_user_percent))
            return NAN;
        if (isnan(grown.amount))
            grown.amount = 0; /* a field that this kernel does not have took no time */
        ticks[i] = grown.backwards ? grown.amount : at_least(grown.amount, 0);
        sum += ticks[i];
    }
    settle_idle_and_iowait(&ticks[M_cpu_idle_percent], &ticks[M_cpu_iowait_percent]);
    return ticks[M_cpu_idle_percent] < 0 || ticks[M_cpu_iowait_percent] < 0 ? NAN : sum;
}

static void compute_cpu_shares(struct interval *interval, const struct sampler *sampler,
                               const struct snapshot *before, const struct snapshot *after)
{
    double ticks[METRIC_TABLE_SIZE] = {0};
    double sum = cpu_ticks(ticks, sampler, before, after);

    for (size_t i = M_FIRST_CPU_SHARE; i <= M_LAST_CPU_SHARE; i++)
        interval->values[i] = sum > 0 && sampler_has(sampler, i, after) ? ticks[i] * 100 / sum : NAN;
}

static double compute(const struct formula *formula, double seconds, const struct snapshot *before,
                      const struct snapshot *after)
{
    switch (formula->kind) {
    case METRIC_GAUGE:
        return state(formula, after);
    case METRIC_INCREASE:
        return scaled_growth(formula, before, after);
    case METRIC_RATE:
        return scaled_growth(formula, before, after) / seconds;
    case METRIC_STALL: /* a read a few microseconds late would make 100.01 of it */
        return at_most(scaled_growth(formula, before, after) / (seconds * 1e6) * 100, 100);
    default:
        return NAN;
    }
}

void interval_compute(struct interval *interval, const struct sampler *sampler, const struct snapshot *before,
                      const struct snapshot *after)
{
    interval->wall_ns = after->wall_ns;
    interval->since_boot = false;
    interval->seconds = (double)(after->monotonic_ns - before->monotonic_ns) / (double)NS_PER_SECOND;

    const struct formula *formulas = sampler_formulas(sampler);
    size_t count;
    const size_t *wanted = sampler_wanted(sampler, &count);
    for (size_t i = 0; i < count; i++) {
        const struct formula *formula = &formulas[wanted[i]];
        if (formula->kind != METRIC_CPU_SHARE)
            interval->values[wanted[i]] = compute(formula, interval->seconds, before, after);
    }
    if (sampler_wants(sampler, M_cpu_idle_percent))
        compute_cpu_shares(interval, sampler, before, after);
}
