/*
 * Everything a run prints, in one of the formats: headings, intervals, events. What is put is collected, and
 * leaves in one write at the next flush.
 */
#pragma once

#include "base/terminal.h"
#include "render/table.h"

enum stream_format { STREAM_TABLE, STREAM_JSON, STREAM_CSV };

struct stream {
    enum stream_format format;
    struct table table;
    struct terminal_size screen; /* headings come again when it has scrolled; no lines: never */
    unsigned lines_since_header; /* on the screen */
    struct text output;
    struct text notes; /* CSV has no place for events: they go to standard error */
};

/* TABLE is copied; its columns have to live as long as the stream. Returns 0 or -ENOMEM. */
int stream_open(struct stream *stream, enum stream_format format, const struct table *table);
void stream_close(struct stream *stream);

/* What comes before the first row. */
void stream_put_header(struct stream *stream);

/* STORM: context switches are beyond their threshold. */
void stream_put_interval(struct stream *stream, const struct interval *interval, bool storm);
void stream_put_event(struct stream *stream, const struct event *event);

/* Writes what was put: to standard output, notes to standard error. Returns 0 or the negative errno of
 * standard output. */
int stream_flush(struct stream *stream);
