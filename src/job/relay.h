/*
 * Signals that reach faultline while a job runs. The job's command is in faultline's process group, so that
 * what the terminal sends, and what is sent to the group, has reached it already; what one process sends to
 * faultline alone is handed on. What a process sends to the group cannot be told from that, and reaches the
 * command twice.
 */
#pragma once

#include "base/loop.h"
#include "job/keeper.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

/* The signal that was handed on last, and who sent it; signal 0: none. */
struct relay_passed {
    int signal;
    pid_t pid;
    uint32_t uid;
};

struct relay {
    struct loop_source source;
    struct keeper *keeper;
    bool over; /* the command has ended, others of the job are waited for: a signal that asks for the end ends
                  them */
    struct relay_passed passed;
    bool interrupted;                   /* by Ctrl-C: the terminal sent SIGINT */
    void (*child_ended)(void *context); /* SIGCHLD */
    void *context;
};

/* Blocks all signals but those of faults, and sets *BEFORE to what was blocked. */
void relay_block(sigset_t *before);

/* Reads them from the loop from here on. KEEPER may be started later. Returns 0 or a negative errno. */
int relay_open(struct relay *relay, struct loop *loop, struct keeper *keeper);
void relay_close(struct relay *relay);

/* Outside of the loop: whether a signal that asks for the end has come since. What else has is dropped. */
bool relay_wants_end(struct relay *relay);
