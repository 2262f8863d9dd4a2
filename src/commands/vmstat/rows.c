/* The classic row. */
#include "commands/missing.h"
#include "commands/outcome.h"
#include "commands/repeat.h"
#include "commands/vmstat/height.h"
#include "commands/vmstat/modes.h"
#include "kernel/uptime.h"
#include "metric/series.h"
#include "render/classic.h"
#include "render/stream.h"

#include <string.h>

struct rows {
    const struct vmstat_settings *settings;
    struct columns columns;
    struct series series;
    struct stream stream;
    struct problem *problem;
    bool begun;
};

static void measure_screen(void *context)
{
    enum { HEADING_LINES = 2, LAST_LINE = 1 };
    struct rows *rows = context;

    /* Rows are counted, not the lines that they are wrapped into. */
    if (!rows->settings->one_header)
        rows->stream.screen = (struct terminal_size){.lines = vmstat_height() + HEADING_LINES + LAST_LINE};
}

static int open_stream(struct rows *rows, const struct classic_choice *choice)
{
    const struct vmstat_settings *settings = rows->settings;
    enum stream_format format = settings->json ? STREAM_JSON : settings->csv ? STREAM_CSV : STREAM_TABLE;
    struct table table = {
        .columns = &rows->columns,
        .title = classic_title(choice),
        .style = {.plain = true, .timestamp = settings->timestamp, .unit = settings->unit},
    };

    return stream_open(&rows->stream, format, &table);
}

static int open_rows(struct rows *rows, struct problem *problem)
{
    const struct vmstat_settings *settings = rows->settings;
    struct classic_choice choice = {
        .wide = settings->wide,
        .active = settings->active,
        .faults = settings->faults,
        .letter = !settings->json && !settings->csv,
    };

    int error = series_init(&rows->series);
    if (error == 0)
        error = classic_add_columns(&rows->columns, &choice);
    if (error == 0)
        error = columns_want(&rows->columns, rows->series.sampler);
    if (error == 0)
        error = series_open(&rows->series, settings->proc_path, problem);
    return error < 0 ? error : open_stream(rows, &choice);
}

static int flush(struct rows *rows)
{
    return outcome_of_writing(stream_flush(&rows->stream), rows->problem);
}

static int put_row(struct rows *rows)
{
    stream_put_interval(&rows->stream, &rows->series.interval, false);
    return flush(rows);
}

/* The first row is of all the time since boot. */
static int begin(struct rows *rows)
{
    uint64_t uptime_ns;

    rows->begun = true;
    measure_screen(rows);
    stream_put_header(&rows->stream);
    series_start(&rows->series);
    missing_note_all(&rows->series, &rows->columns, rows->settings->proc_path);
    if (rows->settings->no_first)
        return flush(rows);
    int error = uptime_read(rows->settings->proc_path, &uptime_ns);
    if (error < 0)
        return problem_set(rows->problem, -error,
                           "%s/uptime: %s: it is what the first row is divided by: -y leaves that "
                           "row out",
                           rows->settings->proc_path, strerror(-error));
    series_since_boot(&rows->series, uptime_ns);
    return put_row(rows);
}

static int turn(void *context)
{
    struct rows *rows = context;

    if (!rows->begun)
        return begin(rows);
    series_next(&rows->series, 0);
    return put_row(rows);
}

int vmstat_rows(const struct vmstat_settings *settings, struct problem *problem)
{
    struct rows rows = {.settings = settings, .problem = problem};
    struct repeat repeat = {.turn = turn, .resized = measure_screen, .context = &rows};
    struct beat beat = settings->beat;

    if (settings->no_first && beat.count > 0)
        beat.count++;
    int error = open_rows(&rows, problem);
    if (error == 0)
        error = repeat_run(&repeat, &beat);
    stream_close(&rows.stream);
    series_free(&rows.series);
    columns_free(&rows.columns);
    return error;
}
