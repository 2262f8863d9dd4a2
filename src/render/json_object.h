/* What the objects are made of that are printed, one a line: {"type":...}. */
#pragma once

#include "base/text.h"
#include "kernel/scan.h"

/* Begins an object of that type, and ends it with its line. */
void json_begin(struct text *text, const char *type);
void json_end(struct text *text);

/* Members of the object that was begun. What is absent, or is no finite number, is no key. */
void json_time(struct text *text, uint64_t wall_ns); /* "time" */
void json_string(struct text *text, const char *key, const char *value);
void json_known(struct text *text, const char *key, const char *value); /* absent where it is NULL or "" */
void json_figure(struct text *text, const char *key, double value, unsigned decimals);
void json_value(struct text *text, const char *key, struct value value);
void json_signed(struct text *text, const char *key, struct value value); /* two's complement */
void json_count(struct text *text, const char *key, uint64_t count);

/* The key alone, for a value of another kind. */
void json_key(struct text *text, const char *key);

/*
 * STRING in quotes. Whatever bytes it holds, the result is valid JSON in UTF-8: what JSON wants escaped is,
 * as is all that steers a terminal, and a byte that is no part of valid UTF-8 becomes U+FFFD.
 */
void json_put_string(struct text *text, const char *string);
