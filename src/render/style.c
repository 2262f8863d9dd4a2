#include "render/style.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

/*
 * The locale's character set by its name. setlocale() would read the locale's files at every start to tell
 * the same, and would change how numbers are printed.
 */
static bool locale_is_utf8(void)
{
    static const char *const variables[] = {"LC_ALL", "LC_CTYPE", "LANG"};

    for (size_t i = 0; i < sizeof(variables) / sizeof(*variables); i++) {
        const char *locale = getenv(variables[i]);
        if (locale && *locale)
            return strcasestr(locale, "utf-8") || strcasestr(locale, "utf8");
    }
    return false;
}

static bool terminal_has_color(void)
{
    const char *no_color = getenv("NO_COLOR");
    const char *term = getenv("TERM");

    return !(no_color && *no_color) && term && *term && strcmp(term, "dumb") != 0;
}

struct style style_for(int fd, enum color_choice color)
{
    bool terminal = isatty(fd);

    return (struct style){
        .signs = terminal && locale_is_utf8(),
        .color = color == COLOR_ALWAYS || (color == COLOR_AUTO && terminal && terminal_has_color()),
    };
}

const char *style_storm(const struct style *style)
{
    return style->color ? "\033[31m" : "";
}

const char *style_severity(const struct style *style, enum event_severity severity)
{
    static const char *const sequences[] = {
        [SEVERITY_OVER] = "\033[32m", [SEVERITY_WARNING] = "\033[33m", [SEVERITY_CRITICAL] = "\033[1;31m"};
    return style->color ? sequences[severity] : "";
}

const char *style_reset(const struct style *style)
{
    return style->color ? "\033[0m" : "";
}

const char *style_sign(const struct style *style, enum event_severity severity)
{
    static const char *const signs[] = {
        [SEVERITY_OVER] = "✅ ", [SEVERITY_WARNING] = "⚠️  ", [SEVERITY_CRITICAL] = "🚨 "};
    static const char *const words[] = {
        [SEVERITY_OVER] = "OVER: ", [SEVERITY_WARNING] = "WARNING: ", [SEVERITY_CRITICAL] = "CRITICAL: "};
    return style->signs ? signs[severity] : words[severity];
}
