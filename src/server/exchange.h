/*
 * A request and the answer to it. It is gone as soon as it is answered, or the connection is: who keeps one
 * for later watches it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange;

/* -- the request -- */

/* NULL: it has none of that name. Valid as long as the exchange. */
const char *exchange_header(const struct exchange *exchange, const char *name);

/* The value of a parameter behind the ? of the address, percent signs decoded; the first of several. False
 * where there is none, or it is not shorter than SIZE. */
bool exchange_parameter(const struct exchange *exchange, const char *name, char *value, size_t size);

/* Whether the client takes gzip: named in Accept-Encoding, not with q=0. */
bool exchange_takes_gzip(const struct exchange *exchange);

/* -- an answer at once -- */

/* With another header, before the answer. */
void exchange_add_header(struct exchange *exchange, const char *name, const char *value);

void exchange_answer(struct exchange *exchange, int status, const char *content_type, const char *bytes,
                     size_t length);

/* A line of plain text, its newline too. */
void exchange_answer_text(struct exchange *exchange, int status, const char *text);

/* -- an answer in parts -- */

struct exchange_watcher {
    void (*drained)(void *context); /* what was put has been sent, so far as there is room to wait */
    void (*closed)(void *context);  /* the client is gone, and the exchange behind this call */
    void *context;
};

/* Status 200. The watcher is copied. False where the client wants no more than that (HEAD): the exchange is
 * over then, and the watcher is told nothing. */
bool exchange_begin(struct exchange *exchange, const char *content_type,
                    const struct exchange_watcher *watcher);
void exchange_put(struct exchange *exchange, const char *bytes, size_t length);
void exchange_end(struct exchange *exchange);

/* The watcher's drained() is called in the next turn of the loop, though nothing was put. */
void exchange_continue(struct exchange *exchange);

/* How many bytes wait to be sent. */
size_t exchange_backlog(const struct exchange *exchange);

/* Gives up on a client. The watcher is told of it later, from within the loop. */
void exchange_drop(struct exchange *exchange);
