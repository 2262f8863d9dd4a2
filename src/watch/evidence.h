/*
 * What a recording knows of an incident: how memory, faults and stalls went before it and during it, who held
 * the memory and whose grew, who was killed, which alerts there were, and what that adds up to.
 *
 *     evidence_init, evidence_want on a sampler, then evidence_add_… in the order in which things happened
 */
#pragma once

#include "metric/interval.h"
#include "metric/process_scan.h"
#include "watch/event.h"
#include "watch/incidents.h"

enum evidence_figure {
    EVIDENCE_AVAILABLE_BYTES,
    EVIDENCE_SWAP_USED_BYTES,
    EVIDENCE_MINOR_FAULTS, /* a second, as the next two */
    EVIDENCE_MAJOR_FAULTS,
    EVIDENCE_REFAULTS,
    EVIDENCE_MEMORY_STALL, /* percent of the time in which all tasks stood still */
    EVIDENCE_IO_STALL,
    EVIDENCE_FIGURES,
};

enum {
    EVIDENCE_SLICES_MAX = 30,
    EVIDENCE_KILLS_MAX = 8,
    EVIDENCE_ALERTS_MAX = 24,
    EVIDENCE_PROCESSES_MAX = 512,
    EVIDENCE_HOLDERS_MAX = 8,
    EVIDENCE_MESSAGE_MAX = 256,
};

/* A part of the time. */
struct evidence_slice {
    uint64_t wall_ns; /* its end */
    double seconds;
    double figures[EVIDENCE_FIGURES]; /* states at the end, the others averaged; NAN where absent */
};

struct evidence_kill {
    uint64_t wall_ns;
    char message[EVIDENCE_MESSAGE_MAX];
    bool known; /* the victim is */
    struct oom_kill kill;
};

struct evidence_alert {
    uint64_t wall_ns;
    enum event_severity severity;
    char message[EVIDENCE_MESSAGE_MAX];
};

/* A process between the first and the last scan that had it. Of one that was started
 * after the first scan of all, it begins with nothing at the scan before. */
struct evidence_process {
    struct process_row first;
    struct process_row last;
    uint64_t first_ns;
    uint64_t last_ns;
};

/* What it was, as far as the figures carry it. */
enum verdict {
    VERDICT_NONE,
    VERDICT_CGROUP_LIMIT, /* a cgroup was full, the machine was not */
    VERDICT_MACHINE_FULL,
    VERDICT_NODES_FULL, /* of a cpuset or a memory policy */
    VERDICT_SWAP_THRASH,
    VERDICT_FILE_THRASH,
    VERDICT_COLD_READ,
    VERDICT_DIRECT_RECLAIM,
    VERDICT_RUNNING_OUT, /* memory became less, and then no more so */
};

struct evidence {
    double slice_seconds;
    struct evidence_slice slices[EVIDENCE_SLICES_MAX];
    size_t slice_count;
    double total_bytes; /* of memory; NAN where absent */

    struct evidence_kill kills[EVIDENCE_KILLS_MAX]; /* the first ones */
    size_t kill_count;
    uint64_t kills_told; /* all of them */

    struct evidence_alert alerts[EVIDENCE_ALERTS_MAX];
    size_t alert_count;
    uint64_t alerts_told;

    struct evidence_process *processes;
    size_t process_count;
    uint64_t scan_ns; /* of the last scan; 0: there was none */

    enum verdict verdict;
};

/* SECONDS of time are to be taken in. Returns 0 or -ENOMEM. Free with evidence_free(). */
int evidence_init(struct evidence *evidence, double seconds);
void evidence_free(struct evidence *evidence);

/* Wants the metrics that it looks at. Returns 0 or a negative errno. */
int evidence_want(struct sampler *sampler);

void evidence_add_interval(struct evidence *evidence, const struct interval *interval);
void evidence_add_event(struct evidence *evidence, const struct event *event);

/* A scan that was made at WALL_NS. */
void evidence_add_processes(struct evidence *evidence, const struct process_row *rows, size_t count,
                            uint64_t wall_ns);

/* The processes of the last scan, the largest first. Returns how many are put into LIST. */
size_t evidence_holders(const struct evidence *evidence,
                        const struct evidence_process *list[EVIDENCE_HOLDERS_MAX]);

/* Those whose resident memory and swap grew, the one that grew most first. */
size_t evidence_growers(const struct evidence *evidence,
                        const struct evidence_process *list[EVIDENCE_HOLDERS_MAX]);

/* Bytes that a process grew by, resident and swapped; negative where it shrank. */
double evidence_growth_bytes(const struct evidence_process *process);

/* How long that took; NAN where the clock was set back meanwhile. */
double evidence_growth_seconds(const struct evidence_process *process);
