/* What the command line of the live view can say. */
#pragma once

#include "base/text.h"
#include "commands/operands.h"
#include "render/style.h"
#include "watch/watch.h"

struct live_settings {
    struct beat beat;
    const char *columns; /* -o, or NULL */
    bool wide;
    bool psi;
    bool timestamp;
    bool one_header;
    bool json;
    bool csv; /* not both */
    enum size_unit unit;
    enum color_choice color;
    const char *proc_path;
    struct watch_settings watch;
    bool no_alerts;
    const char *cgroup_path; /* whose OOM kills are told of alone, or NULL */
    const char *on_event;    /* or NULL */
    bool protect;
    bool help;
    bool version;
};

/* Fills SETTINGS from the words, ARGV[0] left out. Returns 0, or -EINVAL with *PROBLEM set. */
int live_settings_parse(struct live_settings *settings, int argc, char **argv, struct problem *problem);

/* The text of --help. */
void live_settings_put_help(struct text *text);
