#include "server/request.h"
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The head is parsed in memory of its own size and one more: the sanitizers see a read or write beyond. What
 * was parsed before is gone with the next. */
static struct {
    struct request request;
    char *head;
} parsed;

static int parse_bytes(const char *head, size_t length)
{
    free(parsed.head);
    parsed.head = malloc(length + 1);
    assert_non_null(parsed.head);
    memcpy(parsed.head, head, length);
    return request_parse(&parsed.request, parsed.head, length);
}

static int parse(const char *head)
{
    return parse_bytes(head, strlen(head));
}

static const struct request *accepted(const char *head)
{
    int status = parse(head);

    if (status != 0)
        fail_msg("%s: %d", head, status);
    return &parsed.request;
}

#define assert_status(head, status) check_status(head, status, __LINE__)
static void check_status(const char *head, int expected, int line)
{
    int status = parse(head);

    if (status != expected)
        fail_msg("line %d: %d and not %d for %s", line, status, expected, head);
}

static int teardown(void **state)
{
    (void)state;
    free(parsed.head);
    parsed.head = NULL;
    return 0;
}

#define parser_test(test) cmocka_unit_test_teardown(test, teardown)

/* -- where a head ends -- */

#define REQUEST "GET / HTTP/1.1\r\nHost: a\r\n\r\n"

/* As it comes byte by byte: what was known before does not hide the end. */
static void ends_at(const char *bytes, size_t end)
{
    size_t total = strlen(bytes);

    for (size_t step = 1; step <= 4; step++) {
        size_t known = 0;
        for (size_t length = 1; length <= total; length += step) {
            char *copy = malloc(length);
            assert_non_null(copy);
            memcpy(copy, bytes, length);
            size_t head = request_head_length(copy, length, known);
            free(copy);
            if (end > 0 && length >= end) {
                assert_int_equal(head, end);
                break;
            }
            assert_int_equal(head, 0);
            known = length;
        }
    }
    if (end > 0)
        assert_int_equal(request_head_length(bytes, total, 0), end);
}

static void a_head_ends_with_an_empty_line(void **state)
{
    (void)state;
    ends_at(REQUEST, strlen(REQUEST));
    ends_at(REQUEST "GET /next HTTP/1.1\r\n\r\n", strlen(REQUEST));
    ends_at("GET / HTTP/1.1\nHost: a\n\n", strlen("GET / HTTP/1.1\nHost: a\n\n"));
    ends_at("GET / HTTP/1.1\nHost: a\n\r\n", strlen("GET / HTTP/1.1\nHost: a\n\r\n"));
    ends_at("GET / HTTP/1.1\r\nHost: a\r\n\nbody", strlen("GET / HTTP/1.1\r\nHost: a\r\n\n"));
    ends_at("GET / HTTP/1.1\r\nHost: a\r\n", 0);
    ends_at("GET / HTTP/1.1\r\nHost: a\r\n\r\r\r", 0);
    ends_at("", 0);
    ends_at("no newline at all", 0);
}

static void empty_lines_in_front_belong_to_the_head(void **state)
{
    (void)state;
    ends_at("\r\n\r\n" REQUEST, 4 + strlen(REQUEST));
    ends_at("\n\n\n" REQUEST, 3 + strlen(REQUEST));
    ends_at("\r\n\r\n\r\n\r\n", 0);
    assert_string_equal(accepted("\r\n\n\r\nGET /x HTTP/1.1\r\nHost: a\r\n\r\n")->path, "/x");
}

/* -- the first line -- */

static void what_a_usual_request_says(void **state)
{
    (void)state;
    const struct request *request = accepted("GET /api/samples?since=5&every=2 HTTP/1.1\r\n"
                                             "Host: localhost:10858\r\nAccept:*/*\r\n"
                                             "X-Empty:\r\nX-Blanks: \t a b \t \r\n\r\n");
    assert_int_equal(request->method, REQUEST_GET);
    assert_string_equal(request->path, "/api/samples");
    assert_string_equal(request->query, "since=5&every=2");
    assert_int_equal(request->header_count, 4);
    assert_string_equal(request_header(request, "host"), "localhost:10858");
    assert_string_equal(request_header(request, "ACCEPT"), "*/*");
    assert_string_equal(request_header(request, "X-Empty"), "");
    assert_string_equal(request_header(request, "X-Blanks"), "a b");
    assert_null(request_header(request, "X"));
    assert_null(request_header(request, "X-Blanks2"));
    assert_false(request->is_http_1_0);
    assert_true(request->keeps_alive);
    assert_int_equal(request->body_bytes, 0);
}

static void lines_may_end_with_a_newline_alone(void **state)
{
    (void)state;
    const struct request *request = accepted("HEAD /metrics HTTP/1.1\nHost: a\nX: b\n\n");
    assert_int_equal(request->method, REQUEST_HEAD);
    assert_string_equal(request->path, "/metrics");
    assert_null(request->query);
    assert_string_equal(request_header(request, "X"), "b");
}

static void methods(void **state)
{
    (void)state;
    assert_int_equal(accepted("POST / HTTP/1.1\nHost: a\n\n")->method, REQUEST_OTHER);
    assert_int_equal(accepted("get / HTTP/1.1\nHost: a\n\n")->method, REQUEST_OTHER);
    assert_int_equal(accepted("GETS / HTTP/1.1\nHost: a\n\n")->method, REQUEST_OTHER);
    assert_int_equal(accepted("OPTIONS * HTTP/1.1\nHost: a\n\n")->method, REQUEST_OTHER);
    assert_status("G(T / HTTP/1.1\nHost: a\n\n", 400);
    assert_status(" / HTTP/1.1\nHost: a\n\n", 400);
}

static void target_is(const char *target, const char *path, const char *query)
{
    char head[256];

    snprintf(head, sizeof(head), "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", target);
    const struct request *request = accepted(head);
    assert_string_equal(request->path, path);
    if (query)
        assert_string_equal(request->query, query);
    else
        assert_null(request->query);
}

static void targets(void **state)
{
    (void)state;
    target_is("/", "/", NULL);
    target_is("/?", "/", "");
    target_is("/a%2fb", "/a%2fb", NULL);
    target_is("/a?b?c", "/a", "b?c");
    target_is("/a?u=http://b/c", "/a", "u=http://b/c");
    target_is("//a/b", "//a/b", NULL);
    target_is("*", "*", NULL);
    target_is("http://host/path?x=1", "/path", "x=1");
    target_is("https://host:1/path", "/path", NULL);
    target_is("http://host", "/", NULL);
    target_is("http://host/", "/", NULL);
    target_is("http://host?x=1", "/", "x=1");
    target_is("http://host?x=/y", "/", "x=/y");
}

static void first_lines_that_are_none(void **state)
{
    (void)state;
    assert_status("GET\r\nHost: a\r\n\r\n", 400);
    assert_status("GET /\r\nHost: a\r\n\r\n", 400);
    assert_status("GET  HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    assert_status("GET  / HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    assert_status("GET / b HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    assert_status("GET /\tHTTP/1.1\r\nHost: a\r\n\r\n", 400);
    assert_status("GET /\x7f HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    assert_status("GET /\x01 HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    assert_status("GET /\rx HTTP/1.1\r\nHost: a\r\n\r\n", 400);
    assert_status("GET / HTTP/1.1 \r\nHost: a\r\n\r\n", 400);
    assert_status("GET / http/1.1\r\nHost: a\r\n\r\n", 400);
    assert_status("GET / HTTP/1\r\nHost: a\r\n\r\n", 400);
    assert_status("GET / HTTP/1.10\r\nHost: a\r\n\r\n", 400);
    assert_status("\r\n\r\n", 400);
}

static void versions(void **state)
{
    (void)state;
    assert_status("GET / HTTP/2.0\r\nHost: a\r\n\r\n", 505);
    assert_status("GET / HTTP/0.9\r\nHost: a\r\n\r\n", 505);
    assert_status("GET / HTTP/1.x\r\nHost: a\r\n\r\n", 505);
    assert_status("PRI * HTTP/2.0\r\n\r\n", 505);
    assert_false(accepted("GET / HTTP/1.2\r\nHost: a\r\n\r\n")->is_http_1_0);
    const struct request *request = accepted("GET / HTTP/1.0\r\n\r\n"); /* it needs no host */
    assert_true(request->is_http_1_0);
    assert_false(request->keeps_alive);
}

/* -- the other lines -- */

static void who_goes_on(void **state)
{
    (void)state;
    assert_false(accepted("GET / HTTP/1.1\nHost: a\nConnection: close\n\n")->keeps_alive);
    assert_false(accepted("GET / HTTP/1.1\nHost: a\nConnection: TE, Close\n\n")->keeps_alive);
    assert_false(accepted("GET / HTTP/1.1\nHost: a\nConnection: close,keep-alive\n\n")->keeps_alive);
    assert_true(accepted("GET / HTTP/1.1\nHost: a\nConnection: closed\n\n")->keeps_alive);
    assert_true(accepted("GET / HTTP/1.0\nconnection: Keep-Alive\n\n")->keeps_alive);
    assert_true(accepted("GET / HTTP/1.0\nConnection: x,\tkeep-alive\n\n")->keeps_alive);
    assert_false(accepted("GET / HTTP/1.0\nConnection: keep\n\n")->keeps_alive);
}

static void a_host_there_is_once(void **state)
{
    (void)state;
    assert_status("GET / HTTP/1.1\r\n\r\n", 400);
    assert_status("GET / HTTP/1.1\r\nHost: a\r\nhost: a\r\n\r\n", 400);
    assert_status("GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400);
    assert_status("GET / HTTP/1.1\r\nHost:\r\n\r\n", 0);
}

static void how_long_a_body_is_there_is_one_word_on(void **state)
{
    (void)state;
    assert_int_equal(accepted("POST / HTTP/1.1\nHost: a\nContent-Length: 17\n\n")->body_bytes, 17);
    assert_status("POST / HTTP/1.1\nHost: a\nContent-Length: 1\nContent-Length: 1\n\n", 400);
    assert_status("POST / HTTP/1.1\nHost: a\nContent-Length: 1, 1\n\n", 400);
    assert_status("POST / HTTP/1.1\nHost: a\nContent-Length: -1\n\n", 400);
    assert_status("POST / HTTP/1.1\nHost: a\nContent-Length: +1\n\n", 400);
    assert_status("POST / HTTP/1.1\nHost: a\nContent-Length: 0x1\n\n", 400);
    assert_status("POST / HTTP/1.1\nHost: a\nContent-Length:\n\n", 400);
    assert_status("POST / HTTP/1.1\nHost: a\nContent-Length: 18446744073709551616\n\n", 400);
    assert_status("POST / HTTP/1.1\nHost: a\nTransfer-Encoding: chunked\n\n", 501);
    assert_status("GET / HTTP/1.1\nHost: a\nContent-Length: 1\ntransfer-encoding:\n\n", 501);
}

static void header_lines_that_are_none(void **state)
{
    (void)state;
    assert_status("GET / HTTP/1.1\r\nHost: a\r\n folded: b\r\n\r\n", 400);
    assert_status("GET / HTTP/1.1\r\nHost: a\r\n\tfolded\r\n\r\n", 400);
    assert_status("GET / HTTP/1.1\r\nHost : a\r\n\r\n", 400);
    assert_status("GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n", 400);
    assert_status("GET / HTTP/1.1\r\nHost: a\r\n: no name\r\n\r\n", 400);
    assert_status("GET / HTTP/1.1\r\nHost: a\r\nX: b\x01\r\n\r\n", 400);
    assert_status("GET / HTTP/1.1\r\nHost: a\r\nX: b\rY: c\r\n\r\n", 400);
    assert_status("GET / HTTP/1.1\r\nHost: a\r\nX: b\x7f\r\n\r\n", 400);
    assert_status("GET / HTTP/1.1\r\nHost: a\r\nX\x80: b\r\n\r\n", 400);
    assert_status("GET / HTTP/1.1\r\nHost: a\r\n\r\r\n\r\n", 400);
    assert_status("GET / HTTP/1.1\r\nHost: a\r\nX: \xff\tb\r\n\r\n", 0);
    assert_string_equal(request_header(&parsed.request, "X"), "\xff\tb");
}

static void nul_bytes_are_refused_wherever_they_stand(void **state)
{
    static const char head[] = "GET /a HTTP/1.1\r\nHost: b\r\nX: c\r\n\r\n";
    char copy[sizeof(head)];
    (void)state;

    for (size_t at = 0; at < sizeof(head) - 1; at++) {
        memcpy(copy, head, sizeof(head));
        copy[at] = '\0';
        assert_int_equal(parse_bytes(copy, sizeof(head) - 1), 400);
    }
}

static void of_several_headers_of_a_name_the_first_counts(void **state)
{
    (void)state;
    const struct request *request = accepted("GET / HTTP/1.1\nHost: a\nX: one\nx: two\n\n");
    assert_string_equal(request_header(request, "X"), "one");
}

static int parse_with_headers(int count)
{
    TEXT(head, 4096);

    text_string(&head, "GET / HTTP/1.1\r\nHost: a\r\n");
    for (int i = 1; i < count; i++)
        text_format(&head, "X-%d: %d\r\n", i, i);
    text_string(&head, "\r\n");
    return parse_bytes(head.bytes, head.length);
}

static void more_headers_than_there_is_room_for(void **state)
{
    (void)state;
    assert_int_equal(parse_with_headers(REQUEST_HEADERS_MAX), 0);
    assert_string_equal(request_header(&parsed.request, "X-63"), "63");
    assert_int_equal(parse_with_headers(REQUEST_HEADERS_MAX + 1), 431);
}

/* -- parameters -- */

static const struct request *asked(const char *query)
{
    char head[512];

    snprintf(head, sizeof(head), "GET /p?%s HTTP/1.1\nHost: a\n\n", query);
    return accepted(head);
}

/* In a buffer of exactly SIZE. */
static bool parameter(const char *query, const char *name, char *value, size_t size)
{
    char *exact = malloc(size);

    assert_non_null(exact);
    bool found = request_parameter(asked(query), name, exact, size);
    if (found)
        strcpy(value, exact);
    free(exact);
    return found;
}

static void parameter_is(const char *query, const char *name, const char *expected)
{
    char value[64];

    if (!parameter(query, name, value, sizeof(value)))
        fail_msg("%s has no %s", query, name);
    assert_string_equal(value, expected);
}

static void no_parameter(const char *query, const char *name)
{
    char value[64];

    if (parameter(query, name, value, sizeof(value)))
        fail_msg("%s has %s: '%s'", query, name, value);
}

static void parameters(void **state)
{
    (void)state;
    parameter_is("since=5", "since", "5");
    parameter_is("a=1&since=5&b=2", "since", "5");
    parameter_is("since=", "since", "");
    parameter_is("since=1=2", "since", "1=2");
    parameter_is("&&since=5", "since", "5");
    parameter_is("since=5&", "since", "5");
    parameter_is("since=1&since=2", "since", "1");
    no_parameter("", "since");
    no_parameter("since", "since");
    no_parameter("since&a=1", "since");
    no_parameter("xsince=5", "since");
    no_parameter("Since=5", "since");
    no_parameter("a=since=5", "since");
}

static void a_name_that_another_one_begins_with(void **state)
{
    (void)state;
    parameter_is("sinceX=1&since=2", "since", "2");
    parameter_is("sinceX=1&since=2", "sinceX", "1");
    no_parameter("sinceX=1", "since");
    no_parameter("sinc=1", "since");
}

static void percent_and_plus_signs(void **state)
{
    (void)state;
    parameter_is("t=2026-11-27T08%3A00%3a00%2B01:00", "t", "2026-11-27T08:00:00+01:00");
    parameter_is("t=a+b%20c%2b", "t", "a b c+");
    parameter_is("t=%26%3d%25&u=1", "t", "&=%");
    parameter_is("t=%e2%82%AC%fF", "t", "\xe2\x82\xac\xff");
    no_parameter("t=a%00b", "t");
    no_parameter("t=%", "t");
    no_parameter("t=a%2", "t");
    no_parameter("t=a%2&b=1", "t");
    no_parameter("t=%zz", "t");
    no_parameter("t=%2g", "t");
    no_parameter("t=%g2", "t");
    no_parameter("t=%+1", "t");
    no_parameter("t=%-1", "t");
}

static void a_value_that_is_too_long(void **state)
{
    char value[8];
    (void)state;

    assert_true(parameter("t=1234567", "t", value, 8));
    assert_string_equal(value, "1234567");
    assert_false(parameter("t=12345678", "t", value, 8));
    assert_true(parameter("t=%31%32%33%34567", "t", value, 8)); /* decoded it is short enough */
    assert_string_equal(value, "1234567");
    assert_true(parameter("t=", "t", value, 1));
    assert_false(parameter("t=1", "t", value, 1));
}

static void without_a_query_there_are_no_parameters(void **state)
{
    char value[8];
    (void)state;

    assert_false(request_parameter(accepted("GET /since=5 HTTP/1.1\nHost: a\n\n"), "since", value, 8));
}

/* -- gzip -- */

static bool takes(const char *encodings)
{
    char head[256];

    snprintf(head, sizeof(head), "GET / HTTP/1.1\nHost: a\nAccept-Encoding: %s\n\n", encodings);
    return request_takes_gzip(accepted(head));
}

static void who_takes_gzip(void **state)
{
    static const char *const yes[] = {
        "gzip",        "GZip",           "deflate, gzip, br", "br,gzip",
        "gzip;q=1",    "gzip; q=0.5",    "gzip ;q=0.001",     "*",
        "identity, *", "*;q=0.1",        "*;q=0, gzip",       "identity;q=0, gzip;q=1.0",
        "x;q=0,gzip",  "gzip;q=1,x;q=0", ", ,gzip",           "gzip;q=0.1, *;q=0",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(yes); i++) {
        if (!takes(yes[i]))
            fail_msg("%s is not taken", yes[i]);
    }
}

static void who_does_not(void **state)
{
    static const char *const no[] = {
        "",         "identity",    "gzi",          "gzipped",     "x-gzip",      "br, deflate",
        "gzip;q=0", "gzip; q=0.0", "gzip;q=0.000", "gzip;Q=0",    "*, gzip;q=0", "gzip;q=0, *",
        "*;q=0",    "br;gzip",     "gzip; q=0 ",   "gzip;q=0,br",
    };
    (void)state;

    for (size_t i = 0; i < COUNT_OF(no); i++) {
        if (takes(no[i]))
            fail_msg("%s is taken", no[i]);
    }
    assert_false(request_takes_gzip(accepted("GET / HTTP/1.1\nHost: a\n\n")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_head_ends_with_an_empty_line),
        parser_test(empty_lines_in_front_belong_to_the_head),
        parser_test(what_a_usual_request_says),
        parser_test(lines_may_end_with_a_newline_alone),
        parser_test(methods),
        parser_test(targets),
        parser_test(first_lines_that_are_none),
        parser_test(versions),
        parser_test(who_goes_on),
        parser_test(a_host_there_is_once),
        parser_test(how_long_a_body_is_there_is_one_word_on),
        parser_test(header_lines_that_are_none),
        parser_test(nul_bytes_are_refused_wherever_they_stand),
        parser_test(of_several_headers_of_a_name_the_first_counts),
        parser_test(more_headers_than_there_is_room_for),
        parser_test(parameters),
        parser_test(a_name_that_another_one_begins_with),
        parser_test(percent_and_plus_signs),
        parser_test(a_value_that_is_too_long),
        parser_test(without_a_query_there_are_no_parameters),
        parser_test(who_takes_gzip),
        parser_test(who_does_not),
    };
    return cmocka_run_group_tests_name("request", tests, NULL, NULL);
}
