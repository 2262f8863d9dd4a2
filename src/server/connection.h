/*
 * What a connection and the exchange on it are made of: between http.c, which accepts, bounds and routes,
 * connection.c, which reads and goes on, and exchange.c, which answers.
 */
#pragma once

#include "server/exchange.h"
#include "server/http.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <sys/queue.h>

enum { EXTRA_HEADERS_MAX = 4, EXTRA_VALUE_MAX = 512 };

enum connection_state {
    CONNECTION_NEW,       /* no request yet, or not all of it */
    CONNECTION_IDLE,      /* between two requests */
    CONNECTION_ANSWERING, /* somebody reads, or should */
    CONNECTION_CLOSING,   /* what was put is sent, and no more */
    CONNECTION_STATES,
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
    struct event *turn; /* in which is done what there is to do: never in the middle of a read or write */
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

struct listener;
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

/* A connection that was accepted, as FD, which is its own from here on: it is in the list, and reads. NULL
 * without memory. */
struct connection *connection_open(struct http *http, int fd);

/* Ends it; an exchange that goes on is told. Not from within its own callbacks. */
void connection_close(struct connection *connection);

/* The same, and counts why. */
void connection_drop(struct connection *connection, enum http_drop reason);

/* It has got somewhere, and is in STATE. */
void connection_move_on(struct connection *connection, enum connection_state state);

/* What there is to do next is done in a turn of its own. */
void connection_schedule(struct connection *connection);

size_t connection_unsent_bytes(const struct connection *connection);

/* Of http.c: answers a request that was read whole; STATUS is what is wrong with it, or 0. */
void http_answer_request(struct exchange *exchange, int status);
