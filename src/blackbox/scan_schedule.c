#include "blackbox/scan_schedule.h"

#include "base/clock.h"

/* In peace, scans take a 50,000th of the time: 20 microseconds of a second, half of what reading the counters
 * takes. Where memory goes, a thousandth. */
static const uint64_t peace_rest_factor = 50000;
static const uint64_t peace_rest_least_ns = 10 * NS_PER_SECOND;
static const uint64_t stirred_rest_factor = 1000;

static const double short_share = 0.20;        /* of all memory is available, or less */
static const double fall_share = 0.05;         /* of all memory has gone since the last scan */
static const double stirred_share = 1.0 / 256; /* the same: 64M of 16G */
static const double stall_percent = 1;         /* of the time some task stood still for memory */
static const double major_per_second = 50;     /* as the alert has it by default */

static const enum metric_id inputs[] = {
    M_mem_available_bytes,
    M_mem_total_bytes,
    M_memory_some_stall_percent,
    M_major_faults_per_second,
};

int scan_schedule_want(struct sampler *sampler)
{
    for (size_t i = 0; i < sizeof(inputs) / sizeof(*inputs); i++) {
        int error = sampler_want(sampler, &metric_table[inputs[i]], NULL);
        if (error < 0)
            return error;
    }
    return 0;
}

/* Of what is absent none of the comparisons is true. */
bool scan_schedule_is_urgent(const struct scan_schedule *schedule, const struct interval *interval)
{
    const double *values = interval->values;
    double available_bytes = values[M_mem_available_bytes];
    double total_bytes = values[M_mem_total_bytes];

    return available_bytes < total_bytes * short_share ||
           schedule->available_bytes - available_bytes > total_bytes * fall_share ||
           values[M_memory_some_stall_percent] >= stall_percent ||
           values[M_major_faults_per_second] > major_per_second;
}

static bool is_stirred(const struct scan_schedule *schedule, const double *values)
{
    return schedule->available_bytes - values[M_mem_available_bytes] >
           values[M_mem_total_bytes] * stirred_share;
}

bool scan_schedule_is_due(const struct scan_schedule *schedule, uint64_t now_ns,
                          const struct interval *interval)
{
    return !schedule->begun || now_ns >= schedule->due_ns || scan_schedule_is_urgent(schedule, interval) ||
           (now_ns >= schedule->stirred_ns && is_stirred(schedule, interval->values));
}

void scan_schedule_done(struct scan_schedule *schedule, uint64_t now_ns, uint64_t took_ns,
                        const struct interval *interval)
{
    uint64_t rest_ns = took_ns * peace_rest_factor;

    *schedule = (struct scan_schedule){
        .begun = true,
        .due_ns = now_ns + (rest_ns > peace_rest_least_ns ? rest_ns : peace_rest_least_ns),
        .stirred_ns = now_ns + took_ns * stirred_rest_factor,
        .available_bytes = interval->values[M_mem_available_bytes],
    };
}
