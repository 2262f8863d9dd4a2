/* /api/samples: a part of the past, one JSON object a line. */
#pragma once

#include "server/exchange.h"
#include "server/history.h"

/* PAST stays the caller's, for longer than the exchange. */
void samples_answer(const struct past *past, struct exchange *exchange);
