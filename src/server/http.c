#include "server/http.h"

#include "base/clock.h"
#include "server/connection.h"

#include <errno.h>
#include <event2/listener.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
    PRIORITY_LOOP, /* rows and OOM kills come first */
    PRIORITY_HTTP,
    PRIORITIES,
};

/* How long each may take. Who sends a byte a second is no faster than who sends none. */
static const uint64_t patience_seconds[CONNECTION_STATES] = {
    [CONNECTION_NEW] = HTTP_REQUEST_SECONDS,
    [CONNECTION_IDLE] = HTTP_IDLE_SECONDS,
    [CONNECTION_ANSWERING] = HTTP_ANSWER_SECONDS,
    [CONNECTION_CLOSING] = HTTP_REQUEST_SECONDS,
};

struct listener {
    TAILQ_ENTRY(listener) place;
    struct evconnlistener *listener;
};

/* -- who answers -- */

static const struct http_route *route_of(const struct http *http, const char *path)
{
    for (size_t i = 0; i < http->settings.route_count; i++) {
        if (strcmp(http->settings.routes[i].path, path) == 0)
            return &http->settings.routes[i];
    }
    return NULL;
}

static void refuse(struct exchange *exchange)
{
    exchange_add_header(exchange, "WWW-Authenticate", "Basic realm=\"faultline\", charset=\"UTF-8\"");
    exchange_answer_text(exchange, 401, "A user and a password are needed here.\n");
}

static void answer(struct exchange *exchange)
{
    if (exchange->route)
        exchange->route->answer(exchange->connection->http->settings.context, exchange);
    else
        exchange_answer_text(exchange, 404,
                             "There is nothing here: / /metrics /api/stream /api/samples /healthz\n");
}

static void on_verdict(void *context, enum access_verdict verdict)
{
    struct exchange *exchange = context;

    exchange->checking = false;
    if (verdict == ACCESS_GRANTED)
        answer(exchange);
    else
        refuse(exchange);
    connection_schedule(exchange->connection);
}

static void check_access(struct exchange *exchange)
{
    struct access *access = exchange->connection->http->settings.access;
    bool open = !access || (exchange->route && exchange->route->open);
    enum access_verdict verdict =
        open
            ? ACCESS_GRANTED
            : access_check(access, request_header(&exchange->request, "Authorization"), on_verdict, exchange);

    if (verdict == ACCESS_BUSY) {
        exchange_add_header(exchange, "Retry-After", "1");
        exchange_answer_text(exchange, 429, "Too many passwords are being checked: try again.\n");
    } else if (verdict == ACCESS_PENDING) {
        exchange->checking = true;
    } else {
        on_verdict(exchange, verdict);
    }
}

/* What is wrong with the request ends the connection: where the next one begins is not sure. */
static void answer_error(struct exchange *exchange, int status)
{
    exchange->request.keeps_alive = false;
    exchange->connection->http->counts.dropped[HTTP_DROP_BROKEN]++;
    exchange_answer_text(exchange, status, "That is no request that is understood here.\n");
}

static void answer_method(struct exchange *exchange)
{
    exchange_add_header(exchange, "Allow", "GET, HEAD");
    exchange_answer_text(exchange, 405, "GET and HEAD alone.\n");
}

void http_answer_request(struct exchange *exchange, int status)
{
    struct connection *connection = exchange->connection;

    connection->body_bytes = exchange->request.body_bytes;
    if (status == 0 && connection->body_bytes > HTTP_BODY_BYTES_MAX)
        status = 413;
    if (status != 0) {
        answer_error(exchange, status);
    } else if (exchange->request.method == REQUEST_OTHER) {
        answer_method(exchange);
    } else {
        exchange->route = route_of(connection->http, exchange->request.path);
        check_access(exchange);
    }
}

/* -- accepting -- */

/* Who is being answered goes last. */
static void make_place(struct http *http)
{
    struct connection *at;

    if (http->counts.connections < http->settings.connections)
        return;
    at = TAILQ_FIRST(&http->connections);
    while (at && at->state == CONNECTION_ANSWERING)
        at = TAILQ_NEXT(at, place);
    if (!at)
        at = TAILQ_FIRST(&http->connections);
    if (at)
        connection_drop(at, HTTP_DROP_CROWDED);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int length, void *context)
{
    struct http *http = context;

    (void)listener;
    (void)address;
    (void)length;
    make_place(http);
    (void)connection_open(http, fd);
}

/* No descriptor is left, say: the next sweep tries again, and not the loop all the time. */
static void on_accept_error(struct evconnlistener *listener, void *context)
{
    (void)context;
    evconnlistener_disable(listener);
}

static void accept_again(struct http *http)
{
    for (struct listener *at = TAILQ_FIRST(&http->listeners); at; at = TAILQ_NEXT(at, place))
        evconnlistener_enable(at->listener);
}

/* What a crowd took goes back to the machine: the C library keeps it else. */
static void give_back(struct http *http)
{
    enum { CROWD = 32 };

    if (http->counts.connections > http->crowd)
        http->crowd = http->counts.connections;
    if (http->crowd < CROWD || http->counts.connections > http->crowd / 4)
        return;
#ifdef __GLIBC__
    malloc_trim(0);
#endif
    http->crowd = http->counts.connections;
}

static bool is_too_slow(const struct connection *connection, uint64_t now_ns)
{
    return now_ns - connection->since_ns > patience_seconds[connection->state] * NS_PER_SECOND;
}

static void on_sweep(evutil_socket_t fd, short events, void *context)
{
    struct http *http = context;
    struct connection *next;
    uint64_t now_ns = clock_monotonic_ns();

    (void)fd;
    (void)events;
    accept_again(http);
    for (struct connection *at = TAILQ_FIRST(&http->connections); at; at = next) {
        next = TAILQ_NEXT(at, place);
        if (!is_too_slow(at, now_ns))
            continue;
        if (at->state == CONNECTION_CLOSING) /* it has got its answer */
            connection_close(at);
        else
            connection_drop(at, HTTP_DROP_SLOW);
    }
    give_back(http);
}

/* -- the loop -- */

/* What libevent has to say of single connections is nobody's business; what it cannot go on after ends the
 * program all the same. */
static void on_log(int severity, const char *message)
{
    (void)severity;
    (void)message;
}

static void on_inner(evutil_socket_t fd, short events, void *context)
{
    struct http *http = context;

    (void)fd;
    (void)events;
    int error = loop_turn(http->loop);
    if (error < 0)
        http->error = error;
    if (error < 0 || http->loop->stopping)
        event_base_loopbreak(http->base);
}

/* After each callback of HTTP it is looked whether a row or an OOM kill waits: of its own libevent would
 * first call all that are ready, and those that they make ready in turn. */
static struct event_base *new_base(void)
{
    struct event_config *config = event_config_new();
    struct event_base *base = NULL;

    if (config && event_config_set_max_dispatch_interval(config, NULL, 1, PRIORITY_HTTP) == 0)
        base = event_base_new_with_config(config);
    if (config)
        event_config_free(config);
    return base;
}

struct http *http_new(const struct http_settings *settings)
{
    const struct timeval second = {1, 0};
    struct http *http = calloc(1, sizeof(*http));

    if (!http)
        return NULL;
    http->settings = *settings;
    TAILQ_INIT(&http->listeners);
    TAILQ_INIT(&http->connections);
    event_set_log_callback(on_log);
    http->base = new_base();
    if (http->base && event_base_priority_init(http->base, PRIORITIES) == 0)
        http->sweep = event_new(http->base, -1, EV_PERSIST, on_sweep, http);
    if (http->sweep && event_add(http->sweep, &second) == 0)
        return http;
    http_free(http);
    return NULL;
}

static void close_listeners(struct http *http)
{
    struct listener *next;

    for (struct listener *at = TAILQ_FIRST(&http->listeners); at; at = next) {
        next = TAILQ_NEXT(at, place);
        evconnlistener_free(at->listener);
        free(at);
    }
}

static void close_connections(struct http *http)
{
    struct connection *next;

    for (struct connection *at = TAILQ_FIRST(&http->connections); at; at = next) {
        next = TAILQ_NEXT(at, place);
        connection_close(at);
    }
}

void http_free(struct http *http)
{
    if (!http)
        return;
    close_listeners(http);
    close_connections(http);
    if (http->sweep)
        event_free(http->sweep);
    if (http->inner)
        event_free(http->inner);
    if (http->base) {
        event_base_loop(http->base, EVLOOP_NONBLOCK); /* bufferevents are freed a turn later */
        event_base_free(http->base);
    }
    free(http);
}

int http_listen(struct http *http, int fd)
{
    struct listener *listener = calloc(1, sizeof(*listener));

    if (listener)
        listener->listener = evconnlistener_new(http->base, on_accept, http,
                                                LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, 0, fd);
    if (!listener || !listener->listener) {
        free(listener);
        close(fd);
        return -ENOMEM;
    }
    evconnlistener_set_error_cb(listener->listener, on_accept_error);
    TAILQ_INSERT_TAIL(&http->listeners, listener, place);
    return 0;
}

int http_run(struct http *http, struct loop *loop)
{
    http->loop = loop;
    http->inner = event_new(http->base, loop->epoll_fd, EV_READ | EV_PERSIST, on_inner, http);
    if (!http->inner || event_priority_set(http->inner, PRIORITY_LOOP) < 0 ||
        event_add(http->inner, NULL) < 0)
        return -ENOMEM;
    loop->stopping = false;
    if (event_base_dispatch(http->base) < 0)
        return -EIO;
    return http->error;
}

void http_turn(struct http *http)
{
    event_base_loop(http->base, EVLOOP_NONBLOCK);
}

struct http_counts http_counts(const struct http *http)
{
    return http->counts;
}
