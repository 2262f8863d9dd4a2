/* The server as a whole, with its onlookers and samples. */
#include "base/clock.h"
#include "base/gzip.h"
#include "server/onlookers.h"
#include "server/server.h"
#include "support.h"
#include "visitors.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#define SECOND UINT64_C(1000000000)

enum { VISITORS = ONLOOKERS_MAX + 2 };

struct stage {
    struct folder folder;
    char proc_path[80];
    char words[100];
    const char *addresses[1];
    struct server_settings settings;
    struct loop loop;
    struct server *server;
    struct problem problem;
    struct door door;
    struct figures figures;
    uint64_t wall_ns;
    struct visitor visitors[VISITORS];
};

static int setup(void **state)
{
    struct stage *stage = calloc(1, sizeof(*stage));

    if (!stage)
        return -1;
    *state = stage;
    folder_make(&stage->folder);
    snprintf(stage->proc_path, sizeof(stage->proc_path), "%s/proc", stage->folder.path);
    snprintf(stage->words, sizeof(stage->words), "unix:%s/socket", stage->folder.path);
    folder_put(&stage->folder, "proc/vmstat", "pgfault 1000\npgmajfault 40\n");
    stage->addresses[0] = stage->words;
    stage->settings = (struct server_settings){
        .addresses = stage->addresses,
        .address_count = 1,
        .connections = 100,
        .exporter = {.proc_path = stage->proc_path},
        .interval_seconds = 1,
        .watch = WATCH_DEFAULTS,
    };
    figures_init(&stage->figures);
    stage->wall_ns = clock_wall_ns() / SECOND * SECOND - 100 * SECOND;
    for (size_t i = 0; i < VISITORS; i++)
        stage->visitors[i].fd = -1;
    (void)signal(SIGPIPE, SIG_IGN);
    return loop_open(&stage->loop);
}

static int teardown(void **state)
{
    struct stage *stage = *state;

    server_close(stage->server);
    loop_close(&stage->loop);
    for (size_t i = 0; i < VISITORS; i++)
        visitor_close(&stage->visitors[i]);
    folder_remove(&stage->folder);
    free(stage);
    return 0;
}

#define on_stage(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static struct stage *opened(void **state)
{
    struct stage *stage = *state;

    if (server_open(&stage->server, &stage->settings, &stage->loop, &stage->problem) < 0)
        fail_msg("%s", stage->problem.text);
    stage->door = (struct door){.address.sun_family = AF_UNIX, .length = sizeof(stage->door.address)};
    strcpy(stage->door.address.sun_path, stage->words + strlen("unix:"));
    return stage;
}

static void settle(struct stage *stage)
{
    for (int i = 0; i < 12; i++)
        server_turn(stage->server);
}

static struct visitor *visit(struct stage *stage, size_t place)
{
    visitor_open(&stage->visitors[place], &stage->door);
    settle(stage);
    return &stage->visitors[place];
}

static void wait_for(struct stage *stage, struct visitor *visitor)
{
    do
        settle(stage);
    while (visitor_read(visitor, SIZE_MAX) > 0);
}

static struct answer ask(struct stage *stage, struct visitor *visitor, const char *request, int status)
{
    visitor_send(visitor, request);
    wait_for(stage, visitor);
    struct answer answer = visitor_take_answer(visitor, strncmp(request, "HEAD ", 5) == 0);
    if (answer.status != status)
        fail_msg("%d and not %d: %s%s", answer.status, status, request, visitor->bytes);
    return answer;
}

#define GET(path)               "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"
#define GET_WITH(path, headers) "GET " path " HTTP/1.1\r\nHost: a\r\n" headers "\r\n\r\n"

static void take_interval(struct stage *stage, double running)
{
    stage->figures.interval.wall_ns = stage->wall_ns += SECOND;
    stage->figures.values[M_procs_running] = running;
    server_take_interval(stage->server, &stage->figures.interval);
}

static void take_event(struct stage *stage)
{
    const struct event event = {.kind = EVENT_ALERT,
                                .wall_ns = stage->wall_ns,
                                .message = "much is faulted",
                                .alert = "major_faults",
                                .state = STATE_BEGIN,
                                .value = 70,
                                .threshold = 50};
    server_take_event(stage->server, &event);
}

/* -- pages of its own -- */

static void it_says_that_it_is_there(void **state)
{
    struct stage *stage = opened(state);
    struct answer answer = ask(stage, visit(stage, 0), GET("/healthz"), 200);
    TEXT(addresses, 256);

    assert_string_equal(answer.body, "ok\n");
    answer_free(&answer);
    server_put_addresses(stage->server, &addresses);
    assert_text(&addresses, stage->words);
    server_close(stage->server);
    stage->server = NULL;
    assert_int_equal(access(stage->words + strlen("unix:"), F_OK), -1); /* the socket is gone with it */
    server_close(NULL);
}

static void metrics_in_the_format_that_is_asked_for(void **state)
{
    struct stage *stage = opened(state);
    struct visitor *visitor = visit(stage, 0);
    struct answer answer = ask(stage, visitor, GET("/metrics"), 200);

    assert_string_equal(answer_header(&answer, "Content-Type"), "text/plain; version=0.0.4; charset=utf-8");
    assert_string_equal(answer_header(&answer, "Vary"), "Accept, Accept-Encoding");
    assert_non_null(strstr(answer.body, "\nfaultline_major_faults_total 40\n"));
    assert_non_null(strstr(answer.body, "\nfaultline_http_connections 1\n"));
    assert_non_null(strstr(answer.body, "\nfaultline_http_requests_total 1\n"));
    assert_null(strstr(answer.body, "# EOF"));
    answer_free(&answer);
    take_event(stage);
    take_interval(stage, 3);
    answer =
        ask(stage, visitor,
            GET_WITH("/metrics", "Accept: application/openmetrics-text;version=1.0.0;q=0.6, */*;q=0.5"), 200);
    assert_string_equal(answer_header(&answer, "Content-Type"),
                        "application/openmetrics-text; version=1.0.0; charset=utf-8");
    assert_string_equal(answer.body + answer.body_length - 6, "# EOF\n");
    assert_non_null(strstr(answer.body, "\nfaultline_alert_active{alert=\"major_faults\"} 1\n"));
    assert_non_null(strstr(answer.body, "\nfaultline_intervals_total 1\n"));
    assert_null(strstr(answer.body, "faultline_recording_failures"));
    answer_free(&answer);
}

static void metrics_may_be_packed(void **state)
{
    struct stage *stage = opened(state);
    char text[100000];
    struct answer answer = ask(stage, visit(stage, 0), GET_WITH("/metrics", "Accept-Encoding: gzip"), 200);

    if (!gzip_is_possible()) {
        answer_free(&answer);
        skip();
    }
    assert_string_equal(answer_header(&answer, "Content-Encoding"), "gzip");
    assert_true(answer.body_length > 20);
    /* Its length stands at its end. */
    const unsigned char *end = (const unsigned char *)answer.body + answer.body_length;
    size_t length = end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16;
    assert_true(length < sizeof(text));
    assert_int_equal(gzip_unpack(answer.body, answer.body_length, text, length), 0);
    text[length] = '\0';
    assert_non_null(strstr(text, "\nfaultline_major_faults_total 40\n"));
    answer_free(&answer);
}

static void failures_of_a_recording_are_told(void **state)
{
    struct stage *stage = *state;

    stage->settings.recording_path = "/no/such/recording";
    opened(state);
    server_note_recording(stage->server, 17);
    struct answer answer = ask(stage, visit(stage, 0), GET("/metrics"), 200);
    assert_non_null(strstr(answer.body, "\nfaultline_recording_failures_total 17\n"));
    answer_free(&answer);
}

/* -- the live view -- */

static size_t count_of(const char *text, const char *word)
{
    size_t count = 0;

    for (const char *at = text; at && (at = strstr(at, word)); at++)
        count++;
    return count;
}

static void who_looks_on_gets_what_comes(void **state)
{
    struct stage *stage = opened(state);

    take_interval(stage, 1);
    struct visitor *visitor = visit(stage, 0);
    visitor_send(visitor, GET("/api/stream"));
    wait_for(stage, visitor);
    assert_non_null(strstr(visitor->bytes, "Content-Type: text/event-stream\r\n"));
    assert_non_null(strstr(visitor->bytes, "retry: 2000\ndata: {\"type\":\"about\","));
    assert_int_equal(count_of(visitor->bytes, "\"type\":\"sample\""), 0); /* from now on */
    take_interval(stage, 2);
    take_event(stage);
    take_interval(stage, 3);
    wait_for(stage, visitor);
    const char *first = strstr(visitor->bytes, "-1\ndata: {\"type\":\"sample\"");
    const char *event = strstr(visitor->bytes, "-2\ndata: {\"type\":\"");
    const char *second = strstr(visitor->bytes, "-3\ndata: {\"type\":\"sample\"");
    assert_true(first && event && second && first < event && event < second);
    assert_non_null(strstr(event, "much is faulted"));
    assert_int_equal(count_of(visitor->bytes, "\"procs_running\":2"), 1);
    assert_int_equal(count_of(visitor->bytes, "}\n\n"), 4);
    assert_false(visitor->at_end);
}

/* The id of the first event that has one. */
static void take_id(const struct visitor *visitor, char *id, size_t size)
{
    const char *at = strstr(visitor->bytes, "id: ");

    assert_non_null(at);
    snprintf(id, size, "%.*s", (int)strcspn(at + 4, "\n"), at + 4);
}

static void who_comes_back_goes_on_where_he_was(void **state)
{
    struct stage *stage = opened(state);
    struct visitor *visitor = visit(stage, 0);
    char id[64], request[256];

    visitor_send(visitor, GET("/api/stream"));
    wait_for(stage, visitor);
    take_interval(stage, 10);
    wait_for(stage, visitor);
    take_id(visitor, id, sizeof(id));
    visitor_close(visitor);
    settle(stage);
    take_interval(stage, 11);
    take_interval(stage, 12);
    visitor = visit(stage, 0);
    snprintf(request, sizeof(request), GET_WITH("/api/stream", "Last-Event-ID: %s"), id);
    visitor_send(visitor, request);
    wait_for(stage, visitor);
    assert_int_equal(count_of(visitor->bytes, "\"procs_running\":10"), 0);
    assert_int_equal(count_of(visitor->bytes, "\"procs_running\":11"), 1);
    assert_int_equal(count_of(visitor->bytes, "\"procs_running\":12"), 1);
    /* An id of another run of the server, or none. */
    visitor = visit(stage, 1);
    visitor_send(visitor, GET_WITH("/api/stream", "Last-Event-ID: 1-0"));
    wait_for(stage, visitor);
    assert_int_equal(count_of(visitor->bytes, "\"type\":\"sample\""), 0);
}

static void who_does_not_read_holds_nobody_up_and_misses_nothing(void **state)
{
    enum { INTERVALS = 800 };
    struct stage *stage = opened(state);
    struct visitor *slow = visit(stage, 0);
    struct visitor *quick = visit(stage, 1);

    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
        stage->figures.values[i] = 12345678;
    visitor_send(slow, GET("/api/stream"));
    visitor_send(quick, GET("/api/stream"));
    settle(stage);
    for (unsigned i = 0; i < INTERVALS; i++) {
        take_interval(stage, i);
        wait_for(stage, quick);
    }
    assert_int_equal(count_of(quick->bytes, "\"type\":\"sample\""), INTERVALS);
    /* What it has read makes room, of which the kernel tells when it comes to that. */
    for (int patience = 0; patience < 1000 && count_of(slow->bytes, "\"type\":\"sample\"") < INTERVALS;
         patience++) {
        wait_for(stage, slow);
        usleep(10000);
    }
    assert_int_equal(count_of(slow->bytes, "\"type\":\"sample\""), INTERVALS);
}

static void more_than_may_look_on(void **state)
{
    struct stage *stage = opened(state);

    for (size_t i = 0; i < ONLOOKERS_MAX; i++)
        visitor_send(visit(stage, i), GET("/api/stream"));
    settle(stage);
    struct visitor *visitor = visit(stage, ONLOOKERS_MAX);
    struct answer answer = ask(stage, visitor, GET("/api/stream"), 503);
    assert_string_equal(answer_header(&answer, "Retry-After"), "10");
    answer_free(&answer);
    visitor_close(&stage->visitors[3]);
    settle(stage);
    take_interval(stage, 1); /* who has gone shows when he is written to */
    settle(stage);
    visitor_send(visitor, GET("/api/stream"));
    wait_for(stage, visitor);
    assert_non_null(strstr(visitor->bytes, "\"type\":\"about\""));
}

static void put_process(const struct stage *stage, unsigned pid, const char *comm, unsigned major_faults)
{
    char name[32], text[256];

    snprintf(name, sizeof(name), "proc/%u/stat", pid);
    snprintf(text, sizeof(text),
             "%u (%s) S 1 1 1 0 -1 4194560 7 0 %u 0 0 0 0 0 20 0 1 0 100 9999999 10 18446744073709551615\n",
             pid, comm, major_faults);
    folder_put(&stage->folder, name, text);
    snprintf(name, sizeof(name), "proc/%u/status", pid);
    folder_put(&stage->folder, name, "Name:\tx\nUid:\t0\t0\t0\t0\nVmSwap:\t       0 kB\n");
    snprintf(name, sizeof(name), "proc/%u/cgroup", pid);
    folder_put(&stage->folder, name, "0::/job\n");
}

static void processes_for_who_asks_for_them(void **state)
{
    struct stage *stage = opened(state);
    struct visitor *one = visit(stage, 0);
    struct visitor *none = visit(stage, 1);

    put_process(stage, 10, "quiet", 1);
    put_process(stage, 11, "busy", 1);
    visitor_send(one, GET("/api/stream?processes=1"));
    visitor_send(none, GET("/api/stream"));
    settle(stage);
    take_interval(stage, 1);
    wait_for(stage, one);
    put_process(stage, 11, "busy", 1000);
    take_interval(stage, 2);
    wait_for(stage, one);
    wait_for(stage, none);
    const char *second = strstr(one->bytes, "\"procs_running\":2");
    assert_non_null(second);
    assert_int_equal(count_of(second, "\"comm\":\"busy\""), 1);
    assert_int_equal(count_of(second, "\"comm\":\"quiet\""), 0);
    assert_non_null(strstr(second, "\"others\":1"));
    assert_int_equal(count_of(none->bytes, "busy"), 0);
    assert_int_equal(count_of(none->bytes, "\"type\":\"sample\""), 2);
}

static void questions_that_are_wrong(void **state)
{
    static const char *const questions[] = {
        GET("/api/stream?processes=51"), GET("/api/stream?processes=-1"), GET("/api/stream?processes=x"),
        GET("/api/stream?processes="),   GET("/api/samples?since=x"),     GET("/api/samples?until="),
        GET("/api/samples?every=0"),     GET("/api/samples?every=-1"),    GET("/api/samples?every=86401"),
        GET("/api/samples?every=nan"),
    };
    struct stage *stage = opened(state);
    struct visitor *visitor = visit(stage, 0);

    for (size_t i = 0; i < COUNT_OF(questions); i++) {
        struct answer answer = ask(stage, visitor, questions[i], 400);
        assert_non_null(strstr(answer.body, "expected"));
        answer_free(&answer);
    }
}

/* -- the past -- */

static void samples_of_the_past(void **state)
{
    struct stage *stage = opened(state);
    struct visitor *visitor = visit(stage, 0);
    char request[256];

    for (unsigned i = 0; i < 6; i++)
        take_interval(stage, i);
    take_event(stage);
    struct answer answer = ask(stage, visitor, GET("/api/samples"), 200);
    assert_string_equal(answer_header(&answer, "Content-Type"), "application/x-ndjson");
    assert_true(answer.is_chunked);
    assert_int_equal(count_of(answer.body, "\"type\":\"sample\""), 6);
    assert_int_equal(count_of(answer.body, "much is faulted"), 1);
    assert_int_equal(answer.body[answer.body_length - 1], '\n');
    answer_free(&answer);
    snprintf(request, sizeof(request), GET("/api/samples?since=%llu.5&until=%llu"),
             (unsigned long long)(stage->wall_ns / SECOND - 3),
             (unsigned long long)(stage->wall_ns / SECOND - 1));
    answer = ask(stage, visitor, request, 200);
    assert_int_equal(count_of(answer.body, "\"type\":\"sample\""), 2);
    assert_int_equal(count_of(answer.body, "\"procs_running\":3"), 1);
    assert_int_equal(count_of(answer.body, "\"procs_running\":4"), 1);
    answer_free(&answer);
    answer = ask(stage, visitor, GET("/api/samples?every=3"), 200);
    assert_int_equal(count_of(answer.body, "\"type\":\"sample\""), 2);
    answer_free(&answer);
    answer = ask(stage, visitor, GET("/api/samples?since=2020-01-01T00:00:00Z&until=2020-01-02"), 200);
    assert_string_equal(answer.body, "");
    answer_free(&answer);
    answer = ask(stage, visitor, "HEAD /api/samples HTTP/1.1\r\nHost: a\r\n\r\n", 200);
    answer_free(&answer);
    answer = ask(stage, visitor, GET("/healthz"), 200);
    answer_free(&answer);
}

static void a_long_past_for_who_reads_slowly_or_goes(void **state)
{
    struct stage *stage = opened(state);
    struct visitor *visitor = visit(stage, 0);

    for (size_t i = 0; i < METRIC_TABLE_SIZE; i++)
        stage->figures.values[i] = 12345678;
    for (unsigned i = 0; i < 900; i++)
        take_interval(stage, i);
    visitor_send(visitor, GET("/api/samples"));
    settle(stage);
    for (int i = 0; i < 1000; i++) {
        visitor_read(visitor, 5000);
        settle(stage);
    }
    wait_for(stage, visitor);
    struct answer answer = visitor_take_answer(visitor, false);
    assert_int_equal(count_of(answer.body, "\"type\":\"sample\""), 900);
    answer_free(&answer);
    visitor_send(visitor, GET("/api/samples"));
    server_turn(stage->server);
    visitor_close(visitor);
    settle(stage);
    answer = ask(stage, visit(stage, 1), GET("/metrics"), 200);
    assert_non_null(strstr(answer.body, "\nfaultline_http_connections 1\n"));
    answer_free(&answer);
}

static void a_past_that_cannot_be_read(void **state)
{
    struct stage *stage = *state;

    stage->settings.recording_path = "/no/such/recording";
    opened(state);
    struct answer answer = ask(stage, visit(stage, 0), GET("/api/samples?since=0"), 500);
    assert_non_null(strstr(answer.body, "/no/such/recording"));
    answer_free(&answer);
}

/* -- what does not open -- */

static void does_not_open(struct stage *stage, int error, const char *words)
{
    assert_int_equal(server_open(&stage->server, &stage->settings, &stage->loop, &stage->problem), error);
    assert_null(stage->server);
    assert_non_null(strstr(stage->problem.text, words));
}

static void what_cannot_be_opened(void **state)
{
    struct stage *stage = *state;

    stage->addresses[0] = "nowhere";
    does_not_open(stage, -EINVAL, "'nowhere': expected ADDRESS:PORT");
    stage->addresses[0] = stage->words;
    stage->settings.exporter.proc_path = "/no/such/proc";
    does_not_open(stage, -ENOENT, "/no/such/proc");
    stage->settings.exporter.proc_path = stage->proc_path;
    int fd = door_open(&stage->door);
    close(fd);
    opened(state);
    struct server *second;
    assert_int_equal(server_open(&second, &stage->settings, &stage->loop, &stage->problem), -EADDRINUSE);
    struct answer answer =
        ask(stage, visit(stage, 0), GET("/healthz"), 200); /* the first one's socket stays */
    answer_free(&answer);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_stage(it_says_that_it_is_there),
        on_stage(metrics_in_the_format_that_is_asked_for),
        on_stage(metrics_may_be_packed),
        on_stage(failures_of_a_recording_are_told),
        on_stage(who_looks_on_gets_what_comes),
        on_stage(who_comes_back_goes_on_where_he_was),
        on_stage(who_does_not_read_holds_nobody_up_and_misses_nothing),
        on_stage(more_than_may_look_on),
        on_stage(processes_for_who_asks_for_them),
        on_stage(questions_that_are_wrong),
        on_stage(samples_of_the_past),
        on_stage(a_long_past_for_who_reads_slowly_or_goes),
        on_stage(a_past_that_cannot_be_read),
        on_stage(what_cannot_be_opened),
    };
    return cmocka_run_group_tests_name("server", tests, NULL, NULL);
}
