/* What is known of the keys of /proc/meminfo beyond their numbers. */
#pragma once

#include <stdbool.h>

/* Whether KEY counts pages, without a unit on its line; all others are amounts of memory. */
bool meminfo_is_count(const char *key);
