/*
 * Metrics, the live view and the page over HTTP.
 *
 *     server_open, server_take_interval and server_take_event as they come, server_run; server_close
 */
#pragma once

#include "base/loop.h"
#include "base/problem.h"
#include "metric/interval.h"
#include "server/exporter.h"
#include "watch/watch.h"

enum { SERVER_ADDRESSES_MAX = 16, SERVER_CONNECTIONS_DEFAULT = 200, SERVER_CONNECTIONS_MAX = 1000 };

/* Words stay the caller's. */
struct server_settings {
    const char *const
        *addresses; /* ADDRESS_COUNT of them, at most SERVER_ADDRESSES_MAX, as address.h reads them */
    size_t address_count;
    const char *tls_certificate; /* both or none */
    const char *tls_key;
    const char *auth_path;
    size_t connections;
    struct exporter_settings exporter;
    double interval_seconds;
    struct watch_settings watch;
    const char *recording_path; /* that holds what memory no longer does, or NULL */
};

struct server;

/*
 * Opens everything, and listens. LOOP is the one that the server is to run, and stays the caller's. Sets
 * *SERVER. Returns 0, or a negative errno with *PROBLEM set where it has a story. Nothing is answered before
 * server_run().
 */
int server_open(struct server **server, const struct server_settings *settings, struct loop *loop,
                struct problem *problem);
void server_close(struct server *server); /* NULL is allowed */

/* Where it listens, in words: "http://127.0.0.1:10858/", one a line. */
void server_put_addresses(const struct server *server, struct text *text);

/* A row of the machine, by the metric table's places; an event. */
void server_take_interval(struct server *server, const struct interval *interval);
void server_take_event(struct server *server, const struct event *event);

/* How many samples and events could not be recorded, where that is done in this program. */
void server_note_recording(struct server *server, uint64_t failures);

/* Reads certificate and passwords again. Says on standard error what is wrong with them: then what was read
 * before stays. */
void server_reload(struct server *server);

/* Answers until loop_stop(). Returns 0 or a negative errno. */
int server_run(struct server *server);

/* One turn of the server alone, without waiting: for tests. */
void server_turn(struct server *server);
