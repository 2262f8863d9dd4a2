/* `faultline top` on a terminal: in place, with keys. Around ncurses. */
#pragma once

#include "commands/top/look.h"

enum { SCREEN_ROWS_MAX = 512 };

/*
 * Shows look after look, one an interval of the settings' beat, until a key, a signal or the beat's count
 * ends it. However that is, even by a crash, the terminal is as before. Returns 0, or a negative errno with
 * *PROBLEM set: -ENOSYS where this faultline was built without ncurses, -ENOTTY where the terminal is not one
 * that can be used so.
 */
int screen_run(struct look *look, const struct top_settings *settings, struct problem *problem);
