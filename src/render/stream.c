#include "render/stream.h"

#include "base/clock.h"
#include "base/file.h"
#include "render/csv.h"
#include "render/json.h"
#include "render/oom_table.h"
#include "render/process_table.h"
#include "watch/watch.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

static size_t output_max(const struct columns *columns)
{
    size_t row = json_sample_max(columns) +
                 table_row_max(columns) * 2; /* of any format, and a header in front of it */
    return row + (size_t)WATCH_EVENTS_MAX * JSON_EVENT_MAX;
}

int stream_open(struct stream *stream, enum stream_format format, const struct table *table)
{
    *stream = (struct stream){
        .format = format,
        .table = *table,
        .output = text_new(output_max(table->columns)),
        .notes = text_new((size_t)WATCH_EVENTS_MAX * JSON_EVENT_MAX),
    };
    if (stream->output.bytes && stream->notes.bytes)
        return 0;
    stream_close(stream);
    return -ENOMEM;
}

void stream_close(struct stream *stream)
{
    text_free(&stream->output);
    text_free(&stream->notes);
}

static int grow(struct text *text, size_t bytes)
{
    size_t capacity = text->capacity + bytes;

    text_free(text);
    *text = text_new(capacity);
    return text->bytes ? 0 : -ENOMEM;
}

int stream_make_room(struct stream *stream, size_t bytes)
{
    int error = grow(&stream->output, bytes);
    return error == 0 && stream->format == STREAM_CSV ? grow(&stream->notes, bytes) : error;
}

size_t stream_pending(const struct stream *stream)
{
    return stream->output.length + stream->notes.length;
}

/* Lines that a line of text takes on the screen; long ones are wrapped. */
static unsigned lines_of(const struct stream *stream, const char *line, size_t bytes)
{
    unsigned columns = stream->screen.columns;

    if (columns == 0 || bytes <= columns) /* no byte takes more than a column */
        return 1;
    size_t width = text_width(line, bytes);
    return width > 0 ? 1 + (unsigned)((width - 1) / columns) : 1;
}

/* Lines that the text from START on takes. */
static unsigned screen_lines(const struct stream *stream, size_t start)
{
    unsigned lines = 0;

    while (start < stream->output.length) {
        const char *line = stream->output.bytes + start;
        const char *end = memchr(line, '\n', stream->output.length - start);
        size_t bytes = end ? (size_t)(end - line) + 1 : stream->output.length - start;
        lines += lines_of(stream, line, bytes);
        start += bytes;
    }
    return lines;
}

static void put_table_header(struct stream *stream)
{
    size_t start = stream->output.length;
    table_put_header(&stream->output, &stream->table);
    stream->lines_since_header = screen_lines(stream, start);
}

static void put_table_row(struct stream *stream, const struct interval *interval, bool storm)
{
    if (stream->screen.lines > 0 && stream->lines_since_header + 1 >= stream->screen.lines)
        put_table_header(stream);
    size_t start = stream->output.length;
    table_put_row(&stream->output, &stream->table, interval, storm);
    stream->lines_since_header += screen_lines(stream, start);
}

/* Whether a row in red says why it is. */
static bool shows_switches(const struct columns *columns)
{
    for (size_t i = 0; i < columns->count; i++) {
        if (columns->list[i].index == M_context_switches_per_second)
            return true;
    }
    return false;
}

static void put_table_event(struct stream *stream, const struct event *event)
{
    if (event->colors_row && stream->table.style.color && shows_switches(stream->table.columns))
        return;
    size_t start = stream->output.length;
    table_put_event(&stream->output, &stream->table.style, event);
    if (stream->details && event->kill)
        oom_table_put_details(&stream->output, event->kill);
    stream->lines_since_header += screen_lines(stream, start);
}

void stream_put_header(struct stream *stream)
{
    if (stream->format == STREAM_TABLE)
        put_table_header(stream);
    else if (stream->format == STREAM_CSV)
        csv_put_header(&stream->output, stream->table.columns);
}

void stream_put_interval(struct stream *stream, const struct interval *interval, bool storm)
{
    switch (stream->format) {
    case STREAM_TABLE:
        put_table_row(stream, interval, storm);
        break;
    case STREAM_JSON:
        json_put_sample(&stream->output, stream->table.columns, interval);
        break;
    case STREAM_CSV:
        csv_put_row(&stream->output, stream->table.columns, interval);
        break;
    }
}

/* Beside the rows, it needs its own time to be matched with them. */
static void put_note(struct stream *stream, const struct event *event)
{
    static const struct style plain = {0};

    clock_put_iso(&stream->notes, event->wall_ns);
    text_char(&stream->notes, ' ');
    table_put_event(&stream->notes, &plain, event);
}

void stream_put_event(struct stream *stream, const struct event *event)
{
    switch (stream->format) {
    case STREAM_TABLE:
        put_table_event(stream, event);
        break;
    case STREAM_JSON:
        (stream->details ? json_put_recorded_event : json_put_event)(&stream->output, event);
        break;
    case STREAM_CSV:
        put_note(stream, event);
        break;
    }
}

static void put_table_mark(struct stream *stream, const struct mark *mark)
{
    size_t start = stream->output.length;
    table_put_mark(&stream->output, mark);
    stream->lines_since_header += screen_lines(stream, start);
}

void stream_put_mark(struct stream *stream, const struct mark *mark)
{
    switch (stream->format) {
    case STREAM_TABLE:
        put_table_mark(stream, mark);
        break;
    case STREAM_JSON:
        json_put_mark(&stream->output, mark);
        break;
    case STREAM_CSV:
        table_put_mark(&stream->notes, mark);
        break;
    }
}

void stream_put_processes(struct stream *stream, const struct process_row *rows, size_t count,
                          uint64_t wall_ns, double seconds)
{
    size_t start = stream->output.length;

    if (stream->format == STREAM_TABLE)
        process_table_put(&stream->output, rows, count, seconds);
    for (size_t i = 0; stream->format == STREAM_JSON && i < count; i++)
        json_put_process(&stream->output, &rows[i], wall_ns, seconds);
    if (stream->format == STREAM_TABLE)
        stream->lines_since_header += screen_lines(stream, start);
}

int stream_flush(struct stream *stream)
{
    int error = stream->output.lost > 0 ? -EOVERFLOW : 0;

    if (error == 0 && stream->output.length > 0)
        error = file_write_all(STDOUT_FILENO, stream->output.bytes, stream->output.length);
    if (stream->notes.length > 0)
        file_write_all(STDERR_FILENO, stream->notes.bytes, stream->notes.length);
    stream->output.length = 0;
    stream->notes.length = 0;
    return error;
}
