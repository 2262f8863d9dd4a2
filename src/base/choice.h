/* One word out of a list. */
#pragma once

#include <stddef.h>

/* The index of WORD among the COUNT words of LIST, or -EINVAL. */
int choice_parse(const char *word, const char *const *list, size_t count);
