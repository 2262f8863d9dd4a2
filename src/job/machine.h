/* What the machine did while a job ran: what is told where the job has no cgroup of its own to be asked. */
#pragma once

#include "job/account.h"
#include "metric/series.h"

struct job_machine {
    struct series series;
};

/* Begins. What the kernel does not give is absent at the end. Returns 0 or -ENOMEM. Free with
 * job_machine_free(); of a zeroed one nothing becomes. */
int job_machine_begin(struct job_machine *machine);
void job_machine_free(struct job_machine *machine);

/* Ends: fills what of ACCOUNT is of the machine. */
void job_machine_end(struct job_machine *machine, struct job_account *account);

/* What the job's cgroup says takes the place of that: NOW less FIRST, as when the job began. */
void job_machine_give_way(struct job_account *account, const struct cgroup_account *first,
                          const struct cgroup_account *now);
