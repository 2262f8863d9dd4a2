/* What `faultline replay` can make of a part of a recording. */
#pragma once

#include "blackbox/playback.h"
#include "commands/blackbox_file.h"
#include "commands/replay/settings.h"

struct replay {
    struct replay_settings settings;
    struct blackbox_file file;
    struct playback_settings part; /* what is asked for; never of no segment */
};

/* Each prints its kind of output. Returns the number of things that it found, 0 where nothing was in the
 * part, or a negative errno, with *PROBLEM set where it has a story. */
int replay_rows(struct replay *replay, struct problem *problem);
int replay_list(struct replay *replay, struct problem *problem);
int replay_openmetrics(struct replay *replay, struct problem *problem);
int replay_save(struct replay *replay, struct problem *problem);
