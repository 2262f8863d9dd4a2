#include "site.h"

#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct guard guard;

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

static void answer_hello(void *context, struct exchange *exchange)
{
    struct site *site = context;

    if (site->hellos++ == 0 && site->bell_fd > 0)
        assert_int_equal(write(site->bell_fd, "x", 1), 1);
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

void put_some(struct site *site)
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

void open_site(struct site *site, size_t connections, bool guarded)
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

int site_setup(void **state)
{
    memset(&guard, 0, sizeof(guard));
    *state = calloc(1, sizeof(struct site));
    return *state ? 0 : -1;
}

int site_teardown(void **state)
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

struct visitor *visit(struct site *site, size_t place)
{
    visitor_open(&site->visitors[place], &site->door);
    http_settle(site->http);
    return &site->visitors[place];
}

struct visitor *first_visit(struct site *site)
{
    open_site(site, 10, false);
    return visit(site, 0);
}

struct http_counts counts(const struct site *site)
{
    return http_counts(site->http);
}

void body_is(struct answer answer, const char *body)
{
    assert_string_equal(answer.body, body);
    answer_free(&answer);
}
