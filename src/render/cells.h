/*
 * Cells of a table for people: numbers at the right edge of a column of WIDTH, names at the left. One that
 * outgrows its column keeps a blank between it and the one before. What is absent is "-".
 */
#pragma once

#include "base/text.h"
#include "kernel/scan.h"

/* Fills the cell that was put since the text was START bytes long. */
void cell_fill_left(struct text *text, size_t start, size_t width);
void cell_fill_right(struct text *text, size_t start, size_t width);

void cell_word(struct text *text, const char *word, size_t width); /* at the right edge */
void cell_number(struct text *text, struct value value, size_t width);
void cell_signed(struct text *text, struct value value, size_t width);               /* two's complement */
void cell_size(struct text *text, struct value bytes, size_t width);                 /* "61G"; a bare 0 */
void cell_decimal(struct text *text, double value, unsigned decimals, size_t width); /* NAN is absent */
void cell_name(struct text *text, const char *name, size_t width); /* cannot steer a terminal */
