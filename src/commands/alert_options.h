/* The options of the thresholds, the same in every command that alerts. */
#pragma once

#include "commands/options.h"
#include "watch/watch.h"

#include <stddef.h>

/* Two rows for the options of a command whose settings are a TYPE with a struct watch_settings FIELD. */
/* clang-format off */
#define ALERT_OPTIONS(type, field)                                                                           \
    {"alert-major", 0, "N", "alert above N major faults a second (50)",                                      \
     .apply = alert_options_apply_major, .expected = "a number of major faults a second",                    \
     .offset = offsetof(type, field)},                                                                       \
    {"alert-cs", 0, "N[/cpu]", "alert above N context switches a second (5000)",                             \
     .apply = alert_options_apply_cs, .expected = "a number of context switches a second, N or N/cpu",       \
     .offset = offsetof(type, field)}
/* clang-format on */

/* They set a struct watch_settings. Return 0, or -EINVAL for a value that is of another form. */
int alert_options_apply_major(void *watch_settings, const char *value);
int alert_options_apply_cs(void *watch_settings, const char *value);
