#include "metric/fold.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#define PEAK(metric_id, is_lowest, suffix, peak_heading, peak_width, peak_kind, peak_unit, words)            \
    {                                                                                                        \
        .of = M_##metric_id, .lowest = (is_lowest), .metric = {                                              \
            .id = #metric_id suffix,                                                                         \
            .kind = METRIC_##peak_kind,                                                                      \
            .unit = METRIC_##peak_unit,                                                                      \
            .heading = (peak_heading),                                                                       \
            .width = (peak_width),                                                                           \
            .help = (words),                                                                                 \
        }                                                                                                    \
    }

const struct fold_peak fold_peaks[] = {
    PEAK(mem_available_bytes, true, "_lowest", "avail.lo", 8, GAUGE, BYTES, "the least that could be had"),
    PEAK(major_faults_per_second, false, "_highest", "maj.hi", 6, RATE, COUNT, "the most in a sample"),
    PEAK(context_switches_per_second, false, "_highest", "cs.hi", 5, RATE, COUNT, "the most in a sample"),
    PEAK(memory_full_stall_percent, false, "_highest", "memF.hi", 7, STALL, PERCENT, "the most in a sample"),
};

const size_t fold_peak_count = sizeof(fold_peaks) / sizeof(*fold_peaks);

int fold_init(struct fold *fold, const struct sampler *sampler)
{
    size_t count = sampler_metric_count(sampler) + fold_peak_count;

    *fold = (struct fold){
        .sampler = sampler,
        .interval = {.values = calloc(count, sizeof(double)), .value_count = count},
        .present_seconds = calloc(count, sizeof(double)),
    };
    if (!fold->interval.values || !fold->present_seconds) {
        fold_free(fold);
        return -ENOMEM;
    }
    fold_clear(fold);
    return 0;
}

void fold_free(struct fold *fold)
{
    interval_free(&fold->interval);
    free(fold->present_seconds);
    *fold = (struct fold){0};
}

size_t fold_peak_index(const struct fold *fold, size_t peak)
{
    return fold->interval.value_count - fold_peak_count + peak;
}

void fold_clear(struct fold *fold)
{
    fold->interval.seconds = 0;
    for (size_t i = 0; i < fold->interval.value_count; i++) {
        fold->interval.values[i] = NAN;
        fold->present_seconds[i] = 0;
    }
}

static void fold_value(struct fold *fold, size_t index, double value, double seconds)
{
    double *folded = &fold->interval.values[index];
    double *present = &fold->present_seconds[index];
    double before = zero_if_absent(*folded);

    switch (sampler_formulas(fold->sampler)[index].kind) {
    case METRIC_GAUGE:
        *folded = value;
        return;
    case METRIC_INCREASE:
        if (!isnan(value))
            *folded = before + value;
        return;
    default:
        if (isnan(value))
            return;
        *folded = (before * *present + value * seconds) / (*present + seconds);
        *present += seconds;
    }
}

static void fold_extreme(struct fold *fold, size_t peak, const struct interval *interval)
{
    double *extreme = &fold->interval.values[fold_peak_index(fold, peak)];
    double value = interval->values[fold_peaks[peak].of];
    bool farther = fold_peaks[peak].lowest ? value < *extreme : value > *extreme;

    if (isnan(*extreme) || farther)
        *extreme = value;
}

void fold_add(struct fold *fold, const struct interval *interval)
{
    size_t count;
    const size_t *wanted = sampler_wanted(fold->sampler, &count);

    for (size_t i = 0; i < count; i++)
        fold_value(fold, wanted[i], interval->values[wanted[i]], interval->seconds);
    for (size_t peak = 0; peak < fold_peak_count; peak++)
        fold_extreme(fold, peak, interval);
    fold->interval.seconds += interval->seconds;
    fold->interval.wall_ns = interval->wall_ns;
}
