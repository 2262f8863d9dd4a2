/* Intervals and events as JSON, one object a line. Described by docs/faultline.schema.json. */
#pragma once

#include "metric/interval.h"
#include "render/columns.h"
#include "watch/event.h"

void json_put_sample(struct text *text, const struct columns *columns, const struct interval *interval);
void json_put_event(struct text *text, const struct event *event);

/*
 * STRING in quotes. Whatever bytes it holds, the result is valid JSON in UTF-8: what JSON wants escaped is,
 * and a byte that is no part of valid UTF-8 becomes U+FFFD.
 */
void json_put_string(struct text *text, const char *string);

/* An upper bound for what one sample needs. */
size_t json_sample_max(const struct columns *columns);
