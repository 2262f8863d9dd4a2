/*
 * A request and the answer to it. It is gone as soon as it is answered, or the connection is: who keeps one
 * for later watches it.
 */
#pragma once

#include "server/request.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange;

/* Valid as long as the exchange. */
const struct request *exchange_request(const struct exchange *exchange);

/* -- an answer at once -- */

/* With another header, before the answer; NAME is a constant, VALUE is copied. In place of one of the headers
 * that every answer has, where it is called so. */
void exchange_add_header(struct exchange *exchange, const char *name, const char *value);

void exchange_answer(struct exchange *exchange, int status, const char *content_type, const char *bytes,
                     size_t length);

/* The same with BYTES that never change, and are not copied. */
void exchange_answer_constant(struct exchange *exchange, int status, const char *content_type,
                              const void *bytes, size_t length);

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
