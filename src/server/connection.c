#include "server/connection.h"

#include "base/clock.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { WIRE_BYTES_ENOUGH = 64 * 1024 /* that wait to be sent: then TLS packs no more of them */ };

/* -- connections -- */

static void enter(struct connection *connection, enum connection_state state)
{
    connection->state = state;
    connection->since_ns = clock_monotonic_ns();
    TAILQ_INSERT_TAIL(&connection->http->connections, connection, place);
}

void connection_move_on(struct connection *connection, enum connection_state state)
{
    TAILQ_REMOVE(&connection->http->connections, connection, place);
    enter(connection, state);
}

void connection_schedule(struct connection *connection)
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

void connection_close(struct connection *connection)
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

void connection_drop(struct connection *connection, enum http_drop reason)
{
    connection->http->counts.dropped[reason]++;
    connection_close(connection);
}

size_t connection_unsent_bytes(const struct connection *connection)
{
    size_t bytes = evbuffer_get_length(bufferevent_get_output(connection->wire));

    if (connection->plain != connection->wire)
        bytes += evbuffer_get_length(bufferevent_get_output(connection->plain));
    return bytes;
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
    connection_move_on(connection, CONNECTION_ANSWERING);
    if (status == 0)
        status = request_parse(&exchange->request, exchange->head, head_bytes);
    http_answer_request(exchange, status);
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
    connection_move_on(connection, goes_on ? CONNECTION_IDLE : CONNECTION_CLOSING);
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
    return connection_unsent_bytes(connection) > 0;
}

static bool is_being_answered(const struct connection *connection)
{
    const struct exchange *exchange = connection->exchange;
    return exchange && (exchange->in_parts || exchange->checking || connection_unsent_bytes(connection) > 0);
}

static void tell_drained(struct connection *connection)
{
    const struct exchange *exchange = connection->exchange;

    if (exchange && exchange->in_parts && exchange->watcher.drained && !connection->broken &&
        connection_unsent_bytes(connection) == 0)
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
            connection_schedule(connection);
        }
    } else if (connection->state == CONNECTION_CLOSING) {
        throw_input_away(connection);
        connection->broken |= connection->at_end;
    } else if (!connection->exchange) {
        read_request(connection);
        connection->broken |= connection->at_end && !connection->exchange;
        if (connection->exchange)
            connection_schedule(connection);
    }
    if (connection->broken)
        connection_close(connection);
}

static void on_read(struct bufferevent *plain, void *context)
{
    (void)plain;
    connection_schedule(context);
}

static void on_event(struct bufferevent *plain, short events, void *context)
{
    struct connection *connection = context;

    (void)plain;
    /* Of TLS the end is one of both directions: nothing can be sent any more. */
    if (events & BEV_EVENT_ERROR || (events & BEV_EVENT_EOF && connection->plain != connection->wire))
        connection->broken = true;
    if (events & BEV_EVENT_EOF)
        connection->at_end = true;
    connection_schedule(connection);
}

/* A filter's own word for it comes when the filter has it. */
static void on_sent(struct evbuffer *output, const struct evbuffer_cb_info *info, void *context)
{
    struct connection *connection = context;

    (void)output;
    if (info->n_deleted == 0)
        return;
    if (connection->state == CONNECTION_ANSWERING)
        connection_move_on(connection, CONNECTION_ANSWERING);
    if (connection_unsent_bytes(connection) == 0)
        connection_schedule(connection);
}

static void on_broken_tls(void *context)
{
    struct connection *connection = context;
    connection->http->counts.dropped[HTTP_DROP_BROKEN]++;
}

/* -- the beginning -- */

static bool open_bufferevents(struct connection *connection, int fd)
{
    struct http *http = connection->http;
    const int on = 1;
    const unsigned unanswered_ms = HTTP_ANSWER_SECONDS * 1000; /* for whom is gone without a word */

    /* An answer in two writes would wait for the acknowledgement of the first. Of no meaning for a unix
     * socket. */
    (void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    (void)setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unanswered_ms, sizeof(unanswered_ms));
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

struct connection *connection_open(struct http *http, int fd)
{
    struct connection *connection = calloc(1, sizeof(*connection));

    if (!connection) {
        close(fd);
        return NULL;
    }
    connection->http = http;
    if (!open_bufferevents(connection, fd)) {
        if (connection->turn)
            event_free(connection->turn);
        free(connection);
        return NULL;
    }
    http->counts.connections++;
    enter(connection, CONNECTION_NEW);
    bufferevent_setwatermark(connection->wire, EV_WRITE, 0, WIRE_BYTES_ENOUGH);
    bufferevent_setwatermark(connection->plain, EV_READ, 0, HTTP_HEAD_BYTES_MAX);
    bufferevent_setcb(connection->plain, on_read, NULL, on_event, connection);
    bufferevent_enable(connection->plain, EV_READ | EV_WRITE);
    return connection;
}
