/*
 * Text under construction in memory of a fixed size: a row is put together here and leaves in one write.
 *
 * Appending never allocates and never overruns: bytes that do not fit are dropped and counted in `lost`.
 * Numbers have a decimal point whatever the locale.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct text {
    char *bytes; /* not terminated */
    size_t length;
    size_t capacity;
    size_t lost; /* bytes that did not fit */
};

/* Text over memory that the caller owns and keeps alive. */
struct text text_over(char *memory, size_t capacity);

/* Text over fresh memory, every page of it touched. `bytes` is NULL when there is none. Free with
 * text_free(). */
struct text text_new(size_t capacity);
void text_free(struct text *text);

void text_bytes(struct text *text, const char *bytes, size_t length);
void text_string(struct text *text, const char *string);
void text_char(struct text *text, char byte);

/* Puts COUNT blanks in front of what was put since the text was START bytes long. */
void text_indent(struct text *text, size_t start, size_t count);

void text_unsigned(struct text *text, uint64_t number);

/* NUMBER with exactly DECIMALS (0 to 6) digits behind the point, rounded half up; finite values only. */
void text_decimal(struct text *text, double number, unsigned decimals);

/* The length of the valid UTF-8 sequence that STRING starts with, or 0 (RFC 3629: shortest form, no
 * surrogates). */
size_t text_utf8_length(const char *string);

/* Whether the UTF-8 sequence AT, of LENGTH bytes, steers a terminal: a control character (C0, DEL, C1), or
 * one that turns the direction of writing, or ends a line for some who read it. */
bool text_steers(const char *at, size_t length);

/* STRING so that it cannot steer a terminal: such characters, and bytes that are no part of valid UTF-8,
 * stand as \xHH. */
void text_printable(struct text *text, const char *string);

/*
 * How many columns of a terminal the bytes take: escape sequences (ESC [ ... letter) and control bytes none,
 * a UTF-8 sequence one, or two where it is one of four bytes, as signs and pictures are wide.
 */
size_t text_width(const char *bytes, size_t length);

/* printf for places that are not hot. */
void text_format(struct text *text, const char *format, ...) __attribute__((format(printf, 2, 3)));
