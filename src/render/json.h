/* Intervals and events as JSON, one object a line. Described by docs/faultline.schema.json. */
#pragma once

#include "metric/interval.h"
#include "metric/process_scan.h"
#include "render/columns.h"
#include "watch/event.h"
#include "watch/incidents.h"
#include "watch/mark.h"

/* What the lines that follow are about. */
struct about {
    uint64_t wall_ns;
    const char *host; /* "" where it is not known */
    const char *kernel;
    double interval_seconds;
    double alert_major_faults;
    double alert_context_switches;
    bool context_switches_per_cpu;
    uint64_t since_ns; /* from when on more can be had; 0: nothing */
};

void json_put_about(struct text *text, const struct about *about);
void json_put_sample(struct text *text, const struct columns *columns, const struct interval *interval);
void json_put_event(struct text *text, const struct event *event);

/* An event of a recording: of an OOM kill with the largest tasks at that time. */
void json_put_recorded_event(struct text *text, const struct event *event);
void json_put_mark(struct text *text, const struct mark *mark);

/* What a list of a recording's contents has. NUMBER counts incidents from the newest, 1. */
void json_put_boot(struct text *text, const struct recorded_boot *boot);
void json_put_incident(struct text *text, const struct incident *incident, size_t number);

/* A process of a scan that was made at WALL_NS, SECONDS after the one before; 0: it was the first. */
void json_put_process(struct text *text, const struct process_row *row, uint64_t wall_ns, double seconds);

/* An OOM kill out of a log; TASKS: with the largest tasks at that time. */
void json_put_oom_kill(struct text *text, const struct oom_kill *kill, const struct oom_moment *moment,
                       bool tasks);

/* Upper bounds for what one of them needs. */
enum {
    JSON_ABOUT_MAX = 4096,
    JSON_EVENT_MAX = (EVENT_MESSAGE_MAX + 2 * OOM_COMM_MAX + 2 * OOM_CGROUP_MAX) * 6 + 2048,
    JSON_MARK_MAX = 256,
    JSON_PROCESS_MAX = (PROCESS_COMM_MAX + PROCESS_CGROUP_MAX) * 6 + 512,
    JSON_TASKS_MAX = OOM_TASKS_MAX * (OOM_COMM_MAX * 6 + 256),
};

/* An upper bound for what one sample needs. */
size_t json_sample_max(const struct columns *columns);
