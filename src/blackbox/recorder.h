/*
 * The recorder: samples and events of the running machine into a file, with the processes that matter.
 *
 *     recorder_want on a sampler, sampler_open, recorder_open, recorder_begin with the first snapshot, then
 *     recorder_take at every beat, recorder_note between, recorder_end
 */
#pragma once

#include "base/problem.h"
#include "blackbox/store.h"
#include "metric/interval.h"
#include "watch/event.h"
#include "watch/watch.h"

#define RECORDER_SYNC_SECONDS 10

struct recorder_settings {
    struct store_settings store;
    const char *proc_path;
    uint64_t interval_ns;
    size_t processes; /* by each criterion, up to PROCESS_SCAN_MOST_MAX; 0: none */
    struct watch_settings watch;
    bool no_alerts;
};

struct recorder;

/* Wants every value that the kernel has below PROC_PATH. Returns 0 or a negative errno. */
int recorder_want(struct sampler *sampler, const char *proc_path);

/* Opens the file for what SAMPLER, which is open, reads. Sets *RECORDER. Returns 0 or a negative errno, with
 * *PROBLEM set where it has a story. */
int recorder_open(struct recorder **recorder, const struct recorder_settings *settings,
                  const struct sampler *sampler, struct problem *problem);

/* How much of the file's promise does not hold on its file system, for people; NULL: it holds. */
const char *recorder_caveat(const struct recorder *recorder);

/* These return 0, or a negative errno of writing: what was to be written is missing then, and the next is
 * tried as ever. */

/* A run begins. */
int recorder_begin(struct recorder *recorder, const struct snapshot *snapshot);

/* A beat: the interval and the snapshot at its end. The processes are read where they are due. */
int recorder_take(struct recorder *recorder, const struct snapshot *snapshot,
                  const struct interval *interval);

/* An event, on its way to the disk at once where it is critical. */
int recorder_note(struct recorder *recorder, const struct event *event);

/* The run ends in order, and is on the disk. */
int recorder_end(struct recorder *recorder);

/* Leaves the file as it is. NULL is allowed. */
void recorder_close(struct recorder *recorder);
