#include "server/http.h"

#include "base/clock.h"
#include "base/text.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
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
    WIRE_BYTES_MAX = 64 * 1024, /* that wait to be sent, of those that TLS has packed */
    EXTRA_HEADERS_MAX = 4,
    EXTRA_VALUE_MAX = 512,
    ANSWER_HEAD_MAX = 2048,
};

enum connection_state {
    CONNECTION_NEW,       /* no request yet, or not all of it */
    CONNECTION_IDLE,      /* between two requests */
    CONNECTION_ANSWERING, /* somebody reads, or should */
    CONNECTION_CLOSING,   /* what was put is sent, and no more */
    CONNECTION_STATES,
};

/* How long each may take. Who sends a byte a second is no faster than who sends none. */
static const uint64_t patience_seconds[CONNECTION_STATES] = {
    [CONNECTION_NEW] = HTTP_REQUEST_SECONDS,
    [CONNECTION_IDLE] = HTTP_IDLE_SECONDS,
    [CONNECTION_ANSWERING] = HTTP_ANSWER_SECONDS,
    [CONNECTION_CLOSING] = HTTP_REQUEST_SECONDS,
};

struct extra_header {
    const char *name; /* a constant */
    char value[EXTRA_VALUE_MAX];
};

struct exchange {
    struct connection *connection;
    struct request request;
    const struct http_route *route;
    bool checking; /* the password */
    bool in_parts; /* the answer is not over yet */
    bool is_chunked;
    struct extra_header extra[EXTRA_HEADERS_MAX];
    size_t extra_count;
    struct exchange_watcher watcher;
    char head[]; /* the request's bytes */
};

/* From being accepted to being closed. The list of them is in the order in which they last got anywhere. */
struct connection {
    TAILQ_ENTRY(connection) place;
    struct http *http;
    struct bufferevent *wire;
    struct bufferevent *plain; /* the same without TLS */
    struct evbuffer_cb_entry *sent;
    struct event
        *turn; /* what there is to do is done in a turn of its own, never in the middle of a read or write */
    enum connection_state state;
    uint64_t since_ns;
    size_t known_bytes;  /* of what was read: no head ends there */
    uint64_t body_bytes; /* that are still to come, and to be thrown away */
    bool at_end;         /* the client sends no more */
    bool broken;
    bool farewell;             /* of TLS, has been put */
    struct exchange *exchange; /* that is going on, or NULL */
};

TAILQ_HEAD(connection_list, connection);

struct listener {
    TAILQ_ENTRY(listener) place;
    struct evconnlistener *listener;
};

TAILQ_HEAD(listener_list, listener);

struct http {
    struct http_settings settings;
    struct event_base *base;
    struct event *inner; /* the program's loop */
    struct event *sweep;
    struct loop *loop;
    int error;
    struct listener_list listeners;
    struct connection_list connections;
    struct http_counts counts;
    uint64_t crowd; /* the most connections since memory was given back */
};

/* -- connections -- */

static void enter(struct connection *connection, enum connection_state state)
{
    connection->state = state;
    connection->since_ns = clock_monotonic_ns();
    TAILQ_INSERT_TAIL(&connection->http->connections, connection, place);
}

static void move_on(struct connection *connection, enum connection_state state)
{
    TAILQ_REMOVE(&connection->http->connections, connection, place);
    enter(connection, state);
}

static void schedule(struct connection *connection)
{
    event_active(connection->turn, EV_TIMEOUT, 0);
}

static void free_exchange(struct connection *connection)
{
    struct exchange *exchange = connection->exchange;

    connection->exchange = NULL;
    free(exchange);
}

static void tell_closed(struct connection *connection)
{
    struct exchange *exchange = connection->exchange;

    if (!exchange)
        return;
    if (exchange->checking)
        access_forget(connection->http->settings.access, exchange);
    if (exchange->watcher.closed)
        exchange->watcher.closed(exchange->watcher.context);
    free_exchange(connection);
}

static void close_connection(struct connection *connection)
{
    tell_closed(connection);
    TAILQ_REMOVE(&connection->http->connections, connection, place);
    connection->http->counts.connections--;
    evbuffer_remove_cb_entry(bufferevent_get_output(connection->wire), connection->sent);
    bufferevent_setcb(connection->plain, NULL, NULL, NULL, NULL);
    bufferevent_free(connection->plain);
    event_free(connection->turn);
    free(connection);
}

static void drop(struct connection *connection, enum http_drop reason)
{
    connection->http->counts.dropped[reason]++;
    close_connection(connection);
}

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
        drop(at, HTTP_DROP_CROWDED);
}

static size_t unsent_bytes(const struct connection *connection)
{
    size_t bytes = evbuffer_get_length(bufferevent_get_output(connection->wire));

    if (connection->plain != connection->wire)
        bytes += evbuffer_get_length(bufferevent_get_output(connection->plain));
    return bytes;
}

/* -- the request -- */

const struct request *exchange_request(const struct exchange *exchange)
{
    return &exchange->request;
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
        {413, "Content Too Large"},
        {429, "Too Many Requests"},
        {431, "Request Header Fields Too Large"},
        {500, "Internal Server Error"},
        {501, "Not Implemented"},
        {503, "Service Unavailable"},
        {505, "HTTP Version Not Supported"},
    };

    for (size_t i = 0; i < sizeof(phrases) / sizeof(*phrases); i++) {
        if (phrases[i].status == status)
            return phrases[i].phrase;
    }
    return "";
}

void exchange_add_header(struct exchange *exchange, const char *name, const char *value)
{
    struct extra_header *extra = &exchange->extra[exchange->extra_count];

    if (exchange->extra_count == EXTRA_HEADERS_MAX || strlen(value) >= sizeof(extra->value))
        return;
    extra->name = name;
    memcpy(extra->value, value, strlen(value) + 1);
    exchange->extra_count++;
}

static bool has_extra(const struct exchange *exchange, const char *name)
{
    for (size_t i = 0; i < exchange->extra_count; i++) {
        if (strcasecmp(exchange->extra[i].name, name) == 0)
            return true;
    }
    return false;
}

static void put_header(struct text *head, const char *name, const char *value)
{
    text_string(head, name);
    text_string(head, ": ");
    text_string(head, value);
    text_string(head, "\r\n");
}

/* "Fri, 27 Nov 2026 09:00:00 GMT", in any locale. */
static void put_date(struct text *head)
{
    static const char days[7][4] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char months[12][4] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now = (time_t)(clock_wall_ns() / NS_PER_SECOND);
    struct tm utc;

    if (gmtime_r(&now, &utc))
        text_format(head, "Date: %s, %02d %s %d %02d:%02d:%02d GMT\r\n", days[utc.tm_wday], utc.tm_mday,
                    months[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
}

/* LENGTH: how the answer's is told, or NULL: it ends with the connection. */
static void put_head(struct exchange *exchange, int status, const char *content_type, const char *length_name,
                     const char *length_value)
{
    char bytes[ANSWER_HEAD_MAX + EXTRA_HEADERS_MAX * EXTRA_VALUE_MAX];
    struct text head = text_over(bytes, sizeof(bytes));

    text_format(&head, "HTTP/1.1 %d %s\r\n", status, phrase_of(status));
    put_date(&head);
    put_header(&head, "Content-Type", content_type);
    if (length_name)
        put_header(&head, length_name, length_value);
    for (size_t i = 0; i < exchange->extra_count; i++)
        put_header(&head, exchange->extra[i].name, exchange->extra[i].value);
    for (size_t i = 0; i < sizeof(common_headers) / sizeof(*common_headers); i++) {
        if (!has_extra(exchange, common_headers[i].name))
            put_header(&head, common_headers[i].name, common_headers[i].value);
    }
    if (!exchange->request.keeps_alive)
        put_header(&head, "Connection", "close");
    else if (exchange->request.is_http_1_0)
        put_header(&head, "Connection", "keep-alive");
    text_string(&head, "\r\n");
    bufferevent_write(exchange->connection->plain, head.bytes, head.length);
}

static void begin_answer(struct exchange *exchange, int status, const char *content_type, size_t length)
{
    char words[24];
    struct text number = text_over(words, sizeof(words) - 1);

    text_unsigned(&number, length);
    words[number.length] = '\0';
    put_head(exchange, status, content_type, "Content-Length", words);
}

static bool wants_body(const struct exchange *exchange)
{
    return exchange->request.method != REQUEST_HEAD;
}

void exchange_answer(struct exchange *exchange, int status, const char *content_type, const char *bytes,
                     size_t length)
{
    begin_answer(exchange, status, content_type, length);
    if (wants_body(exchange))
        bufferevent_write(exchange->connection->plain, bytes, length);
}

void exchange_answer_constant(struct exchange *exchange, int status, const char *content_type,
                              const void *bytes, size_t length)
{
    begin_answer(exchange, status, content_type, length);
    if (wants_body(exchange))
        evbuffer_add_reference(bufferevent_get_output(exchange->connection->plain), bytes, length, NULL,
                               NULL);
}

void exchange_answer_text(struct exchange *exchange, int status, const char *text)
{
    exchange_answer(exchange, status, "text/plain; charset=utf-8", text, strlen(text));
}

/* To HTTP/1.0 it goes on until the connection ends. */
bool exchange_begin(struct exchange *exchange, const char *content_type,
                    const struct exchange_watcher *watcher)
{
    exchange->is_chunked = !exchange->request.is_http_1_0;
    if (!exchange->is_chunked)
        exchange->request.keeps_alive = false;
    put_head(exchange, 200, content_type, exchange->is_chunked ? "Transfer-Encoding" : NULL, "chunked");
    if (!wants_body(exchange))
        return false;
    exchange->in_parts = true;
    exchange->watcher = *watcher;
    return true;
}

void exchange_put(struct exchange *exchange, const char *bytes, size_t length)
{
    struct bufferevent *plain = exchange->connection->plain;

    if (length == 0) /* a chunk of nothing is the last one */
        return;
    if (exchange->is_chunked)
        evbuffer_add_printf(bufferevent_get_output(plain), "%zx\r\n", length);
    bufferevent_write(plain, bytes, length);
    if (exchange->is_chunked)
        bufferevent_write(plain, "\r\n", 2);
}

void exchange_end(struct exchange *exchange)
{
    static const char last_chunk[] = "0\r\n\r\n";

    if (exchange->is_chunked)
        bufferevent_write(exchange->connection->plain, last_chunk, sizeof(last_chunk) - 1);
    exchange->watcher = (struct exchange_watcher){0};
    exchange->in_parts = false;
    schedule(exchange->connection);
}

size_t exchange_backlog(const struct exchange *exchange)
{
    return unsent_bytes(exchange->connection);
}

void exchange_continue(struct exchange *exchange)
{
    schedule(exchange->connection);
}

void exchange_drop(struct exchange *exchange)
{
    exchange->connection->broken = true;
    schedule(exchange->connection);
}

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
    schedule(exchange->connection);
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

static void answer_request(struct exchange *exchange, int status)
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

/* -- reading -- */

static struct exchange *make_exchange(struct connection *connection, size_t head_bytes)
{
    struct exchange *exchange = malloc(sizeof(*exchange) + head_bytes + 1);

    if (!exchange)
        return NULL;
    memset(exchange, 0, sizeof(*exchange));
    exchange->connection = connection;
    connection->exchange = exchange;
    return exchange;
}

static void take_request(struct connection *connection, struct evbuffer *input, size_t head_bytes, int status)
{
    struct exchange *exchange = make_exchange(connection, head_bytes);

    if (!exchange) {
        connection->broken = true;
        return;
    }
    evbuffer_remove(input, exchange->head, head_bytes);
    connection->known_bytes = 0;
    connection->http->counts.requests++;
    move_on(connection, CONNECTION_ANSWERING);
    if (status == 0)
        status = request_parse(&exchange->request, exchange->head, head_bytes);
    answer_request(exchange, status);
}

static void skip_body(struct connection *connection, struct evbuffer *input)
{
    size_t there = evbuffer_get_length(input);
    size_t skipped = there < connection->body_bytes ? there : (size_t)connection->body_bytes;

    evbuffer_drain(input, skipped);
    connection->body_bytes -= skipped;
}

/* A head that is whole makes a request; one that is too long makes the answer that it is. */
static void read_request(struct connection *connection)
{
    struct evbuffer *input = bufferevent_get_input(connection->plain);

    skip_body(connection, input);
    size_t there = evbuffer_get_length(input);
    const char *bytes = there > 0 ? (const char *)evbuffer_pullup(input, -1) : NULL;
    if (!bytes)
        return;
    size_t head = request_head_length(bytes, there, connection->known_bytes);
    connection->known_bytes = there;
    if (head > 0 && head <= HTTP_HEAD_BYTES_MAX)
        take_request(connection, input, head, 0);
    else if (head > 0 || there >= HTTP_HEAD_BYTES_MAX)
        take_request(connection, input, there, 431);
}

/* The answer is on its way; the next request may be there already. */
static void finish_exchange(struct connection *connection)
{
    bool goes_on = connection->exchange->request.keeps_alive;

    free_exchange(connection);
    move_on(connection, goes_on ? CONNECTION_IDLE : CONNECTION_CLOSING);
    if (!goes_on)
        shutdown(bufferevent_getfd(connection->wire), SHUT_WR);
}

/* Of an answer that ends with the connection TLS says that it was not cut off. False where nothing is left to
 * be sent before the end. */
static bool says_farewell(struct connection *connection)
{
    if (connection->exchange->request.keeps_alive || connection->farewell)
        return false;
    connection->farewell = true;
    bufferevent_flush(connection->plain, EV_WRITE, BEV_FINISHED);
    return unsent_bytes(connection) > 0;
}

static bool is_being_answered(const struct connection *connection)
{
    const struct exchange *exchange = connection->exchange;
    return exchange && (exchange->in_parts || exchange->checking || unsent_bytes(connection) > 0);
}

static void tell_drained(struct connection *connection)
{
    const struct exchange *exchange = connection->exchange;

    if (exchange && exchange->in_parts && exchange->watcher.drained && !connection->broken &&
        unsent_bytes(connection) == 0)
        exchange->watcher.drained(exchange->watcher.context);
}

/* Nobody reads them: the connection stays until the client has seen the end of the answer. */
static void throw_input_away(struct connection *connection)
{
    struct evbuffer *input = bufferevent_get_input(connection->plain);
    evbuffer_drain(input, evbuffer_get_length(input));
}

/* What a connection has to do next, in the order of its life. Who only stopped sending still gets his
 * answers; whether he reads them, writing tells. */
static void on_turn(evutil_socket_t fd, short events, void *context)
{
    struct connection *connection = context;

    (void)fd;
    (void)events;
    tell_drained(connection);
    if (connection->exchange && !is_being_answered(connection)) {
        if (!says_farewell(connection)) {
            finish_exchange(connection);
            schedule(connection);
        }
    } else if (connection->state == CONNECTION_CLOSING) {
        throw_input_away(connection);
        connection->broken |= connection->at_end;
    } else if (!connection->exchange) {
        read_request(connection);
        connection->broken |= connection->at_end && !connection->exchange;
        if (connection->exchange)
            schedule(connection);
    }
    if (connection->broken)
        close_connection(connection);
}

static void on_read(struct bufferevent *plain, void *context)
{
    (void)plain;
    schedule(context);
}

static void on_event(struct bufferevent *plain, short events, void *context)
{
    struct connection *connection = context;

    (void)plain;
    if (events & BEV_EVENT_ERROR)
        connection->broken = true;
    if (events & BEV_EVENT_EOF)
        connection->at_end = true;
    schedule(connection);
}

/* A filter's own word for it comes when the filter has it. */
static void on_sent(struct evbuffer *output, const struct evbuffer_cb_info *info, void *context)
{
    struct connection *connection = context;

    (void)output;
    if (info->n_deleted == 0)
        return;
    if (connection->state == CONNECTION_ANSWERING)
        move_on(connection, CONNECTION_ANSWERING);
    if (unsent_bytes(connection) == 0)
        schedule(connection);
}

static void on_broken_tls(void *context)
{
    struct connection *connection = context;
    connection->http->counts.dropped[HTTP_DROP_BROKEN]++;
}

/* -- accepting -- */

static bool open_connection(struct connection *connection, int fd)
{
    struct http *http = connection->http;

    const int on = 1;

    /* An answer in two writes would wait for the acknowledgement of the first. Of no meaning for a unix
     * socket. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    connection->turn = event_new(http->base, -1, 0, on_turn, connection);
    connection->wire = bufferevent_socket_new(http->base, fd, BEV_OPT_CLOSE_ON_FREE);
    if (!connection->wire) {
        close(fd);
        return false;
    }
    connection->plain = http->settings.tls
                            ? tls_accept(http->settings.tls, connection->wire, on_broken_tls, connection)
                            : connection->wire;
    if (!connection->plain)
        return false;
    connection->sent = evbuffer_add_cb(bufferevent_get_output(connection->wire), on_sent, connection);
    if (connection->turn && connection->sent)
        return true;
    bufferevent_free(connection->plain);
    return false;
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address,
                      int length, void *context)
{
    struct http *http = context;
    struct connection *connection = calloc(1, sizeof(*connection));

    (void)listener;
    (void)address;
    (void)length;
    make_place(http);
    if (!connection) {
        close(fd);
        return;
    }
    connection->http = http;
    if (!open_connection(connection, fd)) {
        if (connection->turn)
            event_free(connection->turn);
        free(connection);
        return;
    }
    http->counts.connections++;
    enter(connection, CONNECTION_NEW);
    bufferevent_setwatermark(connection->wire, EV_WRITE, 0, WIRE_BYTES_MAX);
    bufferevent_setwatermark(connection->plain, EV_READ, 0, HTTP_HEAD_BYTES_MAX);
    bufferevent_setcb(connection->plain, on_read, NULL, on_event, connection);
    bufferevent_enable(connection->plain, EV_READ | EV_WRITE);
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
        if (is_too_slow(at, now_ns))
            drop(at, HTTP_DROP_SLOW);
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
    http->base = event_base_new();
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
        close_connection(at);
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
