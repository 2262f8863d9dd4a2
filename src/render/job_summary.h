/* What a job cost and what ended it, for people: at most 24 lines, and as JSON. */
#pragma once

#include "base/text.h"
#include "job/account.h"
#include "render/trace_table.h"

enum {
    JOB_SUMMARY_LINES = 24,
    JOB_DEATHS_SHOWN = 5, /* of each at the most; fewer where much else is to be told */
    JOB_FAULTS_SHOWN = 5,
};

/* An upper bound for what either of the two needs: a command may have megabytes of words. */
size_t job_summary_max(const struct job_account *account);

/* TRACE is of account->faults; NULL without. */
void job_summary_put(struct text *text, const struct job_account *account, const struct trace_summary *trace);

/* An object of type "job". What a trace told is an object of its own, see json_trace.h. */
void job_summary_put_json(struct text *text, const struct job_account *account);
