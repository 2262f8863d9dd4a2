/*
 * HTTP: connections within limits, requests to whoever answers for their path, in the program's one loop,
 * whose own sources come before all of it.
 *
 *     http_new, http_listen for each socket, http_run; http_free
 *
 * What is answered here: what is no request (400 and the like), 405 to methods other than GET and HEAD, 401
 * to who has no password where one is asked for, 404 to paths without a route.
 *
 * It stands on libevent's bufferevents and not on its evhttp. Of 2.1 that has no limit of connections, tells
 * nobody of one that has sent no request yet or has gone, and over a filter, as TLS is one here, waits for
 * ever to write the second answer of a connection.
 */
#pragma once

#include "base/loop.h"
#include "server/access.h"
#include "server/exchange.h"
#include "server/tls.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    HTTP_HEAD_BYTES_MAX = 16 * 1024, /* of a request */
    HTTP_BODY_BYTES_MAX = 4 * 1024,  /* nobody reads it */
    HTTP_REQUEST_SECONDS = 10,       /* from the connection to its first request, whole */
    HTTP_IDLE_SECONDS = 120,         /* from an answer to the next request, whole */
    HTTP_ANSWER_SECONDS = 30,        /* in which nothing of an answer is taken */
};

struct http_route {
    const char *path;
    bool open; /* to everybody, without a password */
    void (*answer)(void *context, struct exchange *exchange);
};

/* All of it stays the caller's. */
struct http_settings {
    const struct http_route *routes;
    size_t route_count;
    void *context;         /* of all routes */
    size_t connections;    /* at most; one more costs the one that has waited longest its place */
    struct tls *tls;       /* or NULL */
    struct access *access; /* or NULL */
};

enum http_drop {
    HTTP_DROP_CROWDED, /* others wanted the place */
    HTTP_DROP_SLOW,    /* it was not ready within the time for it */
    HTTP_DROP_BROKEN,  /* it spoke neither TLS nor HTTP as it should */
    HTTP_DROPS,
};

struct http_counts {
    uint64_t connections; /* now */
    uint64_t requests;    /* that were read whole */
    uint64_t dropped[HTTP_DROPS];
};

struct http;

/* NULL without memory. */
struct http *http_new(const struct http_settings *settings);
void http_free(struct http *http); /* NULL is allowed; closes connections and sockets */

/* FD listens; it is the server's from here on. Returns 0 or a negative errno. */
int http_listen(struct http *http, int fd);

/* Runs LOOP and the server until loop_stop(). Returns 0 or a negative errno. */
int http_run(struct http *http, struct loop *loop);

/* One turn without waiting: for tests. */
void http_turn(struct http *http);

struct http_counts http_counts(const struct http *http);
