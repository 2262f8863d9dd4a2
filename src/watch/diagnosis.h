/* Why a machine reads or stands still, told from the counters of one interval. The rules and their sources:
 * docs/diagnosis.md. */
#pragma once

#include "base/text.h"
#include "metric/interval.h"

enum diagnosis {
    DIAGNOSIS_NONE,           /* the figures do not carry one */
    DIAGNOSIS_COLD_READ,      /* most of what is read was not in memory before */
    DIAGNOSIS_FILE_THRASH,    /* most of what is read had just been evicted from the page cache */
    DIAGNOSIS_SWAP_THRASH,    /* most of what is read comes back from swap */
    DIAGNOSIS_DIRECT_RECLAIM, /* tasks free memory themselves before they get any */
};

/* The metrics that a diagnosis looks at. */
extern const enum metric_id diagnosis_inputs[];
extern const size_t diagnosis_input_count;

enum diagnosis diagnose_reads(const struct interval *interval);
enum diagnosis diagnose_memory_stall(const struct interval *interval);

/* "file_thrash"; NULL for none. */
const char *diagnosis_name(enum diagnosis diagnosis);

/* Appends what it means: "refaults 92%: the working set does not fit in RAM". Nothing for none. */
void diagnosis_put_meaning(struct text *text, enum diagnosis diagnosis, const struct interval *interval);
