#include "server/http.h"

#include "base/clock.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/http.h>
#include <event2/keyvalq_struct.h>
#include <event2/listener.h>
#include <event2/util.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
    PRIORITY_LOOP, /* rows and OOM kills come first */
    PRIORITY_HTTP,
    PRIORITIES,
    WIRE_BYTES_MAX = 64 * 1024, /* that wait to be sent before who puts more is told to wait */
    FOR_EVER_SECONDS = 365 * 86400,
};

enum connection_state {
    CONNECTION_NEW,       /* no request yet, or not all of it */
    CONNECTION_IDLE,      /* between two requests */
    CONNECTION_ANSWERING, /* somebody reads, or should */
    CONNECTION_STATES,
};

/* How long each may take. Who sends a byte a second is no faster than who sends none. */
static const uint64_t patience_seconds[CONNECTION_STATES] = {
    [CONNECTION_NEW] = HTTP_REQUEST_SECONDS,
    [CONNECTION_IDLE] = HTTP_IDLE_SECONDS,
    [CONNECTION_ANSWERING] = HTTP_ANSWER_SECONDS,
};

/* A connection, from being accepted to being freed. The list of them is in the order in which they last got
 * anywhere. */
struct connection {
    TAILQ_ENTRY(connection) place;
    struct http *http;
    struct bufferevent *wire;
    struct bufferevent *plain;
    enum connection_state state;
    uint64_t since_ns;
    bool dropped;              /* it is in the list no more */
    struct exchange *exchange; /* that is going on, or NULL */
};

TAILQ_HEAD(connection_list, connection);

struct exchange {
    struct http *http;
    struct evhttp_request *request;
    struct connection *connection; /* NULL: it is gone */
    const struct http_route *route;
    struct evkeyvalq parameters;
    bool head;
    bool checking; /* the password */
    struct exchange_watcher watcher;
    struct event *later; /* NULL: not needed yet */
};

struct http {
    struct http_settings settings;
    struct event_base *base;
    struct evhttp *evhttp;
    struct event *inner; /* the program's loop */
    struct event *sweep;
    struct loop *loop;
    int error;
    struct connection_list connections;
    struct http_counts counts;
};

/* -- connections -- */

static void enter(struct connection *connection, enum connection_state state)
{
    connection->state = state;
    connection->since_ns = clock_monotonic_ns();
    TAILQ_INSERT_TAIL(&connection->http->connections, connection, place);
}

static void leave(struct connection *connection)
{
    if (!connection->dropped)
        TAILQ_REMOVE(&connection->http->connections, connection, place);
}

static void move_on(struct connection *connection, enum connection_state state)
{
    if (connection->dropped)
        return;
    leave(connection);
    enter(connection, state);
}

/* Reading its end is what frees it, in a later turn of the loop. */
static void drop(struct connection *connection, enum http_drop reason)
{
    if (connection->dropped)
        return;
    connection->http->counts.dropped[reason]++;
    leave(connection);
    connection->dropped = true;
    shutdown(bufferevent_getfd(connection->wire), SHUT_RDWR);
}

/* Who is being answered goes last. */
static void make_place(struct http *http)
{
    struct connection *at;

    if (http->counts.connections < http->settings.connections)
        return;
    TAILQ_FOREACH(at, &http->connections, place)
    {
        if (at->state != CONNECTION_ANSWERING)
            break;
    }
    if (!at)
        at = TAILQ_FIRST(&http->connections);
    if (at)
        drop(at, HTTP_DROP_CROWDED);
}

static void on_freed(void *context)
{
    struct connection *connection = context;

    leave(connection);
    connection->http->counts.connections--;
    free(connection);
}

static void on_broken(void *context)
{
    struct connection *connection = context;
    connection->http->counts.dropped[HTTP_DROP_BROKEN]++;
}

static struct bufferevent *wrap(struct connection *connection)
{
    struct tls *tls = connection->http->settings.tls;

    if (tls)
        return tls_accept(tls, connection->wire, on_broken, on_freed, connection);
    struct bufferevent *plain =
        bufferevent_filter_new(connection->wire, NULL, NULL, BEV_OPT_CLOSE_ON_FREE, on_freed, connection);
    if (!plain)
        bufferevent_free(connection->wire);
    return plain;
}

static void on_sent(struct evbuffer *output, const struct evbuffer_cb_info *info, void *context);

/* For evhttp, which gives it the accepted socket. A filter even without TLS: it tells when it is freed. */
static struct bufferevent *accept_connection(struct event_base *base, void *context)
{
    struct http *http = context;
    struct connection *connection = calloc(1, sizeof(*connection));

    make_place(http);
    if (!connection)
        return NULL;
    connection->http = http;
    connection->wire = bufferevent_socket_new(base, -1, BEV_OPT_CLOSE_ON_FREE);
    connection->plain = connection->wire ? wrap(connection) : NULL;
    if (!connection->plain ||
        !evbuffer_add_cb(bufferevent_get_output(connection->wire), on_sent, connection)) {
        free(connection);
        return NULL;
    }
    bufferevent_setwatermark(connection->wire, EV_WRITE, 0, WIRE_BYTES_MAX);
    bufferevent_setwatermark(connection->wire, EV_READ, 0, HTTP_HEADERS_MAX);
    http->counts.connections++;
    enter(connection, CONNECTION_NEW);
    return connection->plain;
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
    for (struct connection *at = TAILQ_FIRST(&http->connections); at; at = next) {
        next = TAILQ_NEXT(at, place);
        if (is_too_slow(at, now_ns))
            drop(at, HTTP_DROP_SLOW);
    }
}

static struct connection *connection_of(struct http *http, struct evhttp_request *request)
{
    struct bufferevent *plain = evhttp_connection_get_bufferevent(evhttp_request_get_connection(request));
    struct connection *at;

    TAILQ_FOREACH(at, &http->connections, place)
    {
        if (at->plain == plain)
            return at;
    }
    return NULL;
}

/* -- the request -- */

const char *exchange_header(const struct exchange *exchange, const char *name)
{
    return evhttp_find_header(evhttp_request_get_input_headers(exchange->request), name);
}

bool exchange_parameter(const struct exchange *exchange, const char *name, char *value, size_t size)
{
    const char *found = evhttp_find_header(&exchange->parameters, name);

    if (!found || strlen(found) >= size)
        return false;
    memcpy(value, found, strlen(found) + 1);
    return true;
}

/* "gzip;q=0", "gzip; q=0.000" */
static bool is_refused(const char *coding, size_t length)
{
    const char *quality = memmem(coding, length, "q=", 2);

    if (!quality)
        return false;
    quality += 2;
    return strspn(quality, "0.") == strcspn(quality, ", \t;");
}

/* "gzip", "x, gzip;q=0.5", "*"; not "gzip;q=0". */
bool exchange_takes_gzip(const struct exchange *exchange)
{
    const char *at = exchange_header(exchange, "Accept-Encoding");
    bool takes = false;

    while (at && *at) {
        at += strspn(at, ", \t");
        size_t length = strcspn(at, ",");
        size_t word = strcspn(at, "; \t,");
        bool meant = (word == 4 && strncasecmp(at, "gzip", 4) == 0) || (word == 1 && *at == '*');
        if (meant)
            takes = !is_refused(at, length);
        if (meant && word == 4)
            return takes;
        at += length;
    }
    return takes;
}

/* -- answers -- */

/* What every answer says: no guessing of types, nothing of it elsewhere, nothing kept. */
static const struct {
    const char *name;
    const char *value;
} common_headers[] = {
    {"X-Content-Type-Options", "nosniff"},
    {"Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'"},
    {"X-Frame-Options", "DENY"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
    {"Referrer-Policy", "no-referrer"},
    {"Cache-Control", "no-store"},
};

static struct evkeyvalq *output_headers(const struct exchange *exchange)
{
    return evhttp_request_get_output_headers(exchange->request);
}

void exchange_add_header(struct exchange *exchange, const char *name, const char *value)
{
    evhttp_remove_header(output_headers(exchange), name);
    evhttp_add_header(output_headers(exchange), name, value);
}

static void add_missing_header(struct exchange *exchange, const char *name, const char *value)
{
    if (!evhttp_find_header(output_headers(exchange), name))
        evhttp_add_header(output_headers(exchange), name, value);
}

static void add_headers(struct exchange *exchange, const char *content_type)
{
    evhttp_add_header(output_headers(exchange), "Content-Type", content_type);
    for (size_t i = 0; i < sizeof(common_headers) / sizeof(*common_headers); i++)
        add_missing_header(exchange, common_headers[i].name, common_headers[i].value);
}

static const char *phrase_of(int status)
{
    static const struct {
        int status;
        const char *phrase;
    } phrases[] = {
        {200, "OK"},
        {400, "Bad Request"},
        {401, "Unauthorized"},
        {404, "Not Found"},
        {405, "Method Not Allowed"},
        {429, "Too Many Requests"},
        {500, "Internal Server Error"},
        {503, "Service Unavailable"},
    };

    for (size_t i = 0; i < sizeof(phrases) / sizeof(*phrases); i++) {
        if (phrases[i].status == status)
            return phrases[i].phrase;
    }
    return "";
}

static void free_exchange(struct exchange *exchange)
{
    if (exchange->later)
        event_free(exchange->later);
    if (exchange->connection)
        exchange->connection->exchange = NULL;
    evhttp_clear_headers(&exchange->parameters);
    free(exchange);
}

/* The connection has been answered: the next request may come. */
static void on_complete(struct evhttp_request *request, void *context)
{
    struct exchange *exchange = context;

    evhttp_connection_set_closecb(evhttp_request_get_connection(request), NULL, NULL);
    move_on(exchange->connection, CONNECTION_IDLE);
    free_exchange(exchange);
}

/*
 * The connection goes. Where evhttp has let go of the request, it has to be freed here; where not (it is
 * being freed with all the rest), it frees it.
 */
static void on_closed(struct evhttp_connection *connection, void *context)
{
    struct exchange *exchange = context;

    (void)connection;
    exchange->connection->exchange = NULL;
    exchange->connection = NULL;
    if (exchange->checking)
        access_forget(exchange->http->settings.access, exchange);
    if (exchange->watcher.closed)
        exchange->watcher.closed(exchange->watcher.context);
    if (!evhttp_request_get_connection(exchange->request))
        evhttp_request_free(exchange->request);
    free_exchange(exchange);
}

/* From here on evhttp has it, and the connection's end is no news for anybody. */
static void hand_over(struct exchange *exchange)
{
    evhttp_connection_set_closecb(evhttp_request_get_connection(exchange->request), on_closed, exchange);
    evhttp_request_set_on_complete_cb(exchange->request, on_complete, exchange);
}

/* HEAD has the headers of GET; evhttp does not put a length then. */
void exchange_answer(struct exchange *exchange, int status, const char *content_type, const char *bytes,
                     size_t length)
{
    struct evbuffer *body = exchange->head ? NULL : evbuffer_new();
    char words[24];

    add_headers(exchange, content_type);
    (void)snprintf(words, sizeof(words), "%zu", length);
    evhttp_add_header(output_headers(exchange), "Content-Length", words);
    if (body)
        evbuffer_add(body, bytes, length);
    evhttp_send_reply(exchange->request, status, phrase_of(status), body);
    if (body)
        evbuffer_free(body);
}

void exchange_answer_text(struct exchange *exchange, int status, const char *text)
{
    exchange_answer(exchange, status, "text/plain; charset=utf-8", text, strlen(text));
}

bool exchange_begin(struct exchange *exchange, const char *content_type,
                    const struct exchange_watcher *watcher)
{
    add_headers(exchange, content_type);
    evhttp_send_reply_start(exchange->request, 200, phrase_of(200));
    if (exchange->head)
        evhttp_send_reply_end(exchange->request);
    else
        exchange->watcher = *watcher;
    return !exchange->head;
}

static void on_drained(evutil_socket_t fd, short events, void *context)
{
    struct exchange *exchange = context;

    (void)fd;
    (void)events;
    if (exchange->watcher.drained)
        exchange->watcher.drained(exchange->watcher.context);
}

/* In a turn of its own: this may be in the middle of a write. */
void exchange_continue(struct exchange *exchange)
{
    const struct timeval now = {0, 0};

    if (!exchange->later)
        exchange->later = event_new(exchange->http->base, -1, 0, on_drained, exchange);
    if (!exchange->later || event_add(exchange->later, &now) < 0)
        exchange_drop(exchange);
}

/* evhttp's own word for it comes, with a filter, when the filter has it. */
static void on_sent(struct evbuffer *output, const struct evbuffer_cb_info *info, void *context)
{
    struct connection *connection = context;

    if (info->n_deleted == 0 || !connection->exchange)
        return;
    move_on(connection, CONNECTION_ANSWERING);
    if (connection->exchange->watcher.drained && evbuffer_get_length(output) == 0)
        exchange_continue(connection->exchange);
}

void exchange_put(struct exchange *exchange, const char *bytes, size_t length)
{
    struct evbuffer *part = evbuffer_new();

    if (!part) {
        exchange_drop(exchange);
        return;
    }
    evbuffer_add(part, bytes, length);
    evhttp_send_reply_chunk(exchange->request, part);
    evbuffer_free(part);
}

void exchange_end(struct exchange *exchange)
{
    exchange->watcher = (struct exchange_watcher){0};
    evhttp_send_reply_end(exchange->request);
}

size_t exchange_backlog(const struct exchange *exchange)
{
    const struct connection *connection = exchange->connection;

    return evbuffer_get_length(bufferevent_get_output(connection->plain)) +
           evbuffer_get_length(bufferevent_get_output(connection->wire));
}

void exchange_drop(struct exchange *exchange)
{
    drop(exchange->connection, HTTP_DROP_SLOW);
}

/* -- who answers -- */

static const struct http_route *route_of(const struct http *http, const char *path)
{
    for (size_t i = 0; i < http->settings.route_count; i++) {
        if (path && strcmp(http->settings.routes[i].path, path) == 0)
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
        exchange->route->answer(exchange->http->settings.context, exchange);
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
}

static void check_access(struct exchange *exchange)
{
    struct access *access = exchange->http->settings.access;
    bool open = !access || (exchange->route && exchange->route->open);
    enum access_verdict verdict =
        open ? ACCESS_GRANTED
             : access_check(access, exchange_header(exchange, "Authorization"), on_verdict, exchange);

    if (verdict == ACCESS_BUSY) {
        exchange_add_header(exchange, "Retry-After", "1");
        exchange_answer_text(exchange, 429, "Too many passwords are being checked: try again.\n");
    } else if (verdict == ACCESS_PENDING) {
        exchange->checking = true;
    } else {
        on_verdict(exchange, verdict);
    }
}

static struct exchange *make_exchange(struct http *http, struct evhttp_request *request)
{
    struct exchange *exchange = calloc(1, sizeof(*exchange));
    const struct evhttp_uri *uri = evhttp_request_get_evhttp_uri(request);
    const char *query = uri ? evhttp_uri_get_query(uri) : NULL;

    if (!exchange)
        return NULL;
    exchange->http = http;
    exchange->request = request;
    exchange->connection = connection_of(http, request);
    exchange->head = evhttp_request_get_command(request) == EVHTTP_REQ_HEAD;
    exchange->route = uri ? route_of(http, evhttp_uri_get_path(uri)) : NULL;
    TAILQ_INIT(&exchange->parameters);
    if (query)
        evhttp_parse_query_str(query, &exchange->parameters);
    return exchange;
}

static void on_request(struct evhttp_request *request, void *context)
{
    struct http *http = context;
    struct exchange *exchange = make_exchange(http, request);
    enum evhttp_cmd_type command = evhttp_request_get_command(request);

    if (!exchange || !exchange->connection) {
        free(exchange);
        evhttp_send_error(request, HTTP_INTERNAL, NULL);
        return;
    }
    http->counts.requests++;
    exchange->connection->exchange = exchange;
    move_on(exchange->connection, CONNECTION_ANSWERING);
    hand_over(exchange);
    if (command != EVHTTP_REQ_GET && command != EVHTTP_REQ_HEAD) {
        exchange_add_header(exchange, "Allow", "GET, HEAD");
        exchange_answer_text(exchange, 405, "GET and HEAD alone.\n");
        return;
    }
    check_access(exchange);
}

/* -- the loop -- */

/* What it has to say of single connections is nobody's business; what it cannot go on after, it says. */
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

/* evhttp's own times would end a stream whose client has nothing to say. */
static int set_up(struct http *http)
{
    const struct timeval second = {1, 0};

    http->base = event_base_new();
    if (!http->base || event_base_priority_init(http->base, PRIORITIES) < 0)
        return -ENOMEM;
    http->evhttp = evhttp_new(http->base);
    http->sweep = event_new(http->base, -1, EV_PERSIST, on_sweep, http);
    if (!http->evhttp || !http->sweep || event_add(http->sweep, &second) < 0)
        return -ENOMEM;
    evhttp_set_max_headers_size(http->evhttp, HTTP_HEADERS_MAX);
    evhttp_set_max_body_size(http->evhttp, HTTP_BODY_MAX);
    evhttp_set_timeout(http->evhttp, FOR_EVER_SECONDS);
    evhttp_set_allowed_methods(http->evhttp, UINT16_MAX);
    evhttp_set_bevcb(http->evhttp, accept_connection, http);
    evhttp_set_gencb(http->evhttp, on_request, http);
    return 0;
}

struct http *http_new(const struct http_settings *settings)
{
    struct http *http = calloc(1, sizeof(*http));

    if (!http)
        return NULL;
    http->settings = *settings;
    TAILQ_INIT(&http->connections);
    event_set_log_callback(on_log);
    if (set_up(http) == 0)
        return http;
    http_free(http);
    return NULL;
}

void http_free(struct http *http)
{
    if (!http)
        return;
    if (http->evhttp)
        evhttp_free(http->evhttp);
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
    if (evhttp_accept_socket(http->evhttp, fd) == 0)
        return 0;
    close(fd);
    return -ENOMEM;
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
