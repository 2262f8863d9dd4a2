/* Where the black box of this user is, unless another file is named: /var/lib/faultline/blackbox.flr for
 * root, else $XDG_STATE_HOME/faultline/blackbox.flr (~/.local/state). */
#pragma once

#include "base/problem.h"
#include "base/users.h"

enum { BLACKBOX_PATH_MAX = 4096 };

/* To be written: makes the folders that are not there, the last of them OWNER's, or where that is NULL the
 * caller's. Returns 0, or a negative errno with *PROBLEM set. */
int blackbox_path_to_write(char path[BLACKBOX_PATH_MAX], const struct account *owner,
                           struct problem *problem);

/* To be read: of a user who has none, root's. */
void blackbox_path_to_read(char path[BLACKBOX_PATH_MAX]);
