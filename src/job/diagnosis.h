/* Why a job ended, and what it waited for, in a sentence each, where the figures carry one. The rules and
 * their sources: docs/diagnosis.md. */
#pragma once

#include "base/text.h"
#include "job/account.h"

enum job_ending {
    JOB_ENDED_BY_ITSELF, /* nothing is to be said beyond its status */
    JOB_OUT_OF_OWN_LIMIT,
    JOB_OUT_OF_LIMIT_ABOVE,
    JOB_OUT_OF_MACHINE,
    JOB_OUT_OF_MEMORY, /* of which limit is not known */
    JOB_FILE_SYSTEM_FULL,
    JOB_ALLOCATION_FAILED,
    JOB_KILLED_BY_SOMEBODY,
    JOB_SIGNALED,
};

enum job_wait {
    JOB_WAITED_FOR_NOTHING, /* or the figures do not say */
    JOB_WAITED_FOR_EVICTED_PAGES,
    JOB_WAITED_FOR_SWAP,
    JOB_WAITED_FOR_FIRST_READS,
    JOB_WAITED_FOR_RECLAIM,
};

enum job_ending job_ending_of(const struct job_account *account);
enum job_wait job_wait_of(const struct job_account *account);

/* "own_limit", "file_thrash"; NULL where nothing is to be said. */
const char *job_ending_name(enum job_ending ending);
const char *job_wait_name(enum job_wait wait);

/* A sentence, without a newline; nothing where nothing is to be said. */
void job_ending_put(struct text *text, const struct job_account *account);
void job_wait_put(struct text *text, const struct job_account *account);
