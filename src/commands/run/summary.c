/* What a job cost, put together and printed. */
#include "base/clock.h"
#include "commands/run/run.h"
#include "render/job_summary.h"
#include "render/json_trace.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

static void leave_out_what_was_lost(struct run *run)
{
    if (run->deaths_source && process_deaths_lost(run->deaths_source) > 0)
        run_leave_out(run, "what ended some processes", "they ended faster than could be read");
    if (run->rows_untaken > 0)
        run_leave_out(run, "some rows", "nobody read them in time");
    if (run->footprint.cut)
        run_leave_out(run, "the memory of some processes", "there were more than 4096 at a time");
    if (run->deaths.suspected > 0)
        run_leave_out(run, "whose the OOM kills on this machine were meanwhile",
                      "root reads it in the kernel's log");
}

static struct value less(uint64_t all, long before)
{
    return (struct value){all > (uint64_t)before ? all - (uint64_t)before : 0, true};
}

/* In place of perf's: what the command's process had used up before it began is among them. */
static void take_ended_faults(const struct run *run, struct perf_inherit_counts *counts)
{
    struct ended_faults faults = process_deaths_faults(run->deaths_source);

    counts->minor_faults = less(faults.minor, run->before.ru_minflt);
    counts->major_faults = less(faults.major, run->before.ru_majflt);
}

static void account_for(struct run *run)
{
    struct job_account *account = &run->account;
    struct job_instant now;

    oom_watch_finish(run->oom_watch);
    if (run->deaths_source) {
        run_take_deaths(run);
        account->ended_processes = (struct value){process_deaths_count(run->deaths_source), true};
    }
    run_take_instant(run, &now);
    if (run->deaths_source)
        take_ended_faults(run, &now.counts);
    account->command = run->settings.command;
    account->end_wall_ns = clock_wall_ns();
    account->seconds = (double)(run->ended_ns - run->began_ns) / (double)NS_PER_SECOND;
    account->footprint = &run->footprint;
    account->deaths = &run->deaths;
    account->ended_by_us = run->ended.ended_by_us;
    account->left = run->ended.left;
    job_usage_make(&account->usage, &run->ended.usage, &run->before, &now.counts);
    job_machine_end(&run->machine, account);
    if (run->has_cgroup) {
        account->last = now.account;
        job_machine_give_way(account, &run->first.account, &now.account);
    }
    account->allocations.failed = now.counts.failed_allocations;
    job_deaths_settle(&run->deaths);
    leave_out_what_was_lost(run);
}

static void put_trace_json(struct run *run, struct text *text)
{
    for (size_t i = 0; i < run->tally.rows.count; i++) {
        json_put_fault_latency(text, &run->tally.rows.list[i], FAULTS_BY_PAIR, &run->tally.summary);
        run_put(run, text);
        text->length = 0;
    }
    if (run->tally.rows.others_latency.faults + run->tally.rows.others_latency.waits > 0) {
        json_put_fault_others(text, &run->tally.rows, &run->tally.summary);
        run_put(run, text);
        text->length = 0;
    }
    json_put_trace(text, &run->tally.rows, &run->tally.summary);
    run_put(run, text);
}

static_assert(JSON_FAULT_MAX <= JOB_FAULTS_SHOWN * TRACE_TABLE_LINE_MAX,
              "a summary's room is enough for an object of its trace");

int run_summarize(struct run *run)
{
    account_for(run);
    int error = run->tally.trace ? fault_tally_finish(&run->tally, FAULTS_BY_PAIR) : 0;
    if (error < 0)
        run_leave_out(run, "major faults one by one", strerror(-error));
    else if (run->tally.trace)
        run->account.faults = &run->tally.rows;
    struct text text = text_new(job_summary_max(&run->account));
    if (!text.bytes)
        return -ENOMEM;
    if (run->settings.json)
        job_summary_put_json(&text, &run->account);
    else
        job_summary_put(&text, &run->account, &run->tally.summary);
    run_put(run, &text);
    text.length = 0;
    if (run->settings.json && run->account.faults)
        put_trace_json(run, &text);
    text_free(&text);
    return 0;
}
