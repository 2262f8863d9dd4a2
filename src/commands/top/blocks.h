/* `faultline top` on a pipe: a block of rows after the other; or objects, or lines of CSV. */
#pragma once

#include "commands/top/look.h"

/* Prints a block for each interval of the settings' beat. Returns 0, or a negative errno with *PROBLEM set;
 * what ends it in order is no error. */
int blocks_run(struct look *look, const struct top_settings *settings, struct problem *problem);
