#include "site.h"
#include "support.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        on_site(an_answer_and_what_every_one_says),
        on_site(headers_of_a_route_stand_in_place_of_the_common_ones),
        on_site(head_has_no_body),
        on_site(http_1_0_ends_with_the_answer),
        on_site(http_1_0_may_go_on),
        on_site(who_asks_for_the_end_gets_it),
        on_site(parts_come_as_they_are_put),
        on_site(to_http_1_0_parts_end_with_the_connection),
        on_site(what_is_put_waits_for_who_reads_slowly),
        on_site(who_wants_to_go_on_is_called_in_the_next_turn),
        on_site(one_that_is_given_up_is_told_of_later),
        on_site(one_may_be_given_up_from_within_its_watcher),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
