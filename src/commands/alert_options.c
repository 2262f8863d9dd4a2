#include "commands/alert_options.h"

#include "base/number.h"

#include <errno.h>
#include <string.h>

int alert_options_apply_major(void *watch_settings, const char *value)
{
    struct watch_settings *watch = watch_settings;
    return number_parse_decimal(value, &watch->major_faults);
}

/* N or N/cpu */
int alert_options_apply_cs(void *watch_settings, const char *value)
{
    struct watch_settings *watch = watch_settings;
    const char *slash = strchr(value, '/');
    char number[32];
    size_t length = slash ? (size_t)(slash - value) : strlen(value);

    if (length >= sizeof(number) || (slash && strcmp(slash, "/cpu") != 0))
        return -EINVAL;
    memcpy(number, value, length);
    number[length] = '\0';
    watch->context_switches_per_cpu = slash;
    return number_parse_decimal(number, &watch->context_switches);
}
