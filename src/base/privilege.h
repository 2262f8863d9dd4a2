/*
 * Giving up root: another user, and of root's capabilities those alone that are still needed
 * (capabilities(7)).
 */
#pragma once

#include "base/users.h"

#include <stddef.h>

/*
 * For good: the user and group of ACCOUNT, no other groups, and of the COUNT numbers in CAPABILITIES
 * (linux/capability.h) those that the process has. Its memory, which may hold what root alone could read,
 * stays closed to that user (PR_SET_DUMPABLE), and so its files in /proc are root's. Other threads keep no
 * capability. Returns 0 or a negative errno: -EPERM where who calls may not become that user.
 */
int privilege_drop(const struct account *account, const int *capabilities, size_t count);

/* For as long as files are opened that are to be ACCOUNT's, and are to be out of reach where they are out of
 * his; and back, but for groups besides the own one, which are left for good. Return as privilege_drop(). */
int privilege_act_as(const struct account *account);
int privilege_act_as_oneself(void);
