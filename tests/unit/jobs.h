/* A job's account for those who render it: one with nothing in it, and one with everything. */
#pragma once

#include "job/account.h"
#include "kernel/span.h"
#include "metric/fault_tally.h"
#include "support.h"

struct job {
    struct job_account account;
    struct footprint footprint;
    struct job_deaths deaths;
    struct fault_rows faults;
    struct fault_row rows[8];
    struct fault_pair pairs[8];
    struct trace_summary trace;
};

/* It ran for ten seconds, and nothing else is known. COMMAND is terminated. */
static inline void job_nothing(struct job *job, char *const *command)
{
    *job = (struct job){
        .account = {.command = command,
                    .seconds = 10,
                    .footprint = &job->footprint,
                    .deaths = &job->deaths,
                    .stalls = {false, NAN, NAN, NAN, NAN, NAN},
                    .refaults = {false, NAN, NAN, NAN},
                    .memory_bytes = NAN,
                    .peak_anon_bytes = NAN},
        .deaths = {.command = 100, .keeper = 99},
    };
}

/* All that there can be is there; of names and paths each is NAME. */
static inline void job_everything(struct job *job, char *const *command, const char *name)
{
    job_nothing(job, command);
    job->account.status = 9;                                      /* SIGKILL */
    job->account.end_wall_ns = UINT64_C(1795443690) * 1000000000; /* 2026-11-23 14:21:30 UTC */
    job->account.usage = (struct job_usage){
        .minor_faults = 1204311,
        .major_faults = 999,
        .user_seconds = 8.25,
        .system_seconds = 1.5,
        .voluntary_switches = 1000,
        .involuntary_switches = 100,
        .read_bytes = UINT64_C(100) << 20,
        .written_bytes = UINT64_C(5) << 20,
        .largest_rss_bytes = UINT64_C(900) << 20,
        .unwaited_cpu_seconds = 0.25,
    };
    job->footprint = (struct footprint){.processes = 3,
                                        .peak_bytes = UINT64_C(1000) << 20,
                                        .most_processes = 7,
                                        .largest = {.pid = 4250, .rss_bytes = UINT64_C(890) << 20},
                                        .looks = 40};
    SPAN_KEEP(job->footprint.largest.comm, span_of(name));
    job->account.stalls = (struct job_stalls){false, 0.5, 5, 4.1, 3, 2};
    job->account.refaults = (struct job_refaults){false, 60 * 1048576.0, 0, NAN};
    job->account.memory_bytes = 0x1p30;
    job->account.cgroup = name;
    job->account.limit_bytes = some(1 << 30);
    job->account.last.peak_bytes = some(1 << 30);
    job->account.ended_processes = some(12);
    job->account.ended_by_us = 2;
    job->account.left = 1;
    for (size_t i = 0; i < JOB_LEFT_OUT_MAX; i++)
        job->account.left_out[job->account.left_out_count++] = name;
    for (int i = 0; i < JOB_DEATHS_MAX; i++) {
        struct job_death *death = &job->deaths.list[job->deaths.count++];
        *death = (struct job_death){.pid = 100 + i,
                                    .signal = 9,
                                    .cause = DEATH_BY_LIMIT_ABOVE,
                                    .rss_bytes = some(900 << 20),
                                    .limit_bytes = some(1 << 30)};
        SPAN_KEEP(death->comm, span_of(name));
        SPAN_KEEP(death->limit_cgroup, span_of(name));
        SPAN_KEEP(death->file, span_of(name));
        SPAN_KEEP(death->full.path, span_of(name));
        SPAN_KEEP(death->sender_comm, span_of(name));
    }
    job->deaths.oom_kills = 40;
    job->deaths.unnamed = 3;
    job->deaths.beyond = 5;
    for (size_t i = 0; i < COUNT_OF(job->rows); i++) {
        job->pairs[i] = (struct fault_pair){.key = {.pid = (uint32_t)(200 + i), .backing = FAULT_FILE},
                                            .named = true,
                                            .path = (char *)name,
                                            .cgroup = (char *)name};
        SPAN_KEEP(job->pairs[i].comm, span_of(name));
        job->rows[i] = (struct fault_row){&job->pairs[i], {.faults = 10, .total_ns = 1200000}};
    }
    job->faults =
        (struct fault_rows){.list = job->rows,
                            .count = COUNT_OF(job->rows),
                            .all = {.faults = 80, .total_ns = 9600000, .max_ns = 84000, .waits = 4}};
    job->faults.all.buckets[fault_bucket(84000)] = 80;
    job->trace = (struct trace_summary){.seconds = 10, .has_waits = true};
    job->account.faults = &job->faults;
}
