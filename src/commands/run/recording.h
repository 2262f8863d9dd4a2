/* The black box beside a job: `faultline record` as a process of its own, which ends with the job. */
#pragma once

#include <signal.h>
#include <sys/types.h>

/* Starts it, into the file PATH, with the signals that MASK has blocked. What it cannot do it says itself.
 * Returns its pid or a negative errno. */
pid_t recording_start(const char *path, const sigset_t *mask);

/* Ends it in order, and waits for that. Of a pid that is not above 0 nothing becomes. */
void recording_end(pid_t pid);
