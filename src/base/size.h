/* Amounts of memory and of time as people read them, and write them. */
#pragma once

#include "base/text.h"

#include <stdint.h>

/* "512K", "9.8M", "61G": binary units, one digit behind the point below 10. BYTES is finite and not negative.
 */
void text_size(struct text *text, double bytes);

/* The same with words around it: " of 61G". */
void text_size_within(struct text *text, const char *before, double bytes, const char *after);

/* "0.4 s", "12 s", "3 min 20 s", "2 h 5 min", "3 d 4 h". SECONDS is not negative; "?" where it is not finite.
 */
void text_duration(struct text *text, double seconds);

/* WORD as bytes: digits, and K, M, G or T for binary units: "64M". Returns 0, -EINVAL, or -ERANGE. */
int size_parse(const char *word, uint64_t *bytes);

/* WORD as a length of time: a decimal number, and s, m, h or d, without one seconds: "60s", "1.5m". Returns
 * 0, -EINVAL, or -ERANGE where it is not from LEAST to MOST seconds. */
int duration_parse(const char *word, double least, double most, double *seconds);
