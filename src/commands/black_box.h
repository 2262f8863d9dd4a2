/* A command that records: the recorder, and what becomes of a disk that fails. */
#pragma once

#include "blackbox/recorder.h"
#include "commands/blackbox_path.h"
#include "commands/lesser_user.h"

struct black_box {
    char path[BLACKBOX_PATH_MAX];
    uint64_t failures; /* samples and events that could not be recorded when they came */

    /* its own */
    struct recorder *recorder;
    uint64_t failures_in_a_row;
};

/* Where it records: PATH, or where that is NULL this user's own, in folders that are OWNER's where they have
 * to be made; NULL: the caller's. Returns 0, or a negative errno with *PROBLEM set. */
int black_box_choose_path(struct black_box *box, const char *path, const struct account *owner,
                          struct problem *problem);

/* Opens the file, as USER where one is named, for what SAMPLER, which is open, reads. The path of SETTINGS is
 * set here. As recorder_open(). */
int black_box_open(struct black_box *box, struct recorder_settings settings, const struct sampler *sampler,
                   const struct lesser_user *user, struct problem *problem);

/* Begins with the first snapshot, and says where on standard error. Returns 0, or a negative errno with
 * *PROBLEM set. */
int black_box_begin(struct black_box *box, const struct snapshot *snapshot, struct problem *problem);

/* As the recorder's. A disk may come back: what fails is told once on standard error, and is no end. */
void black_box_take(struct black_box *box, const struct snapshot *snapshot, const struct interval *interval);
void black_box_note(struct black_box *box, const struct event *event);

/* The run ends in order. Returns 0, or a negative errno with *PROBLEM set. */
int black_box_end(struct black_box *box, struct problem *problem);

/* Of a zeroed one nothing becomes. */
void black_box_close(struct black_box *box);

/* For options: sizes of the file that are possible; an interval in seconds. */
int black_box_apply_size(void *bytes, const char *value);
int black_box_apply_interval(void *seconds, const char *value);
#define BLACK_BOX_SIZE_EXPECTED     "a size from 1M to 1T, such as 64M"
#define BLACK_BOX_INTERVAL_EXPECTED "seconds from 0.01 to 3600"
