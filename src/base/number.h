/* Numbers that people type: whole words only, a decimal point in every locale, no hexadecimal, no "inf". */
#pragma once

#include <stdint.h>

/* WORD as a whole number. Returns 0, -EINVAL when it is not one, -ERANGE above 2^64 - 1. */
int number_parse_unsigned(const char *word, uint64_t *number);

/* WORD as digits with at most one point, "2", "0.25" or ".5". Returns 0 or -EINVAL. */
int number_parse_decimal(const char *word, double *number);
