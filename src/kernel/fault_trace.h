/*
 * How long page faults take and what they are on, each measured in the kernel by the thread that takes it,
 * and added up there for each pair of a process and a file (bpf/fault_trace.bpf.c, bpf/fault_record.h).
 */
#pragma once

#include "bpf/fault_record.h"
#include "kernel/cgroup_id.h"
#include "kernel/fault_names.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Whose faults, and how. */
struct fault_trace_settings {
    uint32_t pid;            /* of a process or a thread; 0: all */
    const char *comm;        /* of a process or thread, the first 15 bytes; NULL: all */
    struct cgroup_id cgroup; /* and those below it; version 0: all */
    uint32_t pairs;          /* of a process and a file, that there is room for; not 0 */
    bool files_only;         /* begins where a file's page is looked for, which spares all other faults */
    bool events;             /* also each fault by itself */
};

struct fault_trace;

/*
 * Loads the programs; nothing is counted yet. Sets *TRACE, to be freed with fault_trace_free(); NULL where it
 * fails. Returns 0 or a negative errno, for bpf_why(): -EXDEV in a PID namespace that is not the kernel's
 * first.
 */
int fault_trace_open(struct fault_trace **trace, const struct fault_trace_settings *settings);

/* NULL is allowed. */
void fault_trace_free(struct fault_trace *trace);

/*
 * From here on it counts. faultline's own faults are left out. Returns 0 or a negative errno: -ENOTSUP where
 * it is to be of files only, and the kernel lacks the tracepoint mm_filemap_fault; as perf_cpus_open() does.
 */
int fault_trace_start(struct fault_trace *trace);

/* 0 where minor faults that sleep are counted as waits; else why not, -ENOTSUP where it is of files only. */
int fault_trace_waits(const struct fault_trace *trace);

/* Nothing is counted any more; what was can be read. */
void fault_trace_stop(struct fault_trace *trace);

/* To be waited for with EPOLLIN: there is something for fault_trace_read(). */
int fault_trace_fd(const struct fault_trace *trace);

/* What comes out of the ring. NAMES and EVENT are valid during the call. */
struct fault_listener {
    void (*names)(void *context, const struct fault_names *names);
    void (*event)(void *context, const struct fault_record_event *event);
    void *context;
};

/* Takes some of what there is. A pair's names come before its first event. Returns whether there may be more.
 */
bool fault_trace_read(struct fault_trace *trace, const struct fault_listener *listener);

/* Calls TAKE with each pair and its sum. Of one that is not stopped, some may be missing. Returns 0 or a
 * negative errno. */
int fault_trace_sums(struct fault_trace *trace,
                     void (*take)(void *context, const struct fault_key *key, const struct fault_sum *sum),
                     void *context);

/* The faults of pairs that there was no room for. */
const struct fault_sum *fault_trace_without_room(const struct fault_trace *trace);

/* Names and events that there was no room for in the ring, and what was read and is neither. */
uint64_t fault_trace_lost_records(const struct fault_trace *trace);

/* Major faults that ended, and whose beginning was not seen: they had begun before. They are in no sum. */
uint64_t fault_trace_unstarted(const struct fault_trace *trace);
