/* What the command line of `faultline replay` can say. */
#pragma once

#include "base/problem.h"
#include "base/text.h"
#include "render/style.h"

#include <stdbool.h>
#include <stdint.h>

struct replay_settings {
    const char *path; /* NULL: this user's own */
    const char *since;
    const char *until;
    const char *around; /* "oom", "oom:N", or a time */
    double window_seconds;
    int64_t boot; /* as window_find_boot() */
    bool has_boot;
    bool list;
    const char *save_path;
    bool force;
    bool processes;
    bool events;
    bool follow;
    double every_seconds; /* 0: a row for each sample */
    const char *columns;
    bool wide;
    bool psi;
    bool json;
    bool csv;
    bool openmetrics; /* one of these at most */
    bool one_header;
    enum size_unit unit;
    enum color_choice color;
    bool help;
    bool version;
};

/* As live_settings_parse(). */
int replay_settings_parse(struct replay_settings *settings, int argc, char **argv, struct problem *problem);

void replay_settings_put_help(struct text *text);
