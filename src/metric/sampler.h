/*
 * Reads what a set of metrics needs, and nothing else: a file that no wanted metric comes from is not opened.
 *
 *     sampler_new, sampler_want…, sampler_open, snapshot_new, then sampler_read at every row
 */
#pragma once

#include "base/problem.h"
#include "metric/metric.h"

#include <stdbool.h>
#include <stdint.h>

/* The raw numbers at one instant. */
struct snapshot {
    uint64_t monotonic_ns; /* just before the files were read */
    uint64_t wall_ns;
    struct value values[]; /* in the sampler's order */
};

struct sampler;

/* NULL without memory. */
struct sampler *sampler_new(void);
void sampler_free(struct sampler *sampler);

/*
 * Wants a row of metric_table, or another metric, which has to live as long as the sampler. *INDEX, where not
 * NULL, is set to its place in an interval's values; for a row of the table that is its enum metric_id. Only
 * before sampler_open(). Returns 0 or a negative errno.
 */
int sampler_want(struct sampler *sampler, const struct metric *metric, size_t *index);

/* Wants all rows of metric_table. */
int sampler_want_table(struct sampler *sampler);

/*
 * Wants every value that the files below PROC_PATH have now, keys that no metric knows included. Only before
 * sampler_open(). Returns 0 or a negative errno.
 */
int sampler_want_all(struct sampler *sampler, const char *proc_path);

/* In place of sampler_open() where the snapshots come from elsewhere, from a recording say. */
int sampler_arrange(struct sampler *sampler);

/* The page size of the machine that the snapshots are of, where it is not this one. After all is wanted. */
void sampler_set_page_bytes(struct sampler *sampler, uint64_t page_bytes);

/* A value that is wanted, by its name. */
struct sampler_input {
    enum source_id source;
    char name[64];
    size_t value; /* its place in a snapshot; known once opened or arranged */
};

/* All of them, COUNT, each once, in the order in which they were wanted. */
const struct sampler_input *sampler_inputs(const struct sampler *sampler, size_t *count);

/*
 * Opens the files below PROC_PATH. A file that this kernel does not have, or that may not be read, leaves its
 * metrics absent. Where none of the wanted ones opens, or PROC_PATH itself does not, fills *PROBLEM and
 * returns a negative errno.
 */
int sampler_open(struct sampler *sampler, const char *proc_path, struct problem *problem);

/* The error that kept a source from being opened or read at the start, as a negative errno; 0 where it is
 * open or not wanted. */
int sampler_source_error(const struct sampler *sampler, enum source_id source);

/* Whether a source that is wanted gave not a single value in this snapshot. */
bool sampler_source_is_silent(const struct sampler *sampler, enum source_id source,
                              const struct snapshot *snapshot);

/* Fits the sampler; NULL without memory. Free with free(). */
struct snapshot *snapshot_new(const struct sampler *sampler);

/* Reads the clocks, then every file, each as a whole. Allocates nothing. What cannot be read is absent in the
 * snapshot. */
void sampler_read(struct sampler *sampler, struct snapshot *snapshot);

/* Makes *BOOT what would have been read when the machine was started, UPTIME_NS before NOW: counters at zero,
 * states as they are now. */
void sampler_make_boot(const struct sampler *sampler, const struct snapshot *now, uint64_t uptime_ns,
                       struct snapshot *boot);

/* Metrics that have a place: the table's, wanted or not, then the others in the order in which they were
 * wanted. */
size_t sampler_metric_count(const struct sampler *sampler);

/* The places of those that are wanted, COUNT of them. Valid from sampler_open() on. */
const size_t *sampler_wanted(const struct sampler *sampler, size_t *count);

/* Metric INDEX: whether it is wanted, and whether the kernel gave all that it is made from in this snapshot.
 */
bool sampler_wants(const struct sampler *sampler, size_t index);
bool sampler_has(const struct sampler *sampler, size_t index, const struct snapshot *snapshot);

/* Metric INDEX of a snapshot as the kernel counts, exactly: the raw numbers added up. Absent where one that
 * is needed is, or where they outgrow 64 bits; zero where more is subtracted than added. */
struct value sampler_total(const struct sampler *sampler, size_t index, const struct snapshot *snapshot);

/* What interval.c computes with: raw values added and subtracted. */
enum { FORMULA_TERMS_MAX = 8 };

struct formula {
    struct formula_term {
        size_t value; /* in snapshot.values */
        bool subtract;
    } terms[FORMULA_TERMS_MAX];
    size_t term_count; /* 0: not wanted */
    uint64_t less;     /* a constant taken off */
    double scale;      /* raw units to the metric's unit */
    bool in_pages;     /* the raw units are */
    enum metric_kind kind;
    enum source_id source;
};

/* All of them, by the metrics' places. */
const struct formula *sampler_formulas(const struct sampler *sampler);
