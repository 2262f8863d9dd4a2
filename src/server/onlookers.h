/*
 * Who looks at the live view: each of them gets the rows, the events and, if asked for, the processes as
 * server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html), one JSON object an
 * event.
 *
 * Everybody reads from the same memory at his own pace: who is slow lags behind, who comes back goes on where
 * he was, and nobody's lines pile up.
 */
#pragma once

#include "metric/interval.h"
#include "render/json.h"
#include "server/exchange.h"
#include "server/history.h"

enum { ONLOOKERS_MAX = 64, ONLOOKER_PROCESSES_MAX = 50 };

struct onlookers;

/* ABOUT is copied but for its words. NULL without memory. Free with onlookers_free(), NULL is allowed. */
struct onlookers *onlookers_new(const struct past *past, const char *proc_path, const struct about *about);
void onlookers_free(struct onlookers *onlookers);

/* A new one, or an answer that there is no place or the question is wrong. */
void onlookers_answer(struct onlookers *onlookers, struct exchange *exchange);

/* Something was added to the memory. */
void onlookers_tell(struct onlookers *onlookers);

/* Looks at the processes, if anybody wants to know of them, and tells. INTERVAL is the machine's. */
void onlookers_look(struct onlookers *onlookers, const struct interval *interval);

/* Says that it is still there, to all that have been told everything by now. */
void onlookers_keep_alive(struct onlookers *onlookers);
