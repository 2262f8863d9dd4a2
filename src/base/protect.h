/* Staying alive on a machine that runs out of memory: who watches it should not be the one to go. */
#pragma once

/*
 * Locks all memory of the program, what it will map later too, and asks the kernel's OOM killer to take
 * everybody else first (oom_score_adj -999; -1000 would exempt it from the limit of its own cgroup as well).
 * The calling thread runs before others (nice -20). What is refused is said on standard error, with what it
 * would need, and goes without; but for the nice value, without which it may come late and no more.
 */
void protect_self(void);

/* Asks the OOM killer alone for that, and says nothing. Returns 0 or a negative errno: -EACCES without
 * CAP_SYS_RESOURCE. */
int protect_from_oom_killer(void);

/* Before root is given up, with which goes the right to lock memory beyond a limit (RLIMIT_MEMLOCK): raises
 * that, or where it cannot be, locks no more than by now. Without protect_self() nothing is done. */
void protect_outlive_root(void);

/* For a child that becomes another program: gives it the oom_score_adj, the nice value and the limit that
 * faultline was started with. */
void protect_give_back(void);
