/* How text output looks: signs or words, colours, units. */
#pragma once

#include "render/unit.h"
#include "watch/event.h"

#include <stdbool.h>

enum color_choice { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER };

struct style {
    bool signs; /* the terminal shows UTF-8 */
    bool color;
    bool timestamp;
    bool plain; /* as vmstat(8) prints: sizes without their unit, cut and not rounded */
    enum size_unit unit;
};

/* What suits the descriptor: signs on a UTF-8 terminal, colours on a terminal unless NO_COLOR is set or TERM
 * is dumb. */
struct style style_for(int fd, enum color_choice color);

/* Escape sequences; empty where the style has no colour. */
const char *style_storm(const struct style *style);
const char *style_severity(const struct style *style, enum event_severity severity);
const char *style_reset(const struct style *style);

/* What stands in front of an event's line, with the blank behind it. */
const char *style_sign(const struct style *style, enum event_severity severity);
