#include "site.h"
#include "support.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_site(a_connection_goes_on),
        on_site(requests_that_come_together_are_answered_one_after_the_other),
        on_site(a_request_that_comes_byte_by_byte),
        on_site(what_is_no_request_ends_the_connection),
        on_site(heads_that_are_long_or_too_long),
        on_site(a_body_that_comes_late_and_in_pieces),
        on_site(who_stops_sending_still_gets_the_answers),
        on_site(who_goes_in_the_middle_of_a_request),
        on_site(who_goes_in_the_middle_of_an_answer_is_told_of_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
