#include "site.h"
#include "support.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

static void a_route_sees_the_request(void **state)
{
    struct site *site = *state;
    struct visitor *visitor = first_visit(site);

    body_is(visitor_ask(visitor, site->http,
                        "GET http://h/echo?b=1&a=x%20y HTTP/1.1\r\nHost: h\r\nX-Word: z\r\n\r\n", 200),
            "/echo|x y|z\n");
    body_is(visitor_ask(visitor, site->http, GET("/echo"), 200), "/echo|-|-\n");
}

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

struct stopper {
    struct loop *loop;
    struct loop_source source;
};

static void on_stop(void *context)
{
    struct stopper *stopper = context;
    loop_stop(stopper->loop);
}

/* All of them have asked before the first is answered, which rings. */
static void the_programs_loop_comes_before_who_asks(void **state)
{
    struct site *site = *state;
    struct loop loop;
    struct stopper stopper = {.loop = &loop};
    int ends[2];

    open_site(site, 10, false);
    for (size_t i = 0; i < VISITORS; i++)
        visit(site, i);
    for (size_t i = 0; i < VISITORS; i++)
        visitor_send(&site->visitors[i], GET("/hello"));
    assert_int_equal(loop_open(&loop), 0);
    assert_int_equal(pipe(ends), 0);
    site->bell_fd = ends[1];
    stopper.source = (struct loop_source){ends[0], on_stop, &stopper};
    assert_int_equal(loop_add(&loop, &stopper.source, EPOLLIN), 0);
    assert_int_equal(http_run(site->http, &loop), 0);
    assert_int_equal(site->hellos, 1);
    http_free(site->http);
    site->http = NULL;
    loop_close(&loop);
    close(ends[0]);
    close(ends[1]);
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
        on_site(a_route_sees_the_request),
        on_site(unknown_paths),
        on_site(other_methods),
        on_site(who_is_there_at_the_end_of_the_server_is_told),
        on_site(one_more_costs_the_one_that_waited_longest),
        on_site(who_is_being_answered_stays),
        on_site(who_has_the_password_is_answered),
        on_site(who_has_not_is_refused_wherever),
        on_site(an_answer_that_waits_for_the_verdict),
        on_site(who_does_not_wait_for_the_verdict_is_forgotten),
        on_site(too_many_that_wait),
        on_site(the_programs_loop_comes_before_who_asks),
        on_site(it_runs_with_the_programs_loop_until_that_stops),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
