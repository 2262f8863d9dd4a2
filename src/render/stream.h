/*
 * Everything a run prints, in one of the formats: headings, intervals, events. What is put is collected, and
 * leaves in one write at the next flush.
 */
#pragma once

#include "base/terminal.h"
#include "metric/process_scan.h"
#include "render/table.h"
#include "watch/mark.h"

enum stream_format { STREAM_TABLE, STREAM_JSON, STREAM_CSV };

struct stream {
    enum stream_format format;
    bool details; /* of OOM kills: the largest tasks at that time, where the format has a place for them */
    struct table table;
    struct terminal_size screen; /* headings come again when it has scrolled; no lines: never */
    unsigned lines_since_header; /* on the screen */
    struct text output;
    struct text notes; /* CSV has no place for events: they go to standard error */
};

/* TABLE is copied; its columns have to live as long as the stream. Returns 0 or -ENOMEM. */
int stream_open(struct stream *stream, enum stream_format format, const struct table *table);
void stream_close(struct stream *stream);

/* Makes room for so many bytes more between two flushes than an interval and its events need. Returns 0 or
 * -ENOMEM. Before anything is put. */
int stream_make_room(struct stream *stream, size_t bytes);

/* How many bytes wait for the next flush. */
size_t stream_pending(const struct stream *stream);

/* What comes before the first row. */
void stream_put_header(struct stream *stream);

/* STORM: context switches are beyond their threshold. */
void stream_put_interval(struct stream *stream, const struct interval *interval, bool storm);
void stream_put_event(struct stream *stream, const struct event *event);
void stream_put_mark(struct stream *stream, const struct mark *mark);

/* A scan of processes: not in CSV. As for json_put_process(). */
void stream_put_processes(struct stream *stream, const struct process_row *rows, size_t count,
                          uint64_t wall_ns, double seconds);

/* Writes what was put: to standard output, notes to standard error. Returns 0 or the negative errno of
 * standard output. */
int stream_flush(struct stream *stream);
