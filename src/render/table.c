#include "render/table.h"

#include "base/clock.h"
#include "base/size.h"

#include <math.h>

enum {
    CELL_MAX = 128,      /* more than a heading made of the longest key, or any 64-bit number, needs */
    ROW_EXTRA_MAX = 512, /* a time, a true interval, colours, a title */
    TIMESTAMP_WIDTH = 19,
};

struct size_scale {
    double bytes;
    char letter;
};

/* AUTO goes to the next unit where the number would need a sixth digit. */
static struct size_scale auto_scale(double bytes, bool rate)
{
    static const struct size_scale scales[] = {{0x1p10, 'K'}, {0x1p20, 'M'}, {0x1p30, 'G'}, {0x1p40, 'T'}};
    size_t i = rate ? 0 : 1;

    while (i + 1 < sizeof(scales) / sizeof(*scales) && bytes / scales[i].bytes >= 99999.5)
        i++;
    return scales[i];
}

static void put_size(struct text *text, double bytes, bool rate, enum size_unit unit)
{
    struct size_scale scale = unit == SIZE_AUTO ? auto_scale(bytes, rate)
                                                : (struct size_scale){unit_bytes(unit), unit_letter(unit)};

    text_decimal(text, bytes / scale.bytes, 0);
    if (bytes > 0)
        text_char(text, scale.letter);
}

static void put_figure(struct text *text, const struct metric *metric, double value, enum size_unit unit)
{
    if (metric->unit == METRIC_BYTES)
        put_size(text, value, metric->kind == METRIC_RATE, unit);
    else if (metric->unit == METRIC_LOAD)
        text_decimal(text, value, 2);
    else
        text_decimal(text, value, metric->kind == METRIC_STALL ? 1 : 0);
}

static double cut(double value)
{
    return value < 0x1p63 ? (double)(uint64_t)value : value;
}

/* vmstat(8) cuts sizes, and what it has since boot; other rates and shares it rounds. */
static void put_plain(struct text *text, const struct metric *metric, double value, enum size_unit unit,
                      bool since_boot)
{
    bool rate = metric->kind == METRIC_RATE;

    if (metric->unit == METRIC_BYTES)
        value /= unit_bytes(unit);
    if (rate ? since_boot : metric->unit == METRIC_BYTES)
        value = cut(value);
    text_decimal(text, value, 0);
}

static void put_value(struct text *text, const struct style *style, const struct column *column,
                      const struct interval *interval)
{
    double value = interval->values[column->index];
    enum size_unit unit = column->unit == SIZE_AUTO ? style->unit : column->unit;

    if (isnan(value))
        text_char(text, '-');
    else if (style->plain)
        put_plain(text, column->metric, value, unit, interval->since_boot);
    else
        put_figure(text, column->metric, value, unit);
}

/* Puts cells at the right edge of their columns, as far as those before it leave room. */
struct row {
    struct text *text;
    size_t start;
    size_t cell; /* where the current cell starts in the text */
    size_t edge; /* how long the row is when the current cell is done, where all fits */
};

static struct row begin_row(struct text *text)
{
    return (struct row){.text = text, .start = text->length};
}

static struct text *begin_cell(struct row *row, size_t width)
{
    if (row->edge > 0) {
        text_char(row->text, ' ');
        row->edge++;
    }
    row->edge += width;
    row->cell = row->text->length;
    return row->text;
}

static void end_cell(struct row *row)
{
    size_t used = row->text->length - row->start;
    if (used < row->edge)
        text_indent(row->text, row->cell, row->edge - used);
}

static void put_title(struct text *text, const struct table *table)
{
    text_string(text, table->title);
    if (table->style.timestamp)
        text_string(text, " -----timestamp-----");
    text_char(text, '\n');
}

void table_put_header(struct text *text, const struct table *table)
{
    if (table->title)
        put_title(text, table);

    struct row row = begin_row(text);
    for (size_t i = 0; i < table->columns->count; i++) {
        const struct column *column = &table->columns->list[i];
        text_printable(begin_cell(&row, column->width), column->metric->heading);
        end_cell(&row);
    }
    if (table->style.timestamp) {
        text_string(begin_cell(&row, TIMESTAMP_WIDTH), clock_zone());
        end_cell(&row);
    }
    text_char(text, '\n');
}

/* After a stop, a suspend or an overrun. A tenth and 20 ms are what a busy machine does to a timer. */
static bool is_unusual(double seconds, double delay_seconds)
{
    double off = fabs(seconds - delay_seconds);
    return delay_seconds > 0 && off > 0.02 && off > delay_seconds / 10;
}

void table_put_row(struct text *text, const struct table *table, const struct interval *interval, bool storm)
{
    if (storm)
        text_string(text, style_storm(&table->style));

    struct row row = begin_row(text);
    for (size_t i = 0; i < table->columns->count; i++) {
        const struct column *column = &table->columns->list[i];
        put_value(begin_cell(&row, column->width), &table->style, column, interval);
        end_cell(&row);
    }
    if (table->style.timestamp)
        clock_put_local(begin_cell(&row, TIMESTAMP_WIDTH), interval->wall_ns);
    if (is_unusual(interval->seconds, table->delay_seconds)) {
        text_string(text, " [");
        text_decimal(text, interval->seconds, 1);
        text_string(text, "s]");
    }
    if (storm)
        text_string(text, style_reset(&table->style));
    text_char(text, '\n');
}

void table_put_event(struct text *text, const struct style *style, const struct event *event)
{
    if (style->timestamp) {
        clock_put_local(text, event->wall_ns);
        text_char(text, ' ');
    }
    text_string(text, style_severity(style, event->severity));
    text_string(text, style_sign(style, event->severity));
    text_printable(text, event->message);
    text_string(text, style_reset(style));
    text_char(text, '\n');
}

static void put_mark_words(struct text *text, const struct mark *mark)
{
    const char *end = mark->orderly ? "the recorder had been ended" : "the recorder had been cut off";

    switch (mark->kind) {
    case MARK_BOOT:
        text_string(text, "the machine was started anew; ");
        text_string(text, end);
        text_string(text, ", nothing for ");
        text_duration(text, mark->seconds);
        break;
    case MARK_RESTART:
        text_string(text, end);
        text_string(text, ", nothing for ");
        text_duration(text, mark->seconds);
        break;
    case MARK_LOSS:
        text_string(text, "something is missing here: damaged, or overwritten");
        break;
    case MARK_CLOCK_STEP:
        text_string(text, mark->seconds < 0 ? "the clock was set back by " : "the clock was set forward by ");
        text_duration(text, fabs(mark->seconds));
        break;
    case MARK_SUSPEND:
        text_string(text, "the machine slept for ");
        text_duration(text, mark->seconds);
        break;
    }
}

void table_put_mark(struct text *text, const struct mark *mark)
{
    text_string(text, "-- ");
    clock_put_local(text, mark->wall_ns);
    text_string(text, ": ");
    put_mark_words(text, mark);
    text_string(text, " --\n");
}

size_t table_row_max(const struct columns *columns)
{
    return columns->count * CELL_MAX + ROW_EXTRA_MAX;
}
