#include "server/http.h"
#include "support.h"
#include "visitors.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* -- passwords, in place of access.c -- */

static struct {
    enum access_verdict verdict;
    unsigned checks;
    char authorization[64];
    void (*tell)(void *context, enum access_verdict verdict);
    void *context;
    const void *forgotten;
} guard;

enum access_verdict __wrap_access_check(struct access *access, const char *authorization,
                                        void (*tell)(void *context, enum access_verdict verdict),
                                        void *context);
void __wrap_access_forget(struct access *access, const void *context);

enum access_verdict __wrap_access_check(struct access *access, const char *authorization,
                                        void (*tell)(void *context, enum access_verdict verdict),
                                        void *context)
{
    assert_ptr_equal(access, &guard);
    guard.checks++;
    snprintf(guard.authorization, sizeof(guard.authorization), "%s",
             authorization ? authorization : "(none)");
    guard.tell = tell;
    guard.context = context;
    return guard.verdict;
}

void __wrap_access_forget(struct access *access, const void *context)
{
    assert_ptr_equal(access, &guard);
    guard.forgotten = context;
}

/* -- a server with routes of the test's own -- */

enum { VISITORS = 5 };

struct site {
    struct http *http;
    struct door door;
    struct visitor visitors[VISITORS];

    /* of the answers in parts */
    struct exchange *exchanges[VISITORS];
    size_t exchange_count;
    unsigned drained, closed;
    size_t to_put; /* bytes that are put whenever there is room */
    size_t backlog_when_drained;
    bool drops; /* in drained() */
    bool refused_parts;
};

static void answer_hello(void *context, struct exchange *exchange)
{
    (void)context;
    exchange_answer(exchange, 200, "text/plain", "hello", 5);
}

static void answer_constant(void *context, struct exchange *exchange)
{
    (void)context;
    exchange_add_header(exchange, "X-One", "1");
    exchange_add_header(exchange, "content-security-policy", "default-src 'self'");
    exchange_answer_constant(exchange, 200, "text/html", "constant", 8);
}

/* What was asked, back as the answer. */
static void answer_echo(void *context, struct exchange *exchange)
{
    const struct request *request = exchange_request(exchange);
    char text[512];
    char value[64];

    (void)context;
    bool found = request_parameter(request, "a", value, sizeof(value));
    snprintf(text, sizeof(text), "%s|%s|%s\n", request->path, found ? value : "-",
             request_header(request, "X-Word") ? request_header(request, "X-Word") : "-");
    exchange_answer_text(exchange, 200, text);
}

static void on_closed(void *context)
{
    struct site *site = context;
    site->closed++;
}

static void put_some(struct site *site)
{
    char bytes[10000];

    memset(bytes, 'x', sizeof(bytes));
    while (site->to_put > 0 && exchange_backlog(site->exchanges[0]) < 20000) {
        size_t length = site->to_put < sizeof(bytes) ? site->to_put : sizeof(bytes);
        exchange_put(site->exchanges[0], bytes, length);
        site->to_put -= length;
        if (site->to_put == 0)
            exchange_end(site->exchanges[0]);
    }
}

static void on_drained(void *context)
{
    struct site *site = context;

    site->drained++;
    site->backlog_when_drained += exchange_backlog(site->exchanges[0]);
    if (site->drops)
        exchange_drop(site->exchanges[0]);
    put_some(site);
}

static void answer_parts(void *context, struct exchange *exchange)
{
    struct site *site = context;
    const struct exchange_watcher watcher = {on_drained, on_closed, site};

    site->refused_parts = !exchange_begin(exchange, "text/event-stream", &watcher);
    if (!site->refused_parts)
        site->exchanges[site->exchange_count++] = exchange;
}

static const struct http_route routes[] = {
    {"/hello", false, answer_hello}, {"/constant", false, answer_constant}, {"/echo", false, answer_echo},
    {"/parts", false, answer_parts}, {"/open", true, answer_hello},
};

static void open_site(struct site *site, size_t connections, bool guarded)
{
    const struct http_settings settings = {
        .routes = routes,
        .route_count = COUNT_OF(routes),
        .context = site,
        .connections = connections,
        .access = guarded ? (struct access *)(void *)&guard : NULL,
    };

    site->http = http_new(&settings);
    assert_non_null(site->http);
    assert_int_equal(http_listen(site->http, door_open(&site->door)), 0);
    for (size_t i = 0; i < VISITORS; i++)
        site->visitors[i].fd = -1;
}

static int setup(void **state)
{
    memset(&guard, 0, sizeof(guard));
    *state = calloc(1, sizeof(struct site));
    return *state ? 0 : -1;
}

static int teardown(void **state)
{
    struct site *site = *state;

    http_free(site->http);
    for (size_t i = 0; i < VISITORS; i++) {
        if (site->visitors[i].fd > 0)
            visitor_close(&site->visitors[i]);
    }
    free(site);
    return 0;
}

#define on_site(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

static struct visitor *visit(struct site *site, size_t place)
{
    visitor_open(&site->visitors[place], &site->door);
    http_settle(site->http);
    return &site->visitors[place];
}

static struct visitor *first_visit(struct site *site)
{
    open_site(site, 10, false);
    return visit(site, 0);
}

static struct http_counts counts(const struct site *site)
{
    return http_counts(site->http);
}

#define GET(path) "GET " path " HTTP/1.1\r\nHost: a\r\n\r\n"

static void body_is(struct answer answer, const char *body)
{
    assert_string_equal(answer.body, body);
    answer_free(&answer);
}

/* -- answers -- */

static void an_answer_and_what_every_one_says(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);
    struct answer answer = visitor_ask(visitor, site->http, GET("/hello"), 200);

    assert_int_equal(strncmp(answer.head, "HTTP/1.1 200 OK\r\n", 17), 0);
    assert_string_equal(answer_header(&answer, "Content-Type"), "text/plain");
    assert_string_equal(answer_header(&answer, "Content-Length"), "5");
    assert_string_equal(answer_header(&answer, "X-Content-Type-Options"), "nosniff");
    assert_string_equal(answer_header(&answer, "Cache-Control"), "no-store");
    assert_string_equal(answer_header(&answer, "Content-Security-Policy"),
                        "default-src 'none'; frame-ancestors 'none'");
    assert_non_null(answer_header(&answer, "Date"));
    assert_string_equal(strstr(answer_header(&answer, "Date"), " GMT"), " GMT");
    assert_null(answer_header(&answer, "Connection"));
    assert_null(answer_header(&answer, "Server"));
    body_is(answer, "hello");
    assert_false(visitor->at_end);
}

static void headers_of_a_route_stand_in_place_of_the_common_ones(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);
    struct answer answer = visitor_ask(visitor, site->http, GET("/constant"), 200);

    assert_string_equal(answer_header(&answer, "X-One"), "1");
    assert_string_equal(answer_header(&answer, "Content-Security-Policy"), "default-src 'self'");
    assert_null(strstr(answer.head, "default-src 'none'"));
    body_is(answer, "constant");
}

static void a_route_sees_the_request(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);

    body_is(visitor_ask(visitor, site->http,
                        "GET http://h/echo?b=1&a=x%20y HTTP/1.1\r\nHost: h\r\nX-Word: z\r\n\r\n", 200),
            "/echo|x y|z\n");
    body_is(visitor_ask(visitor, site->http, GET("/echo"), 200), "/echo|-|-\n");
}

static void a_connection_goes_on(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);

    for (int i = 0; i < 5; i++)
        body_is(visitor_ask(visitor, site->http, GET("/hello"), 200), "hello");
    assert_int_equal(counts(site).requests, 5);
    assert_int_equal(counts(site).connections, 1);
    visitor_close(visitor);
    http_settle(site->http);
    assert_int_equal(counts(site).connections, 0);
    for (size_t i = 0; i < HTTP_DROPS; i++)
        assert_int_equal(counts(site).dropped[i], 0);
}

static void requests_that_come_together_are_answered_one_after_the_other(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);

    visitor_send(visitor,
                 GET("/echo?a=1") GET("/hello") "\r\n" GET("/echo?a=3") "GET /echo?a=4 HTTP/1.1\r\n");
    visitor_wait(visitor, site->http);
    body_is(visitor_take_answer(visitor, false), "/echo|1|-\n");
    body_is(visitor_take_answer(visitor, false), "hello");
    body_is(visitor_take_answer(visitor, false), "/echo|3|-\n");
    assert_int_equal(visitor->length, 0);
    body_is(visitor_ask(visitor, site->http, "Host: a\r\n\r\n", 200), "/echo|4|-\n");
}

static void a_request_that_comes_byte_by_byte(void **state)
{
    static const char request[] = GET("/echo?a=slow");
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);

    for (size_t i = 0; i < sizeof(request) - 1; i++) {
        assert_int_equal(counts(site).requests, 0);
        visitor_send_bytes(visitor, request + i, 1);
        visitor_wait(visitor, site->http);
    }
    body_is(visitor_take_answer(visitor, false), "/echo|slow|-\n");
}

static void head_has_no_body(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);
    struct answer answer = visitor_ask(visitor, site->http, "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\n", 200);

    assert_string_equal(answer_header(&answer, "Content-Length"), "5");
    assert_int_equal(visitor->length, 0);
    answer_free(&answer);
    answer = visitor_ask(visitor, site->http, "HEAD /constant HTTP/1.1\r\nHost: a\r\n\r\n", 200);
    assert_string_equal(answer_header(&answer, "Content-Length"), "8");
    assert_int_equal(visitor->length, 0);
    answer_free(&answer);
    answer = visitor_ask(visitor, site->http, "HEAD /parts HTTP/1.1\r\nHost: a\r\n\r\n", 200);
    assert_int_equal(visitor->length, 0);
    assert_true(site->refused_parts);
    assert_int_equal(site->closed, 0);
    answer_free(&answer);
    body_is(visitor_ask(visitor, site->http, GET("/hello"), 200), "hello");
}

static void http_1_0_ends_with_the_answer(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);
    struct answer answer = visitor_ask(visitor, site->http, "GET /hello HTTP/1.0\r\n\r\n", 200);

    assert_string_equal(answer_header(&answer, "Connection"), "close");
    body_is(answer, "hello");
    assert_true(visitor->at_end);
    visitor_close(visitor);
    http_settle(site->http);
    assert_int_equal(counts(site).connections, 0);
}

static void http_1_0_may_go_on(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);
    struct answer answer =
        visitor_ask(visitor, site->http, "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200);

    assert_string_equal(answer_header(&answer, "Connection"), "keep-alive");
    body_is(answer, "hello");
    body_is(visitor_ask(visitor, site->http, "GET /hello HTTP/1.0\r\n\r\n", 200), "hello");
    assert_true(visitor->at_end);
}

static void who_asks_for_the_end_gets_it(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);
    struct answer answer =
        visitor_ask(visitor, site->http,
                    "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" GET("/hello"), 200);

    assert_string_equal(answer_header(&answer, "Connection"), "close");
    body_is(answer, "hello");
    assert_true(visitor->at_end);
    assert_int_equal(visitor->length, 0); /* the next one is not answered */
    assert_int_equal(counts(site).requests, 1);
}

/* -- what is no request -- */

static void unknown_paths(void **state)
{
    static const char *const paths[] = {
        GET("/hell"), GET("/hello/"), GET("/hello%2f"), GET("//hello"), GET("*"), GET("/"), GET("/HELLO"),
    };
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);

    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct answer answer = visitor_ask(visitor, site->http, paths[i], 404);
        assert_non_null(strstr(answer.body, "/metrics"));
        answer_free(&answer);
    }
}

static void other_methods(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);
    struct answer answer = visitor_ask(visitor, site->http, "DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n", 405);

    assert_string_equal(answer_header(&answer, "Allow"), "GET, HEAD");
    answer_free(&answer);
    answer = visitor_ask(visitor, site->http,
                         "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n"
                         "1234\r\n\r" GET("/hello"),
                         405);
    answer_free(&answer);
    body_is(visitor_take_answer(visitor, false), "hello"); /* the body was no request */
}

static void refused(struct site *site, const char *request, int status)
{
    uint64_t broken = counts(site).dropped[HTTP_DROP_BROKEN];
    struct visitor *visitor = visit(site, 0);
    struct answer answer = visitor_ask(visitor, site->http, request, status);

    assert_string_equal(answer_header(&answer, "Connection"), "close");
    assert_true(visitor->at_end);
    assert_int_equal(visitor->length, 0);
    assert_int_equal(counts(site).dropped[HTTP_DROP_BROKEN], broken + 1);
    answer_free(&answer);
    visitor_close(visitor);
    http_settle(site->http);
    assert_int_equal(counts(site).connections, 0);
}

static void what_is_no_request_ends_the_connection(void **state)
{
    struct site *site = *state;

    open_site(site, 10, false);
    refused(site, "GET /hello\r\n\r\n", 400);
    refused(site, "GET /hello HTTP/1.1\r\n\r\n" GET("/hello"), 400);
    refused(site, "\x16\x03\x01 hello, this is TLS\n\n", 400);
    refused(site, "GET /hello HTTP/2.0\r\nHost: a\r\n\r\n", 505);
    refused(site, "GET /hello HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501);
    refused(site, "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 4097\r\n\r\n", 413);
    refused(site, "POST /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999\r\n\r\n", 413);
}

static char *long_request(size_t length)
{
    static const char begin[] = "GET /hello HTTP/1.1\r\nHost: a\r\nX: ";
    char *request = malloc(length + 1);

    assert_non_null(request);
    memset(request, 'x', length);
    memcpy(request, begin, sizeof(begin) - 1);
    memcpy(request + length - 4, "\r\n\r\n", 5);
    return request;
}

static void heads_that_are_long_or_too_long(void **state)
{
    struct site *site = *state;

    open_site(site, 10, false);
    char *request = long_request(HTTP_HEAD_BYTES_MAX);
    struct visitor *visitor = visit(site, 0);
    body_is(visitor_ask(visitor, site->http, request, 200), "hello");
    body_is(visitor_ask(visitor, site->http, request, 200), "hello");
    visitor_close(visitor);
    http_settle(site->http);
    free(request);
    request = long_request(HTTP_HEAD_BYTES_MAX + 1);
    refused(site, request, 431);
    free(request);
    request = long_request(100000);
    request[99999] = 'x'; /* it never ends */
    refused(site, request, 431);
    free(request);
}

static void a_body_that_comes_late_and_in_pieces(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);
    struct answer answer = visitor_ask(visitor, site->http,
                                       "GET /hello HTTP/1.1\r\nHost: a\r\nContent-Length: 4096\r\n\r\n", 200);
    char body[4096];

    body_is(answer, "hello");
    memset(body, '\n', sizeof(body));
    for (size_t i = 0; i < 4; i++) {
        visitor_send_bytes(visitor, body, 1024);
        visitor_wait(visitor, site->http);
    }
    assert_int_equal(visitor->length, 0);
    assert_int_equal(counts(site).requests, 1);
    body_is(visitor_ask(visitor, site->http, GET("/echo?a=1"), 200), "/echo|1|-\n");
}

static void who_stops_sending_still_gets_the_answers(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);

    visitor_send(visitor, GET("/echo?a=1") GET("/echo?a=2"));
    assert_int_equal(shutdown(visitor->fd, SHUT_WR), 0);
    visitor_wait(visitor, site->http);
    body_is(visitor_take_answer(visitor, false), "/echo|1|-\n");
    body_is(visitor_take_answer(visitor, false), "/echo|2|-\n");
    assert_true(visitor->at_end);
    assert_int_equal(counts(site).connections, 0);
}

static void who_goes_in_the_middle_of_a_request(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);

    visitor_send(visitor, "GET /hello HT");
    http_settle(site->http);
    assert_int_equal(counts(site).connections, 1);
    visitor_close(visitor);
    http_settle(site->http);
    assert_int_equal(counts(site).connections, 0);
    assert_int_equal(counts(site).requests, 0);
}

/* -- answers in parts -- */

static void parts_come_as_they_are_put(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);

    visitor_send(visitor, GET("/parts"));
    visitor_wait(visitor, site->http);
    assert_non_null(strstr(visitor->bytes, "Content-Type: text/event-stream\r\n"));
    assert_non_null(strstr(visitor->bytes, "Transfer-Encoding: chunked\r\n"));
    assert_null(strstr(visitor->bytes, "Content-Length"));
    exchange_put(site->exchanges[0], "one", 3);
    exchange_put(site->exchanges[0], "", 0); /* which would be the end */
    visitor_wait(visitor, site->http);
    assert_string_equal(strstr(visitor->bytes, "\r\n\r\n"), "\r\n\r\n3\r\none\r\n");
    exchange_put(site->exchanges[0], " and two in some more bytes", 27);
    assert_true(exchange_backlog(site->exchanges[0]) >= 27);
    exchange_end(site->exchanges[0]);
    visitor_wait(visitor, site->http);
    struct answer answer = visitor_take_answer(visitor, false);
    assert_true(answer.is_chunked);
    body_is(answer, "one and two in some more bytes");
    body_is(visitor_ask(visitor, site->http, GET("/hello"), 200), "hello"); /* it goes on */
    assert_int_equal(site->closed, 0);
}

static void to_http_1_0_parts_end_with_the_connection(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);

    visitor_send(visitor, "GET /parts HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    visitor_wait(visitor, site->http);
    assert_null(strstr(visitor->bytes, "chunked"));
    exchange_put(site->exchanges[0], "one", 3);
    exchange_end(site->exchanges[0]);
    visitor_wait(visitor, site->http);
    struct answer answer = visitor_take_answer(visitor, false);
    assert_int_equal(answer.status, 200);
    assert_string_equal(answer_header(&answer, "Connection"), "close");
    body_is(answer, "one");
    assert_true(visitor->at_end);
}

static void what_is_put_waits_for_who_reads_slowly(void **state)
{
    enum { ALL = 3000000 };
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);

    visitor_send(visitor, GET("/parts"));
    http_settle(site->http);
    site->to_put = ALL;
    site->drained = 0;
    put_some(site);
    for (int i = 0; i < 20; i++)
        http_settle(site->http);
    assert_true(site->to_put > ALL / 2); /* the socket is full, and nobody reads */
    assert_true(exchange_backlog(site->exchanges[0]) > 0);
    unsigned drained = site->drained;
    for (int i = 0; i < 20; i++)
        http_settle(site->http);
    assert_int_equal(site->drained, drained);
    while (!visitor->at_end && (visitor_read(visitor, 50000) > 0 || site->to_put > 0))
        http_settle(site->http);
    visitor_wait(visitor, site->http);
    assert_int_equal(site->to_put, 0);
    assert_true(site->drained > drained + 10);
    assert_int_equal(site->backlog_when_drained, 0);
    struct answer answer = visitor_take_answer(visitor, false);
    assert_int_equal(answer.body_length, ALL);
    assert_int_equal(strspn(answer.body, "x"), ALL);
    answer_free(&answer);
}

static void who_wants_to_go_on_is_called_in_the_next_turn(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);

    visitor_send(visitor, GET("/parts"));
    visitor_wait(visitor, site->http);
    site->drained = 0;
    http_settle(site->http);
    assert_int_equal(site->drained, 0);
    exchange_continue(site->exchanges[0]);
    http_settle(site->http);
    assert_int_equal(site->drained, 1);
}

static void who_goes_in_the_middle_of_an_answer_is_told_of_once(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);

    visitor_send(visitor, GET("/parts"));
    visitor_wait(visitor, site->http);
    visitor_close(visitor);
    for (int i = 0; i < 5 && site->closed == 0; i++) {
        http_settle(site->http);
        if (site->closed == 0)
            exchange_put(site->exchanges[0], "anybody?", 8); /* writing tells */
    }
    assert_int_equal(site->closed, 1);
    assert_int_equal(counts(site).connections, 0);
    http_settle(site->http);
    assert_int_equal(site->closed, 1);
}

static void one_that_is_given_up_is_told_of_later(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);

    visitor_send(visitor, GET("/parts"));
    visitor_wait(visitor, site->http);
    unsigned drained = site->drained;
    exchange_drop(site->exchanges[0]);
    assert_int_equal(site->closed, 0);
    visitor_wait(visitor, site->http);
    assert_int_equal(site->closed, 1);
    assert_int_equal(site->drained, drained); /* nobody is asked for more */
    assert_true(visitor->at_end);
    assert_int_equal(visitor_take_answer(visitor, false).status, 0); /* it looks cut off */
    assert_int_equal(counts(site).connections, 0);
}

static void one_may_be_given_up_from_within_its_watcher(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);

    visitor_send(visitor, GET("/parts"));
    visitor_wait(visitor, site->http);
    site->drained = 0;
    site->drops = true;
    exchange_continue(site->exchanges[0]);
    visitor_wait(visitor, site->http);
    assert_int_equal(site->drained, 1);
    assert_int_equal(site->closed, 1);
    assert_true(visitor->at_end);
}

static void who_is_there_at_the_end_of_the_server_is_told(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);

    visitor_send(visitor, GET("/parts"));
    http_settle(site->http);
    visit(site, 1);
    http_free(site->http);
    site->http = NULL;
    assert_int_equal(site->closed, 1);
    visitor_read(visitor, SIZE_MAX);
    assert_true(visitor->at_end);
    http_free(NULL);
}

/* -- more connections than there may be -- */

static bool is_gone(struct site *site, size_t place)
{
    visitor_wait(&site->visitors[place], site->http);
    return site->visitors[place].at_end;
}

static void one_more_costs_the_one_that_waited_longest(void **state)
{
    struct site *site = *state;

    open_site(site, 3, false);
    for (size_t i = 0; i < 3; i++)
        visit(site, i);
    body_is(visitor_ask(&site->visitors[0], site->http, GET("/hello"), 200), "hello");
    visit(site, 3);
    assert_true(is_gone(site, 1)); /* the first one has got somewhere meanwhile */
    assert_false(is_gone(site, 0));
    assert_false(is_gone(site, 2));
    assert_int_equal(counts(site).connections, 3);
    assert_int_equal(counts(site).dropped[HTTP_DROP_CROWDED], 1);
    visit(site, 4);
    assert_true(is_gone(site, 2));
    body_is(visitor_ask(&site->visitors[0], site->http, GET("/hello"), 200), "hello");
    body_is(visitor_ask(&site->visitors[3], site->http, GET("/hello"), 200), "hello");
    body_is(visitor_ask(&site->visitors[4], site->http, GET("/hello"), 200), "hello");
}

static void who_is_being_answered_stays(void **state)
{
    struct site *site = *state;

    open_site(site, 2, false);
    visitor_send(visit(site, 0), GET("/parts"));
    http_settle(site->http);
    visit(site, 1);
    visit(site, 2);
    assert_true(is_gone(site, 1));
    assert_false(is_gone(site, 0));
    assert_int_equal(site->closed, 0);
    visitor_send(&site->visitors[2], GET("/parts"));
    http_settle(site->http);
    visit(site, 3); /* now all of them are: the oldest goes */
    assert_true(is_gone(site, 0));
    assert_int_equal(site->closed, 1);
    assert_false(is_gone(site, 2));
    assert_false(is_gone(site, 3));
    assert_int_equal(counts(site).dropped[HTTP_DROP_CROWDED], 2);
}

/* -- passwords -- */

static struct visitor *guarded_visit(struct site *site, enum access_verdict verdict)
{
    guard.verdict = verdict;
    open_site(site, 10, true);
    return visit(site, 0);
}

static void who_has_the_password_is_answered(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = guarded_visit(site, ACCESS_GRANTED);

    body_is(visitor_ask(visitor, site->http,
                        "GET /hello HTTP/1.1\r\nHost: a\r\nAuthorization: Basic abc\r\n\r\n", 200),
            "hello");
    assert_string_equal(guard.authorization, "Basic abc");
    assert_int_equal(guard.checks, 1);
}

static void who_has_not_is_refused_wherever(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = guarded_visit(site, ACCESS_REFUSED);
    struct answer answer = visitor_ask(visitor, site->http, GET("/hello"), 401);

    assert_string_equal(answer_header(&answer, "WWW-Authenticate"),
                        "Basic realm=\"faultline\", charset=\"UTF-8\"");
    assert_string_equal(guard.authorization, "(none)");
    assert_null(strstr(answer.body, "hello"));
    answer_free(&answer);
    answer = visitor_ask(visitor, site->http, GET("/nothing"), 401); /* which paths there are is not told */
    answer_free(&answer);
    assert_int_equal(guard.checks, 2);
    body_is(visitor_ask(visitor, site->http, GET("/open"), 200), "hello");
    assert_int_equal(guard.checks, 2);
}

static void an_answer_that_waits_for_the_verdict(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = guarded_visit(site, ACCESS_PENDING);

    for (int i = 0; i < 2; i++) {
        visitor_send(visitor, GET("/hello"));
        visitor_wait(visitor, site->http);
        assert_int_equal(visitor->length, 0);
        guard.tell(guard.context, i == 0 ? ACCESS_REFUSED : ACCESS_GRANTED);
        visitor_wait(visitor, site->http);
        struct answer answer = visitor_take_answer(visitor, false);
        assert_int_equal(answer.status, i == 0 ? 401 : 200);
        answer_free(&answer);
    }
    assert_null(guard.forgotten);
}

static void who_does_not_wait_for_the_verdict_is_forgotten(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = guarded_visit(site, ACCESS_PENDING);

    visitor_send(visitor, GET("/hello") GET("/hello"));
    http_settle(site->http);
    assert_int_equal(guard.checks, 1);
    assert_null(guard.forgotten);
    http_free(site->http);
    site->http = NULL;
    assert_ptr_equal(guard.forgotten, guard.context);
}

static void too_many_that_wait(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = guarded_visit(site, ACCESS_BUSY);
    struct answer answer = visitor_ask(visitor, site->http, GET("/hello"), 429);

    assert_string_equal(answer_header(&answer, "Retry-After"), "1");
    answer_free(&answer);
    guard.verdict = ACCESS_GRANTED;
    body_is(visitor_ask(visitor, site->http, GET("/hello"), 200), "hello");
}

/* -- with the program's loop -- */

struct stopper {
    struct loop *loop;
    struct loop_source source;
};

static void on_stop(void *context)
{
    struct stopper *stopper = context;
    loop_stop(stopper->loop);
}

static void it_runs_with_the_programs_loop_until_that_stops(void **state)
{
    struct site *site = *state;
    struct loop loop;
    struct stopper stopper = {.loop = &loop};
    int ends[2];
    struct visitor *visitor = first_visit(site);

    assert_int_equal(loop_open(&loop), 0);
    assert_int_equal(pipe(ends), 0);
    stopper.source = (struct loop_source){ends[0], on_stop, &stopper};
    assert_int_equal(loop_add(&loop, &stopper.source, EPOLLIN), 0);
    assert_int_equal(write(ends[1], "x", 1), 1);
    assert_int_equal(http_run(site->http, &loop), 0);
    http_free(site->http); /* before the loop that is part of it */
    site->http = NULL;
    visitor_read(visitor, SIZE_MAX);
    assert_true(visitor->at_end);
    loop_close(&loop);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_site(an_answer_and_what_every_one_says),
        on_site(headers_of_a_route_stand_in_place_of_the_common_ones),
        on_site(a_route_sees_the_request),
        on_site(a_connection_goes_on),
        on_site(requests_that_come_together_are_answered_one_after_the_other),
        on_site(a_request_that_comes_byte_by_byte),
        on_site(head_has_no_body),
        on_site(http_1_0_ends_with_the_answer),
        on_site(http_1_0_may_go_on),
        on_site(who_asks_for_the_end_gets_it),
        on_site(unknown_paths),
        on_site(other_methods),
        on_site(what_is_no_request_ends_the_connection),
        on_site(heads_that_are_long_or_too_long),
        on_site(a_body_that_comes_late_and_in_pieces),
        on_site(who_stops_sending_still_gets_the_answers),
        on_site(who_goes_in_the_middle_of_a_request),
        on_site(parts_come_as_they_are_put),
        on_site(to_http_1_0_parts_end_with_the_connection),
        on_site(what_is_put_waits_for_who_reads_slowly),
        on_site(who_wants_to_go_on_is_called_in_the_next_turn),
        on_site(who_goes_in_the_middle_of_an_answer_is_told_of_once),
        on_site(one_that_is_given_up_is_told_of_later),
        on_site(one_may_be_given_up_from_within_its_watcher),
        on_site(who_is_there_at_the_end_of_the_server_is_told),
        on_site(one_more_costs_the_one_that_waited_longest),
        on_site(who_is_being_answered_stays),
        on_site(who_has_the_password_is_answered),
        on_site(who_has_not_is_refused_wherever),
        on_site(an_answer_that_waits_for_the_verdict),
        on_site(who_does_not_wait_for_the_verdict_is_forgotten),
        on_site(too_many_that_wait),
        on_site(it_runs_with_the_programs_loop_until_that_stops),
    };
    return cmocka_run_group_tests_name("http", tests, NULL, NULL);
}
