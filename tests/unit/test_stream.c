#include "base/clock.h"
#include "render/json.h"
#include "render/process_table.h"
#include "render/stream.h"
#include "showing.h"
#include "watch/watch.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A stream of the columns r and maj, and what it wrote. */
struct show {
    struct showing showing;
    struct stream stream;
    char *out;
    char *err;
};

static void open_show_of(struct show *show, const char *columns, enum stream_format format,
                         struct style style)
{
    *show = (struct show){0};
    show_columns(&show->showing, columns);
    struct table table = {.columns = &show->showing.columns, .style = style};
    assert_int_equal(stream_open(&show->stream, format, &table), 0);
}

static void open_show(struct show *show, enum stream_format format, struct style style)
{
    open_show_of(show, "r,maj", format, style);
}

static void close_show(struct show *show)
{
    stream_close(&show->stream);
    showing_free(&show->showing);
    free(show->out);
    free(show->err);
}

static void put_row(struct show *show, double r, double maj)
{
    double values[] = {r, maj};
    set_values(&show->showing, values, 2);
    stream_put_interval(&show->stream, &show->showing.figures.interval, false);
}

static int flush(struct show *show)
{
    struct capture out, err;

    free(show->out);
    free(show->err);
    capture_begin(&out, STDOUT_FILENO);
    capture_begin(&err, STDERR_FILENO);
    int error = stream_flush(&show->stream);
    show->err = capture_end(&err);
    show->out = capture_end(&out);
    return error;
}

static const struct style plain = {0};
static const struct event warning = {.kind = EVENT_ALERT,
                                     .severity = SEVERITY_WARNING,
                                     .message = "watch out",
                                     .alert = "major_faults",
                                     .state = STATE_BEGIN,
                                     .value = 1,
                                     .threshold = 2,
                                     .worst = 3,
                                     .duration_seconds = 4};

static void a_table_with_its_header_rows_and_events(void **state)
{
    struct show show;
    (void)state;

    open_show(&show, STREAM_TABLE, plain);
    stream_put_header(&show.stream);
    put_row(&show, 1, 85);
    stream_put_event(&show.stream, &warning);
    assert_int_equal(flush(&show), 0);
    assert_string_equal(show.out, " r   maj\n 1    85\nWARNING: watch out\n");
    assert_string_equal(show.err, "");
    close_show(&show);
}

static void what_was_flushed_is_not_written_again(void **state)
{
    struct show show;
    (void)state;

    open_show(&show, STREAM_TABLE, plain);
    put_row(&show, 1, 85);
    flush(&show);
    assert_int_equal(flush(&show), 0);
    assert_string_equal(show.out, "");
    put_row(&show, 2, 86);
    flush(&show);
    assert_string_equal(show.out, " 2    86\n");
    close_show(&show);
}

static void json_has_no_header_and_events_among_the_samples(void **state)
{
    struct show show;
    (void)state;

    open_show(&show, STREAM_JSON, plain);
    stream_put_header(&show.stream);
    put_row(&show, 1, 85);
    stream_put_event(&show.stream, &warning);
    flush(&show);
    assert_string_equal(
        show.out, "{\"type\":\"sample\",\"time\":\"1970-01-01T00:00:00.000Z\",\"interval_seconds\":1.000,"
                  "\"procs_running\":1,\"major_faults_per_second\":85.0}\n"
                  "{\"type\":\"alert\",\"time\":\"1970-01-01T00:00:00.000Z\",\"alert\":\"major_faults\","
                  "\"state\":\"begin\","
                  "\"value\":1.0,\"threshold\":2.0,\"worst\":3.0,\"duration_seconds\":4.000,\"message\":"
                  "\"watch out\"}\n");
    assert_string_equal(show.err, "");
    close_show(&show);
}

static void csv_has_its_header_once_and_events_on_standard_error(void **state)
{
    struct show show;
    (void)state;

    open_show(&show, STREAM_CSV, (struct style){.signs = true, .color = true});
    show.stream.screen = (struct terminal_size){3, 80};
    stream_put_header(&show.stream);
    for (int i = 0; i < 4; i++)
        put_row(&show, i, 85);
    stream_put_event(&show.stream, &warning);
    flush(&show);
    assert_string_equal(show.out, "time,interval_seconds,procs_running,major_faults_per_second\n"
                                  "1970-01-01T00:00:00.000Z,1.000,0,85.0\n"
                                  "1970-01-01T00:00:00.000Z,1.000,1,85.0\n"
                                  "1970-01-01T00:00:00.000Z,1.000,2,85.0\n"
                                  "1970-01-01T00:00:00.000Z,1.000,3,85.0\n");
    assert_string_equal(show.err, "1970-01-01T00:00:00.000Z WARNING: watch out\n");
    close_show(&show);
}

/* The numbers of the lines that are headers. */
static void headers_are_at(const char *out, const char *expected)
{
    TEXT(text, 256);
    unsigned line = 0;

    for (const char *at = out; *at; at = strchr(at, '\n') + 1, line++) {
        if (strncmp(at, " r ", 3) == 0)
            text_format(&text, "%u ", line);
    }
    assert_text(&text, expected);
}

static void the_header_comes_again_when_the_screen_has_scrolled(void **state)
{
    struct show show;
    (void)state;

    open_show(&show, STREAM_TABLE, plain);
    show.stream.screen = (struct terminal_size){10, 80};
    stream_put_header(&show.stream);
    for (int i = 0; i < 20; i++)
        put_row(&show, i, 0);
    flush(&show);
    headers_are_at(show.out, "0 9 18 "); /* ten lines: header, eight rows, and the line of the cursor */
    close_show(&show);
}

static void the_height_that_counts_is_the_one_of_now(void **state)
{
    struct show show;
    (void)state;

    open_show(&show, STREAM_TABLE, plain);
    show.stream.screen = (struct terminal_size){10, 80};
    stream_put_header(&show.stream);
    for (int i = 0; i < 4; i++)
        put_row(&show, i, 0);
    show.stream.screen.lines = 5;
    for (int i = 0; i < 4; i++)
        put_row(&show, i, 0);
    show.stream.screen.lines = 50;
    for (int i = 0; i < 40; i++)
        put_row(&show, i, 0);
    flush(&show);
    headers_are_at(show.out, "0 5 9 ");
    close_show(&show);
}

static void events_and_wrapped_lines_scroll_the_screen_too(void **state)
{
    struct show show;
    struct event wide = warning;
    (void)state;

    memset(wide.message, 'w', 150);
    open_show(&show, STREAM_TABLE, plain);
    show.stream.screen = (struct terminal_size){10, 80};
    stream_put_header(&show.stream);
    put_row(&show, 0, 0);
    stream_put_event(&show.stream, &wide); /* WARNING: and 150 w: two lines of the screen */
    stream_put_event(&show.stream, &warning);
    for (int i = 0; i < 6; i++)
        put_row(&show, i, 0);
    flush(&show);
    headers_are_at(show.out, "0 8 "); /* 1 + 1 + 2 + 1 + 4 rows are nine */
    close_show(&show);
}

static void a_line_as_wide_as_the_screen_is_one_line(void **state)
{
    struct show show;
    (void)state;

    open_show(&show, STREAM_TABLE, plain);
    show.stream.screen = (struct terminal_size){6, 8}; /* the rows have eight bytes */
    stream_put_header(&show.stream);
    for (int i = 0; i < 8; i++)
        put_row(&show, i, 0);
    flush(&show);
    headers_are_at(show.out, "0 5 ");
    show.stream.screen.columns = 7; /* and now two lines each */
    show.stream.lines_since_header = 0;
    for (int i = 0; i < 6; i++)
        put_row(&show, i, 0);
    flush(&show);
    headers_are_at(show.out, "3 6 ");
    close_show(&show);
}

static void on_a_pipe_the_header_appears_once(void **state)
{
    struct show show;
    (void)state;

    open_show(&show, STREAM_TABLE, plain);
    stream_put_header(&show.stream);
    for (int i = 0; i < 60; i++) {
        put_row(&show, i, 0);
        if (i % 20 != 19)
            continue;
        flush(&show);
        headers_are_at(show.out, i < 20 ? "0 " : "");
    }
    close_show(&show);
}

static void a_red_row_stands_for_the_event_where_there_is_color(void **state)
{
    struct event storm = warning;
    struct show show;
    (void)state;

    storm.colors_row = true;
    open_show_of(&show, "r,cs", STREAM_TABLE, (struct style){.color = true});
    stream_put_event(&show.stream, &storm);
    flush(&show);
    assert_string_equal(show.out, "");
    close_show(&show);

    /* Not where the row does not show what is wrong. */
    open_show(&show, STREAM_TABLE, (struct style){.color = true});
    stream_put_event(&show.stream, &storm);
    flush(&show);
    assert_string_equal(show.out, "\033[33mWARNING: watch out\033[0m\n");
    close_show(&show);

    open_show(&show, STREAM_TABLE, plain);
    stream_put_event(&show.stream, &storm);
    flush(&show);
    assert_string_equal(show.out, "WARNING: watch out\n");
    close_show(&show);
}

static void a_full_disk_and_a_closed_pipe_are_told(void **state)
{
    struct show show;
    int ends[2];
    (void)state;

    signal(SIGPIPE, SIG_IGN);
    fflush(NULL);
    int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    open_show(&show, STREAM_TABLE, plain);
    put_row(&show, 1, 1);
    dup2(full, STDOUT_FILENO);
    int disk_error = stream_flush(&show.stream);
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    put_row(&show, 1, 1);
    dup2(ends[1], STDOUT_FILENO);
    int pipe_error = stream_flush(&show.stream);
    dup2(saved, STDOUT_FILENO);
    close(ends[1]);
    close(saved);
    close_show(&show);
    assert_int_equal(pipe_error, -EPIPE);
    if (full < 0)
        skip();
    close(full);
    assert_int_equal(disk_error, -ENOSPC);
}

static void a_row_leaves_in_one_write(void **state)
{
    struct show show;
    int ends[2];
    char bytes[4096];
    (void)state;

    open_show(&show, STREAM_TABLE, plain);
    stream_put_header(&show.stream);
    put_row(&show, 1, 1);
    stream_put_event(&show.stream, &warning);
    fflush(NULL);
    int saved = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
    assert_int_equal(pipe2(ends, O_DIRECT | O_CLOEXEC), 0); /* one read gets one write */
    dup2(ends[1], STDOUT_FILENO);
    stream_flush(&show.stream);
    dup2(saved, STDOUT_FILENO);
    ssize_t got = read(ends[0], bytes, sizeof(bytes));
    close(saved);
    close(ends[0]);
    close(ends[1]);
    close_show(&show);
    assert_int_equal(got, strlen(" r   maj\n 1     1\nWARNING: watch out\n"));
}

static void the_most_that_one_row_can_bring_fits(void **state)
{
    static const enum stream_format formats[] = {STREAM_TABLE, STREAM_JSON, STREAM_CSV};
    struct event worst = warning;
    (void)state;

    memset(worst.message, '\x01', EVENT_MESSAGE_MAX - 1); /* six bytes each in JSON */
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        struct show show;
        open_show(&show, formats[i], (struct style){.color = true, .signs = true, .timestamp = true});
        show.stream.screen = (struct terminal_size){1, 80};
        put_row(&show, 0x1p64, 0x1p64);
        for (int n = 0; n < WATCH_EVENTS_MAX; n++)
            stream_put_event(&show.stream, &worst);
        assert_int_equal(show.stream.output.lost, 0);
        assert_int_equal(show.stream.notes.lost, 0);
        assert_int_equal(flush(&show), 0);
        close_show(&show);
    }
}

static void output_that_did_not_fit_is_an_error_not_a_cut_line(void **state)
{
    struct show show;
    (void)state;

    open_show(&show, STREAM_JSON, plain);
    for (int i = 0; i < 5000; i++)
        put_row(&show, 1, 1);
    assert_true(show.stream.output.lost > 0);
    assert_int_equal(flush(&show), -EOVERFLOW);
    assert_string_equal(show.out, "");
    close_show(&show);
}

/* -- of recordings -- */

static const struct mark cut_off = {.kind = MARK_BOOT, .seconds = 7384};

#define CUT_OFF                                                                                              \
    "-- 1970-01-01 00:00:00: the machine was started anew; the recorder had been cut off, nothing for 2 h "  \
    "3 min --\n"

static void a_mark_stands_among_the_rows_but_in_csv(void **state)
{
    struct show show;
    (void)state;

    set_zone("UTC0");
    open_show(&show, STREAM_TABLE, plain);
    put_row(&show, 1, 2);
    stream_put_mark(&show.stream, &cut_off);
    flush(&show);
    assert_string_equal(show.out, " 1     2\n" CUT_OFF);
    assert_string_equal(show.err, "");
    close_show(&show);

    open_show(&show, STREAM_JSON, plain);
    stream_put_mark(&show.stream, &cut_off);
    flush(&show);
    assert_string_equal(show.out, "{\"type\":\"mark\",\"time\":\"1970-01-01T00:00:00.000Z\",\"mark\":"
                                  "\"boot\",\"seconds\":7384.000,\"orderly\":false}\n");
    assert_string_equal(show.err, "");
    close_show(&show);

    open_show(&show, STREAM_CSV, plain);
    stream_put_mark(&show.stream, &cut_off);
    flush(&show);
    assert_string_equal(show.out, "");
    assert_string_equal(show.err, CUT_OFF);
    close_show(&show);
}

static void a_mark_scrolls_the_screen_by_as_many_lines_as_it_takes(void **state)
{
    struct show show;
    (void)state;

    open_show(&show, STREAM_TABLE, plain);
    show.stream.screen = (struct terminal_size){10, 80};
    stream_put_header(&show.stream);
    stream_put_mark(&show.stream, &cut_off); /* two lines of the screen */
    for (int i = 0; i < 8; i++)
        put_row(&show, i, 0);
    flush(&show);
    headers_are_at(show.out, "0 8 "); /* 1 + 2 + 6 rows are nine */
    close_show(&show);
}

static const struct process_row processes[] = {
    {.pid = 5, .comm = "a\n", .major_faults_since = {20, true}},
    {.pid = 6, .comm = "b"},
};

static void processes_are_a_table_or_objects_and_not_in_csv(void **state)
{
    struct show show;
    (void)state;

    open_show(&show, STREAM_TABLE, plain);
    assert_int_equal(stream_make_room(&show.stream, process_table_max(COUNT_OF(processes))), 0);
    stream_put_processes(&show.stream, processes, COUNT_OF(processes), 0, 2);
    flush(&show);
    assert_string_equal(show.out,
                        "         pid    uid    rss   swap   min/s   maj/s command          cgroup\n"
                        "           5      -      0      -       -      10 a\\x0a            -\n"
                        "           6      -      0      -       -       - b                -\n");
    close_show(&show);

    open_show(&show, STREAM_JSON, plain);
    assert_int_equal(stream_make_room(&show.stream, COUNT_OF(processes) * (size_t)JSON_PROCESS_MAX), 0);
    stream_put_processes(&show.stream, processes, COUNT_OF(processes), 0, 2);
    flush(&show);
    assert_string_equal(
        show.out,
        "{\"type\":\"process\",\"time\":\"1970-01-01T00:00:00.000Z\",\"pid\":5,\"comm\":\"a\\u000a\","
        "\"rss_bytes\":0,\"minor_faults\":0,\"major_faults\":0,\"major_faults_per_second\":10.0}\n"
        "{\"type\":\"process\",\"time\":\"1970-01-01T00:00:00.000Z\",\"pid\":6,\"comm\":\"b\","
        "\"rss_bytes\":0,\"minor_faults\":0,\"major_faults\":0}\n");
    close_show(&show);

    open_show(&show, STREAM_CSV, plain);
    stream_put_processes(&show.stream, processes, COUNT_OF(processes), 0, 2);
    flush(&show);
    assert_string_equal(show.out, "");
    assert_string_equal(show.err, "");
    close_show(&show);
}

static void processes_scroll_the_screen_too(void **state)
{
    struct show show;
    (void)state;

    open_show(&show, STREAM_TABLE, plain);
    show.stream.screen = (struct terminal_size){10, 80};
    stream_put_header(&show.stream);
    stream_put_processes(&show.stream, processes, COUNT_OF(processes), 0, 2);
    for (int i = 0; i < 8; i++)
        put_row(&show, i, 0);
    flush(&show);
    headers_are_at(show.out, "0 9 "); /* 1 + 3 + 5 rows are nine */
    close_show(&show);
}

static void with_details_a_kill_has_its_tasks(void **state)
{
    static const enum stream_format formats[] = {STREAM_TABLE, STREAM_JSON, STREAM_CSV};
    struct oom_kill kill = {.pid = {7, true}, .comm = "victim", .task_count = 1};
    struct event event = {.kind = EVENT_OOM_KILL, .kills = 1, .kill = &kill, .message = "killed"};
    (void)state;

    set_zone("UTC0");
    kill.tasks[0] = (struct oom_task){.pid = {77, true}, .comm = "eater"};
    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        for (int details = 0; details <= 1; details++) {
            struct show show;
            open_show(&show, formats[i], plain);
            show.stream.details = details;
            stream_put_event(&show.stream, &event);
            flush(&show);
            bool shown = strstr(show.out, "eater") || strstr(show.err, "eater");
            assert_int_equal(shown, details && formats[i] != STREAM_CSV);
            assert_non_null(strstr(formats[i] == STREAM_CSV ? show.err : show.out, "killed"));
            close_show(&show);
        }
    }
}

static void details_of_an_event_without_a_victim_are_none(void **state)
{
    struct show show;
    (void)state;

    open_show(&show, STREAM_TABLE, plain);
    show.stream.details = true;
    stream_put_event(&show.stream, &warning);
    flush(&show);
    assert_string_equal(show.out, "WARNING: watch out\n");
    close_show(&show);
}

static void room_that_was_made_is_there_and_what_waits_is_counted(void **state)
{
    static const enum stream_format formats[] = {STREAM_TABLE, STREAM_JSON, STREAM_CSV};
    enum { ROOM = 200000 };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(formats); i++) {
        struct show show;
        open_show(&show, formats[i], plain);
        assert_int_equal(stream_make_room(&show.stream, ROOM), 0);
        assert_int_equal(stream_pending(&show.stream), 0);
        while (stream_pending(&show.stream) < ROOM)
            put_row(&show, 1, 1);
        assert_int_equal(show.stream.output.lost, 0);
        assert_int_equal(flush(&show), 0);
        assert_int_equal(stream_pending(&show.stream), 0);
        close_show(&show);
    }
}

static void notes_beside_few_rows_have_as_much_room(void **state)
{
    enum { ROOM = 200000 };
    struct show show;
    (void)state;

    open_show(&show, STREAM_CSV, plain);
    assert_int_equal(stream_make_room(&show.stream, ROOM), 0);
    while (stream_pending(&show.stream) < ROOM)
        stream_put_event(&show.stream, &warning);
    assert_int_equal(show.stream.notes.lost, 0);
    flush(&show);
    assert_true(strlen(show.err) >= ROOM);
    close_show(&show);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_table_with_its_header_rows_and_events),
        cmocka_unit_test(what_was_flushed_is_not_written_again),
        cmocka_unit_test(json_has_no_header_and_events_among_the_samples),
        cmocka_unit_test(csv_has_its_header_once_and_events_on_standard_error),
        cmocka_unit_test(the_header_comes_again_when_the_screen_has_scrolled),
        cmocka_unit_test(the_height_that_counts_is_the_one_of_now),
        cmocka_unit_test(events_and_wrapped_lines_scroll_the_screen_too),
        cmocka_unit_test(a_line_as_wide_as_the_screen_is_one_line),
        cmocka_unit_test(on_a_pipe_the_header_appears_once),
        cmocka_unit_test(a_red_row_stands_for_the_event_where_there_is_color),
        cmocka_unit_test(a_full_disk_and_a_closed_pipe_are_told),
        cmocka_unit_test(a_row_leaves_in_one_write),
        cmocka_unit_test(the_most_that_one_row_can_bring_fits),
        cmocka_unit_test(output_that_did_not_fit_is_an_error_not_a_cut_line),
        cmocka_unit_test(a_mark_stands_among_the_rows_but_in_csv),
        cmocka_unit_test(a_mark_scrolls_the_screen_by_as_many_lines_as_it_takes),
        cmocka_unit_test(processes_are_a_table_or_objects_and_not_in_csv),
        cmocka_unit_test(processes_scroll_the_screen_too),
        cmocka_unit_test(with_details_a_kill_has_its_tasks),
        cmocka_unit_test(details_of_an_event_without_a_victim_are_none),
        cmocka_unit_test(room_that_was_made_is_there_and_what_waits_is_counted),
        cmocka_unit_test(notes_beside_few_rows_have_as_much_room),
    };
    return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
